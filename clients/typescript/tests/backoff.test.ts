// The delays between tries.

import { expect, test } from "vitest";
import { Backoff } from "../src/backoff.ts";
import { disconnect } from "../src/disconnect.ts";

const SETTINGS = {
  attempts: Number.POSITIVE_INFINITY,
  baseMs: 250,
  capMs: 20_000,
  resetAfterMs: 10_000,
};
const BROKEN = disconnect(1006);
/** The highest chance, so that a delay is its bound. */
const always = () => 1;

test("the bound doubles from the base up to the cap", () => {
  const backoff = new Backoff(SETTINGS, always);
  const delays = Array.from({ length: 9 }, () => backoff.next(BROKEN, 0)?.delayMs);
  expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
});

test("the delay is anywhere from zero to the bound", () => {
  let chance = 0;
  const backoff = new Backoff(SETTINGS, () => chance);
  expect(backoff.next(BROKEN, 0)?.delayMs).toBe(0);
  chance = 0.25;
  expect(backoff.next(BROKEN, 0)?.delayMs).toBe(125);
});

test("the count starts over only after a connection that lasted", () => {
  const backoff = new Backoff(SETTINGS, always);
  backoff.next(BROKEN, 0);
  backoff.opened(1_000);
  expect(backoff.next(BROKEN, 10_999)?.attempt).toBe(2);
  backoff.opened(20_000);
  expect(backoff.next(BROKEN, 30_000)).toEqual({ attempt: 1, delayMs: 250 });
});

test("time that passes between tries does not count as being up", () => {
  const backoff = new Backoff(SETTINGS, always);
  backoff.opened(0);
  backoff.next(BROKEN, 60_000);
  expect(backoff.next(BROKEN, 120_000)?.attempt).toBe(2);
});

test("attempts are counted, and one more is none", () => {
  const backoff = new Backoff({ ...SETTINGS, attempts: 2 }, always);
  expect(backoff.next(BROKEN, 0)?.attempt).toBe(1);
  expect(backoff.next(BROKEN, 0)?.attempt).toBe(2);
  expect(backoff.next(BROKEN, 0)).toBe(undefined);
});

test("a server that drains spreads the return over its own time", () => {
  const backoff = new Backoff(SETTINGS, () => 0.5);
  expect(backoff.next(disconnect(4000, "", 60_000), 0)?.delayMs).toBe(30_000);
  expect(backoff.next(BROKEN, 0)?.delayMs).toBe(250);
});

test("a server that drains is not met sooner than any other", () => {
  const backoff = new Backoff(SETTINGS, () => 0.5);
  expect(backoff.next(disconnect(4000, "", 0), 0)?.delayMs).toBe(125);
});

test("a server that asks for time gets it and a little more", () => {
  const delayMs = (end: number, told: number) =>
    new Backoff(SETTINGS, () => 0.5).next(disconnect(end, "", told), 0)?.delayMs;
  expect(delayMs(4029, 10_000)).toBe(10_125);
  expect(delayMs(1013, 0)).toBe(125);
});

test("a thousand tries still have a delay", () => {
  const backoff = new Backoff({ ...SETTINGS, baseMs: 0 }, always);
  for (let tries = 0; tries < 2_000; tries += 1) {
    expect(backoff.next(BROKEN, 0)?.delayMs).toBe(0);
  }
});
