// Generated clients as an application uses them: what compiles here, compiles for a user.

import { type Client, connect } from "@wirecall/client";
import { ChatClient, type Message, RoomNotFoundError, type UiHandler } from "./chat/chat.ts";
import { type Change, FilesClient, type Part } from "./files/files.ts";
import type { Everything, External, FieldsInput, Flat, Internal } from "./kinds/kinds.ts";
import { KindsClient } from "./kinds/kinds.ts";
import { type Expr, TreeClient } from "./recursive/tree.ts";
import { ArchiveClient } from "./shared/archive.ts";
import { ChatClient as SharedChatClient } from "./shared/chat.ts";

/** Two types that are one. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;

export const kinds: Same<Internal["type"], "unit" | "newtype" | "struct"> = true;
export const optional: Same<FieldsInput["mayBeNull"], string | null | undefined> = true;
export const written: Same<Everything["fields"]["withDefault"], number> = true;

const ui: UiHandler = {
  confirm: ({ prompt }, call) => prompt.length > 0 && !call.signal.aborted,
  async refresh() {},
};

export async function talk(url: string): Promise<Message | undefined> {
  const client = await connect(url);
  const chat = new ChatClient(client);
  const stop = chat.onAnnouncement(({ severity }) => severity === "warning");
  chat.serveUi(ui);
  try {
    await chat.typing({ room: "lobby" });
    const [first] = await chat.history();
    const posted = await chat.post({ room: "lobby", text: "hi" }, { timeoutMs: 2000 });
    return first ?? posted;
  } catch (error) {
    if (error instanceof RoomNotFoundError) return talk(`${url}/${error.details.room}`);
    throw error;
  } finally {
    stop();
  }
}

/** A type of two services is one type, though each file has it. */
export async function keep(client: Client): Promise<Message> {
  const message = await new SharedChatClient(client).post({ room: "lobby", text: "hi" });
  return new ArchiveClient(client).keep({ message, note: "first" });
}

export function name(value: Internal): string {
  switch (value.type) {
    case "unit":
      return "unit";
    case "newtype":
      return value.letter;
    case "struct":
      return value.note ?? `${value.count}`;
  }
}

export function external(value: External): number {
  if (typeof value === "string") return 0;
  if ("Struct" in value) return value.Struct.a;
  return "Tuple" in value ? value.Tuple[1] : value.Newtype.length;
}

export function flat(value: Flat): number {
  return value.kind === "a" ? value.own + value.x : value.z;
}

export function sum(expr: Expr): number {
  if (expr.type === "number") return expr.value;
  return expr.type === "add" ? sum(expr.left) + sum(expr.right) : expr.args.length;
}

export async function others(client: Client): Promise<number> {
  const service = new KindsClient(client);
  await service.search();
  await service.search({ limit: 3 });
  await service.draw({ type: "struct", count: 1, note: null });
  const balance = await service.getBalance({ address: "0x0" });
  return balance.length + sum(await new TreeClient(client).expr());
}

/** Streams down, up and both ways. */
export async function streams(client: Client, lines: AsyncIterable<string>): Promise<number> {
  const chat = new ChatClient(client);
  const found = chat.search({ query: "hi" }, { timeoutMs: 2000 });
  for await (const message of found) {
    if (message.text === "enough") break;
  }
  for await (const message of chat.follow()) return message.id;
  for await (const line of chat.translate({ language: "de" }, lines)) line.trim();
  const stored = await chat.import({ room: "lobby" }, ["one", "two"]);
  return stored + (await found.result).searched;
}

/** Bytes wherever a type has them. */
export async function bytes(client: Client): Promise<number> {
  const files = new FilesClient(client);
  files.onChanged((change: Change) => change.type === "written" && change.content.byteLength);
  files.serveViewer({
    show: async ({ picture }) => (picture.length > 0 ? null : files.read({ name: "a" })),
    shown() {},
  });
  const digest = await files.write({ name: "a", content: Uint8Array.of(1, 2) });
  const parts: Part[] = [{ Raw: digest }, "Nothing"];
  const packed = files.pack(parts);
  for await (const part of packed) if (part !== "Nothing" && "Raw" in part) return part.Raw.length;
  const { content } = await files.read({ name: "a" });
  return (
    content.length + (await files.fill({ name: "b" }, [content])) + (await packed.result).length
  );
}
