// The client's part in an outage: numbered calls before the server is killed, while it is away, and after it
// is back. Prints what became of each; the program that kills the server compares that with its ledger.

import { type Client, ConnectionLostError, connect } from "@wirecall/client";
import { WebSocket } from "ws";
import { FixtureClient } from "./generated/fixture.ts";

const PHASE = 200;
/** Of the calls before, those that are awaited; the others are open when the server is killed. */
const ANSWERED = 100;
/** Longer than it takes to kill the server. */
const SLOW_MS = 3_000;

const [url = ""] = process.argv.slice(2);
const client = await connect(url, { webSocket: WebSocket, reconnect: { capMs: 1_000 } });
const fixture = new FixtureClient(client);
const calls: Promise<string>[] = [];
let wasAway = false;

/** Makes the next call; its phase is what the client's state says now. */
function call(ms: number): Promise<string> {
  const number = calls.length;
  const isOpen = client.state.type === "open";
  const phase = isOpen ? (wasAway ? "after" : "before") : "away";
  const made = fixture.record({ number, ms }).then(
    () => `call ${number} ${phase} result`,
    (error) => `call ${number} ${phase} ${outcome(error)}`,
  );
  calls.push(made);
  return made;
}

function outcome(error: unknown): string {
  return error instanceof ConnectionLostError ? "lost" : String(error);
}

function until(type: Client["state"]["type"]): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (client.state.type === type) resolve();
    };
    client.onState(look);
    look();
  });
}

const away = until("reconnecting");
for (let count = 0; count < ANSWERED; count += 1) await call(0);
for (let count = ANSWERED; count < PHASE; count += 1) void call(SLOW_MS);
console.log("made before");
await away;
wasAway = true;
for (let count = 0; count < PHASE; count += 1) void call(0);
console.log("made away");
await until("open");
for (let count = 0; count < PHASE; count += 1) void call(0);
for (const line of await Promise.all(calls)) console.log(line);
await client.close();
