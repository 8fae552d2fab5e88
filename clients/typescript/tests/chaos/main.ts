// The TypeScript client of a chaos run: sends messages of every kind until it is told to stop, then
// prints what it counted. Arguments: URL, user, codec.

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { connect } from "@wirecall/client";
import { msgpack } from "@wirecall/client/msgpack";
import { WebSocket } from "ws";
import { ChaosClient } from "./generated/chaos.ts";
import { Calls, Numbers, Streams } from "./tally.ts";

const ITEMS_DOWN = 500;
const ITEMS_UP = 200;

const [url = "", user = "", codec = "json"] = process.argv.slice(2);
const client = await connect(url, {
  webSocket: WebSocket,
  token: `user:${user}`,
  lazy: true,
  heartbeat: { graceMs: 300 },
  reconnect: { baseMs: 20, capMs: 100, resetAfterMs: 100 },
  ...(codec === "msgpack" ? { codec: msgpack } : {}),
});
const chaos = new ChaosClient(client);

const adds = new Calls();
const looks = new Calls();
const counts = new Streams();
const sums = new Streams();
const heard: Record<string, { ticks: Numbers; asks: Numbers }> = {};
const notesFailed: string[] = [];
const opened = new Set<string>();
const lost: Record<string, number> = {};
let notes = 0;
let isStopped = false;

function hear(session: string): { ticks: Numbers; asks: Numbers } {
  heard[session] ??= { ticks: new Numbers(), asks: new Numbers() };
  return heard[session];
}

chaos.onTick(({ session, number }) => hear(session).ticks.take(number));
chaos.serveProbe({
  ask({ session, number }) {
    hear(session).asks.takeAny(number);
    return number;
  },
});
client.onState((state) => {
  if (state.type !== "open") return;
  if (state.session !== undefined) opened.add(state.session);
  if (state.reason !== undefined) lost[state.reason] = (lost[state.reason] ?? 0) + 1;
});

async function add(): Promise<void> {
  while (!isStopped) {
    const number = adds.next();
    await adds.outcome(number, chaos.add({ number }));
  }
}

async function look(): Promise<void> {
  while (!isStopped) {
    const number = looks.next();
    await looks.outcome(number, chaos.look({ number }));
    await pause(1);
  }
}

async function note(): Promise<void> {
  while (!isStopped) {
    notes += 1;
    const number = notes;
    chaos.note({ number }).catch((error) => notesFailed.push(`${number}: ${error}`));
    await pause(10);
  }
}

async function countDown(): Promise<void> {
  while (!isStopped) {
    await counts.outcome(async (number) => {
      let last = 0;
      const stream = chaos.count({ number, to: ITEMS_DOWN });
      for await (const item of stream) last = counts.items.take(last, item);
      const sent = await stream.result;
      return sent === ITEMS_DOWN && last === sent ? undefined : `${last} items came of ${sent}`;
    });
  }
}

async function sumUp(): Promise<void> {
  while (!isStopped) {
    await sums.outcome(async (number) => {
      const { items, last } = await chaos.sum({ number }, numbers());
      return items === ITEMS_UP && last === items ? undefined : `${items} items to ${last}`;
    });
  }
}

async function* numbers(): AsyncGenerator<number> {
  for (let number = 1; number <= ITEMS_UP; number += 1) {
    await pause(1);
    sums.items.sent += 1;
    yield number;
  }
}

const work = [
  add(),
  add(),
  add(),
  add(),
  look(),
  look(),
  countDown(),
  countDown(),
  note(),
  sumUp(),
];
// Told to stop, or left alone: either way what is under way is finished.
await Promise.race([once(process.stdin, "data"), once(process.stdin, "end")]);
isStopped = true;
await Promise.all(work);
// A last call behind everything: what the server sent before its answer has arrived with it.
await chaos.hush();
const outcomes = { adds, looks, notes, notes_failed: notesFailed, counts, sums };
console.log(`tally ${JSON.stringify({ ...outcomes, heard, lost, opened: [...opened] })}`);
await client.close();
process.stdin.destroy();
