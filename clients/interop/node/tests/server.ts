// Starts a server on a free port, and ends it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { inject } from "vitest";

const LISTENING = "listening on ";

/** A server that listens. */
export interface Server {
  readonly url: string;
  /** Ends it and waits for that. */
  stop(): Promise<void>;
}

/** Starts the server of that name. */
export async function serve(name: string, args: readonly string[] = []): Promise<Server> {
  const program = inject("programs")[name];
  if (program === undefined) throw new Error(`cargo compiled no ${name}`);
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  // Where a test file fails before it has the server, nobody stops it.
  process.once("exit", () => server.kill());
  for await (const line of createInterface({ input: server.stdout })) {
    if (line.startsWith(LISTENING)) {
      return { url: line.slice(LISTENING.length), stop: () => stop(server) };
    }
  }
  throw new Error(`${name} ended without saying where it listens`);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = once(server, "exit");
  server.kill();
  await ended;
}
