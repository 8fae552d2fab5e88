// A fixture server of a test's own: started on a free port, ended with the test.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { type Client, type ConnectOptions, connect } from "../../../src/index.ts";
import { msgpack } from "../../../src/msgpack.ts";
import { FixtureClient } from "../generated/fixture.ts";

/** Every file runs in both codecs. */
const { WIRECALL_CODEC } = process.env;
const CODEC = WIRECALL_CODEC === "msgpack" ? { codec: msgpack } : {};

/** A server that listens. */
export interface Server {
  readonly url: string;
  /** For `--listen` of another one that takes its place. */
  readonly address: string;
  /** Ends it without a word to anybody. */
  kill(): Promise<void>;
  /** Waits until it has ended by itself. */
  ended(): Promise<void>;
}

/** Starts a server with these flags. */
export async function startServer(...flags: string[]): Promise<Server> {
  // A handler that panics on purpose need not show where.
  const env = { ...process.env, RUST_BACKTRACE: "0" };
  const child = spawn(program(), flags, { env, stdio: ["ignore", "pipe", "inherit"] });
  process.once("exit", () => child.kill("SIGKILL"));
  const gone = once(child, "exit");
  const url = await Promise.race([listening(child), gone.then(() => undefined)]);
  if (!url) throw new Error("the fixture server ended before it listened; its output is above");
  return {
    url,
    address: new URL(url).host,
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
    ended: async () => {
      await gone;
    },
  };
}

/** A client that comes back soon, and its typed face. */
export async function open(
  { url }: Pick<Server, "url">,
  options: ConnectOptions = {},
): Promise<{ client: Client; fixture: FixtureClient }> {
  const reconnect = { baseMs: 20, capMs: 100 };
  const client = await connect(url, { webSocket: WebSocket, reconnect, ...CODEC, ...options });
  return { client, fixture: new FixtureClient(client) };
}

async function listening({ stdout }: ChildProcess): Promise<string | undefined> {
  if (!stdout) return undefined;
  for await (const line of createInterface({ input: stdout })) {
    const url = /^listening on (\S+)/.exec(line)?.[1];
    if (url) return url;
  }
  return undefined;
}

/** WIRECALL_FIXTURE, else where cargo builds it. */
function program(): string {
  const { WIRECALL_FIXTURE: given, CARGO_TARGET_DIR: target } = process.env;
  const root = fileURLToPath(new URL("../../../../../", import.meta.url));
  const path = given ?? `${target ?? `${root}target`}/debug/fixture-server`;
  if (existsSync(path)) return path;
  throw new Error(`${path} is not there: cargo build --package fixture, or set WIRECALL_FIXTURE`);
}
