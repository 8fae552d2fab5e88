// Calls of the generated client: values of every form, time limits, cancelling, their number.

import { afterAll, expect, test } from "vitest";
import { DeadlineExceededError, TooLargeError } from "../../src/index.ts";
import { rejection } from "../support/states.ts";
import { EVERYTHING } from "./support/everything.ts";
import { open, startServer } from "./support/server.ts";

const server = await startServer();
const { client, fixture } = await open(server);
afterAll(async () => {
  await client.close();
  await server.kill();
});

/** The event of a handler's beginning or end, by the key of its call. */
function told<Event extends { key: string }>(
  on: (listener: (event: Event) => void) => () => void,
  key: string,
): Promise<Event> {
  return new Promise((resolve) => {
    const stop = on((event) => {
      if (event.key !== key) return;
      stop();
      resolve(event);
    });
  });
}

const started = (key: string) => told((listener) => fixture.onStarted(listener), key);
const ended = (key: string) => told((listener) => fixture.onEnded(listener), key);

test("a value of every form comes back as it was sent", async () => {
  expect(await fixture.echo({ value: EVERYTHING })).toEqual(EVERYTHING);
  const other = {
    ...EVERYTHING,
    maybe: "here",
    absent: 7,
    remark: "here",
    untagged: "one text",
    adjacent: { t: "number", c: -1 } as const,
  };
  expect(await fixture.echo({ value: other })).toEqual(other);
});

test("a parameter that may be absent is absent, null or there", async () => {
  expect(await fixture.echoShape()).toBe(null);
  expect(await fixture.echoShape({ shape: null })).toBe(null);
  expect(await fixture.echoShape({ shape: { type: "nothing" } })).toEqual({ type: "nothing" });
});

test("names that are keywords are called as they are", async () => {
  expect(await fixture.import({ from: 3 })).toBe(3);
});

test("a call by position sends its parameters in order", async () => {
  expect(await fixture.sum({ left: 1, right: 2 })).toBe(3);
  expect(await fixture.sum({ left: 1 })).toBe(1);
});

test("a call's own time limit ends it, and the declaration's does", async () => {
  const late = await rejection(fixture.wait({ ms: 60_000 }, { timeoutMs: 50 }));
  expect(late).toBeInstanceOf(DeadlineExceededError);
  expect(await rejection(fixture.brief())).toBeInstanceOf(DeadlineExceededError);
});

test("a handler is dropped within 100 ms of the abort of its call", async () => {
  const abort = new AbortController();
  const begun = started("cancelled");
  const over = ended("cancelled");
  const call = rejection(fixture.hang({ key: "cancelled" }, { signal: abort.signal }));
  await begun;
  const start = performance.now();
  abort.abort();
  expect((await call).name).toMatch(/AbortError|CancelledError/);
  expect(await over).toEqual({ key: "cancelled", dropped: true });
  expect(performance.now() - start).toBeLessThan(100);
});

test("a call that cannot be cancelled runs to its end", async () => {
  const abort = new AbortController();
  const begun = started("persistent");
  const over = ended("persistent");
  const call = fixture.persist({ key: "persistent", ms: 50 }, { signal: abort.signal });
  const failed = rejection(call);
  await begun;
  abort.abort();
  await failed;
  expect(await over).toEqual({ key: "persistent", dropped: false });
});

test("notifications run before the call that follows them", async () => {
  const before = await fixture.counted();
  await Promise.all(Array.from({ length: 10 }, () => fixture.count({ by: 2 })));
  expect(await fixture.counted()).toBe(before + 20);
});

test("a thousand calls at once take their turn", async () => {
  const numbers = Array.from({ length: 1000 }, (_, index) => index);
  const sums = await Promise.all(numbers.map((left) => fixture.sum({ left, right: 1 })));
  expect(sums).toEqual(numbers.map((number) => number + 1));
});

test("large messages go both ways, and one that is too large fails alone", async () => {
  const text = "ü".repeat(400_000);
  expect(await fixture.echoText({ text })).toBe(text);
  expect(await fixture.large({ bytes: 900_000 })).toHaveLength(900_000);
  const big = rejection(fixture.echoText({ text: "x".repeat(1 << 20) }));
  expect(await big).toBeInstanceOf(TooLargeError);
  expect(await rejection(fixture.large({ bytes: 1 << 20 }))).toBeInstanceOf(TooLargeError);
  expect(client.state.type).toBe("open");
});
