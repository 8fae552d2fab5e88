// The watchdog, with a moved clock.

import { expect, test } from "vitest";
import { Heartbeat } from "../src/heartbeat.ts";

const SETTINGS = { graceMs: 10_000, callSilenceMs: 10_000, callGraceMs: 5_000, timeoutMs: 60_000 };

function watching(now = 0): Heartbeat {
  const heartbeat = new Heartbeat(SETTINGS);
  heartbeat.opened(25_000, now);
  return heartbeat;
}

test("silence of ping_ms and the grace drops the connection", () => {
  const heartbeat = watching(1_000);
  expect(heartbeat.wakeAt()).toBe(36_000);
  expect(heartbeat.tick(35_999)).toBe(undefined);
  expect(heartbeat.tick(36_000)).toBe("drop");
});

test("whatever is heard moves the limit", () => {
  const heartbeat = watching();
  heartbeat.heard(30_000);
  expect(heartbeat.tick(35_000)).toBe(undefined);
  expect(heartbeat.wakeAt()).toBe(65_000);
});

test("silence after a call pings once, then drops", () => {
  const heartbeat = watching();
  heartbeat.asked(1_000);
  heartbeat.asked(9_000);
  expect(heartbeat.wakeAt()).toBe(11_000);
  expect(heartbeat.tick(10_999)).toBe(undefined);
  expect(heartbeat.tick(11_000)).toBe("ping");
  expect(heartbeat.tick(11_001)).toBe(undefined);
  expect(heartbeat.wakeAt()).toBe(16_000);
  expect(heartbeat.tick(15_999)).toBe(undefined);
  expect(heartbeat.tick(16_000)).toBe("drop");
});

test("an answer ends the silence after a call", () => {
  const heartbeat = watching();
  heartbeat.asked(0);
  expect(heartbeat.tick(10_000)).toBe("ping");
  heartbeat.heard(10_500);
  expect(heartbeat.tick(15_500)).toBe(undefined);
  expect(heartbeat.wakeAt()).toBe(45_500);
});

test("nothing is watched without a connection", () => {
  const heartbeat = watching();
  heartbeat.closed();
  expect(heartbeat.wakeAt()).toBe(Number.POSITIVE_INFINITY);
  expect(heartbeat.tick(1_000_000)).toBe(undefined);
  expect(heartbeat.isDead(1_000_000)).toBe(false);
});

test("a client that slept knows at once that the connection is dead", () => {
  const heartbeat = watching();
  expect(heartbeat.isDead(34_999)).toBe(false);
  expect(heartbeat.isDead(35_000)).toBe(true);
});
