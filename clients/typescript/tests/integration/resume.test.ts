// Sessions of a real server that go on over cuts.

import { afterEach, expect, test } from "vitest";
import type { Client, ConnectOptions } from "../../src/index.ts";
import { until } from "../support/states.ts";
import { FixtureClient } from "./generated/fixture.ts";
import { Passage } from "./support/passage.ts";
import { open, startServer } from "./support/server.ts";

const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Joined {
  readonly client: Client;
  readonly fixture: FixtureClient;
  readonly passage: Passage;
}

/** A server, a passage before it, and a client that comes back soon. */
async function join(options: ConnectOptions = {}, ...flags: string[]): Promise<Joined> {
  const server = await startServer(...flags);
  endings.push(() => server.kill());
  const passage = await Passage.before(server.url);
  endings.push(() => passage.close());
  const reconnect = { baseMs: 10, capMs: 50 };
  const { client } = await open(passage, { reconnect, ...options });
  endings.push(() => client.close());
  return { client, fixture: new FixtureClient(client), passage };
}

/** Cuts, and waits until the client is back. */
async function cut({ client, passage }: Joined): Promise<unknown> {
  passage.cut();
  await until(client, "reconnecting");
  const { resumed } = await until(client, "open");
  return resumed;
}

test("a call goes on over a cut, in the same session", async () => {
  const joined = await join();
  const { client, fixture } = joined;
  const { session } = client;
  const answered = fixture.wait({ ms: 500 });
  expect(await cut(joined)).toBe(true);
  expect(await answered).toBe(500);
  expect(client.session).toBe(session);
});

test("a session in which nothing was sent yet is resumed, again and again", async () => {
  const joined = await join();
  for (let time = 0; time < 20; time += 1) expect(await cut(joined)).toBe(true);
  expect(await joined.fixture.echoText({ text: "hi" })).toBe("hi");
});

test("twenty cuts in a row under load lose and double nothing", async () => {
  const joined = await join();
  const calls: Promise<number>[] = [];
  for (let time = 0; time < 20; time += 1) {
    for (let count = 0; count < 10; count += 1) {
      const made = joined.fixture.record({ number: calls.length, ms: 0 });
      calls.push(made.then(({ before }) => before));
    }
    // Three resumes in a row that bring nothing forward would give the session up.
    await calls.at(-10);
    expect(await cut(joined)).toBe(true);
  }
  expect(await Promise.all(calls)).toEqual(calls.map((_, number) => number));
  expect(joined.passage.cuts).toBe(20);
});

test("the server's call goes on over a cut", async () => {
  const joined = await join();
  let answer = () => {};
  const asked = new Promise<void>((resolve) => {
    joined.fixture.serveProbe({
      answer: ({ question }) => {
        resolve();
        return new Promise((give) => {
          answer = () => give(question);
        });
      },
      whisper: () => {},
    });
  });
  const echoed = joined.fixture.ask({ question: "why" });
  await asked;
  joined.passage.cut();
  await until(joined.client, "reconnecting");
  answer();
  expect(await echoed).toBe("why");
});

test("events arrive once and in order over cuts", async () => {
  const joined = await join();
  const ticks: number[] = [];
  let tell = () => {};
  joined.fixture.onTick(({ n }) => {
    ticks.push(n);
    if (n === 20) tell();
  });
  for (let time = 0; time < 5; time += 1) {
    const some = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const emitted = joined.fixture.emit({ count: 200, filling: 5_000 });
    await some;
    expect(await cut(joined)).toBe(true);
    await emitted;
  }
  const each = Array.from({ length: 200 }, (_, n) => n);
  expect(ticks).toEqual([...each, ...each, ...each, ...each, ...each]);
});

test("a stream in each direction goes on over cuts, every item once", async () => {
  const joined = await join();
  async function* sent(): AsyncGenerator<number> {
    for (let number = 0; number < 3_000; number += 1) yield number;
  }
  const both = joined.fixture.doubled(sent());
  const back: number[] = [];
  for await (const number of both) {
    back.push(number);
    if (back.length % 600 === 0) expect(await cut(joined)).toBe(true);
  }
  expect(back).toEqual(Array.from({ length: 3_000 }, (_, number) => 2 * number));
  expect(await both.result).toBe(3_000);
  expect(joined.passage.cuts).toBe(5);
});

test("a connection that fell silent is left, and nothing is lost", async () => {
  const heartbeat = { graceMs: 200, callSilenceMs: 200, callGraceMs: 100 };
  const joined = await join({ heartbeat }, "--ping-ms", "100");
  const { session } = joined.client;
  const answered = joined.fixture.wait({ ms: 200 });
  joined.passage.fallSilent();
  expect(await answered).toBe(200);
  expect(joined.client.session).toBe(session);
});

test("a notification that was written before close has arrived, also over a bad connection", async () => {
  const joined = await join();
  const { client } = await open(joined.passage);
  for (let count = 0; count < 10; count += 1) void new FixtureClient(client).count({ by: 1 });
  await client.close();
  expect(await joined.fixture.counted()).toBe(10);
});
