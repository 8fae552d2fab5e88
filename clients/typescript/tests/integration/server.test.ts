// What comes from the server: events, and calls that the client answers.

import { afterAll, afterEach, expect, test } from "vitest";
import type { Client, ConnectOptions } from "../../src/index.ts";
import { DeadlineExceededError, MethodNotFoundError } from "../../src/index.ts";
import { rejection } from "../support/states.ts";
import { type FixtureClient, GoneError, SilentError, type Tick } from "./generated/fixture.ts";
import { open, startServer } from "./support/server.ts";

const server = await startServer();
const clients: Client[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});
afterAll(() => server.kill());

async function connected(options?: ConnectOptions): Promise<FixtureClient> {
  const { client, fixture } = await open(server, options);
  clients.push(client);
  return fixture;
}

test("events arrive typed and in order, before the answer that follows them", async () => {
  const fixture = await connected();
  const ticks: Tick[] = [];
  const stop = fixture.onTick((tick) => ticks.push(tick));
  await fixture.emit({ count: 50, filling: 3 });
  expect(ticks.map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  expect(ticks[1]).toEqual({ n: 1, filling: "xxx", shape: { type: "circle", radius: 1 } });
  stop();
  await fixture.emit({ count: 1, filling: 0 });
  expect(ticks).toHaveLength(50);
});

test("a broadcast reaches every client", async () => {
  const [one, two] = await Promise.all([connected(), connected()]);
  const heard = [one, two].map(
    (fixture) => new Promise((resolve) => fixture.onAnnounced(({ text }) => resolve(text))),
  );
  expect(await one.announce({ text: "to all" })).toBe(2);
  expect(await Promise.all(heard)).toEqual(["to all", "to all"]);
});

test("the server's calls and notifications are answered by the handler, in order", async () => {
  const fixture = await connected();
  const heard: string[] = [];
  fixture.serveProbe({
    answer: ({ question }) => {
      heard.push(question);
      return `${question}!`;
    },
    whisper: ({ secret }) => void heard.push(secret),
  });
  expect(await fixture.ask({ question: "why" })).toBe("why!");
  expect(heard).toEqual(["asked for why", "why"]);
});

test("a typed error of the handler reaches the server as that error", async () => {
  const fixture = await connected();
  fixture.serveProbe({
    answer: ({ question }) => {
      throw new SilentError({ details: { question } });
    },
    whisper: () => {},
  });
  const error = await rejection(fixture.ask({ question: "secret" }));
  expect(error).toBeInstanceOf(GoneError);
  expect(error).toMatchObject({ details: { what: "secret" } });
});

test("without a handler the server's call is method_not_found", async () => {
  const fixture = await connected();
  const error = await rejection(fixture.ask({ question: "anybody there" }));
  expect(error).toBeInstanceOf(MethodNotFoundError);
});

test("64 of the server's calls at once are answered", async () => {
  const fixture = await connected();
  const waiting: (() => void)[] = [];
  fixture.serveProbe({
    answer: async ({ question }) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        // Nobody is answered before all have asked.
        if (waiting.length === 64) for (const go of waiting) go();
      });
      return question;
    },
    whisper: () => {},
  });
  expect(await fixture.askMany({ count: 64 })).toBe(64);
});

test("a call that the server gives up aborts its handler", async () => {
  const fixture = await connected();
  const aborted = new Promise<void>((resolve) => {
    fixture.serveProbe({
      answer: (_, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener("abort", () => {
            resolve();
            reject(new Error("aborted"));
          });
        }),
      whisper: () => {},
    });
  });
  const error = await rejection(fixture.askBriefly({ question: "quick", ms: 50 }));
  expect(error).toBeInstanceOf(DeadlineExceededError);
  await aborted;
});
