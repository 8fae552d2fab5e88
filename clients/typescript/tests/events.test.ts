// Events of the server: who hears them, what becomes of a listener that fails, and which ones are not told.

import { expect, vi } from "vitest";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";

test("events reach every listener until it stops listening", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const heard: string[] = [];
  const stop = chat.onAnnouncement(({ text }) => heard.push(`one ${text}`));
  chat.onAnnouncement(({ text }) => heard.push(`two ${text}`));
  connection.send({ method: "chat.announcement", params: { text: "a" } });
  await connection.settled();
  stop();
  stop();
  connection.send({ method: "chat.announcement", params: { text: "b" } });
  await connection.settled();
  expect(heard).toEqual(["one a", "two a", "two b"]);
});

test("a listener that throws is reported, and keeps no other from hearing", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  const chat = new ChatClient(client);
  const fault = new Error("listener");
  const heard: string[] = [];
  chat.onAnnouncement(() => {
    throw fault;
  });
  chat.onAnnouncement(({ text }) => heard.push(text));
  chat.onArchived(() => heard.push("archived"));
  connection.send({ method: "chat.announcement", params: { text: "a" } });
  connection.send({ method: "chat.archived", params: { name: "a", bytes: "many" } });
  await connection.settled();
  expect(heard).toEqual(["a"]);
  expect(errors).toEqual([fault, expect.objectContaining({ name: "DecodeError" })]);
});

test("an async listener that rejects is reported like one that throws, and holds no event back", async ({
  open,
}) => {
  const told: unknown[] = [];
  const onError = (error: unknown, where: string) => told.push([error, where]);
  const { client, connection } = await open({ onError });
  const fault = new Error("listener");
  let fail = () => {};
  const failing = new Promise<void>((_, reject) => {
    fail = () => reject(fault);
  });
  const heard: string[] = [];
  new ChatClient(client).onAnnouncement(async ({ text }) => {
    heard.push(text);
    await failing;
  });
  client.onState(async () => {
    throw fault;
  });
  for (const text of ["a", "b"]) connection.send({ method: "chat.announcement", params: { text } });
  await connection.settled();
  expect(heard).toEqual(["a", "b"]);
  expect(told).toEqual([]);
  fail();
  await connection.settled();
  await client.close();
  expect(told).toEqual([
    [fault, "the listener of chat.announcement"],
    [fault, "the listener of chat.announcement"],
    [fault, "the listener of states"],
  ]);
});

test("an onError that throws or rejects ends no process: the console has its error", async ({
  open,
}) => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const fault = new Error("onError");
  const throwing = () => {
    throw fault;
  };
  for (const onError of [throwing, async () => throwing()]) {
    const { client, connection } = await open({ onError });
    new ChatClient(client).onAnnouncement(throwing);
    connection.send({ method: "chat.announcement", params: { text: "a" } });
    await connection.settled();
  }
  expect(print.mock.calls).toEqual([[fault], [fault]]);
  print.mockRestore();
});

test("onError is told where it happened, and without one the console is, by the name of wirecall", async ({
  open,
}) => {
  const print = vi.spyOn(console, "error").mockReturnValue();
  const told: unknown[] = [];
  const onError = (error: unknown, where: string) => told.push([error, where]);
  const fault = new Error("broke");
  for (const options of [{}, { onError }]) {
    const { client, connection } = await open(options);
    const service = client.service({ name: "raw" });
    service.on("raw.told", () => {
      throw fault;
    });
    const handle = () => {
      throw fault;
    };
    service.serve({ "raw.ask": { handle } });
    connection.send({ method: "raw.told" });
    connection.send({ id: 1, method: "raw.ask" });
    expect((await connection.next()).error?.code).toBe(-32603);
  }
  expect(told).toEqual([
    [fault, "the listener of raw.told"],
    [fault, "the handler of raw.ask"],
  ]);
  expect(print.mock.calls).toEqual([
    ["wirecall, the listener of raw.told:", fault],
    ["wirecall, the handler of raw.ask:", fault],
  ]);
  print.mockRestore();
});

test("a listener may call the server, close and stop listening", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const counted = new Promise<number>((resolve) => {
    const stop = chat.onAnnouncement(() => {
      stop();
      resolve(chat.count({ room: "a" }));
    });
  });
  connection.send({ method: "chat.announcement", params: { text: "a" } });
  connection.answer(await connection.next(), 9);
  expect(await counted).toBe(9);
});

test("of an incompatible service no event is told and no call is run", async ({ open, peer }) => {
  const reconnect = { baseMs: 1, capMs: 2 };
  const onError = () => {};
  const contract = { chat: "incompatible" };
  const { client, connection } = await open({ reconnect, onError }, { contract });
  const chat = new ChatClient(client);
  const heard: unknown[] = [];
  chat.onAnnouncement(({ text }) => heard.push(text));
  chat.serveUi({
    pickSize: () => 0n,
    confirm: ({ prompt }) => {
      heard.push(prompt);
      return true;
    },
  });
  connection.send({ method: "chat.announcement", params: { text: "no" } });
  connection.send({ method: "ui.confirm", params: { prompt: "no?" } });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "no!" } });
  expect(await connection.next()).toMatchObject({
    id: 1,
    error: {
      code: -32601,
      message:
        "the client was generated from an older, incompatible contract of `chat`; generate it again",
      data: { kind: "method_not_found", details: { service: "chat", contract: "incompatible" } },
    },
  });
  connection.kill();
  // The word of the last hello counts.
  const again = await peer.next();
  await again.greet();
  again.send({ method: "chat.announcement", params: { text: "yes" } });
  again.send({ id: 2, method: "ui.confirm", params: { prompt: "yes?" } });
  expect(await again.next()).toMatchObject({ id: 2, result: true });
  expect(heard).toEqual(["yes", "yes?"]);
});
