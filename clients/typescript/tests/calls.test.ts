// The table of calls: order, limits, deadlines, and the fate of each call.

import { expect, test } from "vitest";
import { Calls, type Entry } from "../src/calls.ts";

function add(calls: Calls<string>, owner: string, over: Partial<Entry<string>> = {}) {
  const { timeoutMs = 30_000, idempotent = false, isCall = true } = over;
  const request = { method: "m", params: undefined, meta: undefined, timeoutMs, idempotent };
  return calls.add(request, isCall, owner, 0);
}

function owners(entries: Iterable<Entry<string>>): string[] {
  return [...entries].map((entry) => entry.owner);
}

/** Writes what may be written, as on a connection. */
function write(calls: Calls<string>, maxCalls = Number.POSITIVE_INFINITY): string[] {
  const written: string[] = [];
  for (let entry = calls.next(maxCalls); entry; entry = calls.next(maxCalls)) {
    calls.written(entry);
    written.push(entry.owner);
  }
  return written;
}

test("calls leave in the order in which they were made", () => {
  const calls = new Calls<string>();
  for (const owner of ["a", "b", "c"]) add(calls, owner);
  expect(calls.waitingCount).toBe(3);
  expect(write(calls)).toEqual(["a", "b", "c"]);
  expect(calls.waitingCount).toBe(0);
});

test("an answer frees a place; an answer for nobody does not", () => {
  const calls = new Calls<string>();
  const first = add(calls, "a");
  add(calls, "b");
  expect(write(calls, 1)).toEqual(["a"]);
  expect(calls.answered(99)).toBe(undefined);
  expect(calls.answered(String(first.id))).toBe(undefined);
  expect(calls.next(1)).toBe(undefined);
  expect(calls.answered(first.id)).toBe(first);
  expect(calls.answered(first.id)).toBe(undefined);
  expect(write(calls, 1)).toEqual(["b"]);
});

test("a call that waits cannot be answered", () => {
  const calls = new Calls<string>();
  expect(calls.answered(add(calls, "a").id)).toBe(undefined);
  expect(calls.waitingCount).toBe(1);
});

test("a lost connection: unwritten calls wait, idempotent ones before them, the rest is lost", () => {
  const calls = new Calls<string>();
  add(calls, "written");
  add(calls, "idempotent 1", { idempotent: true });
  add(calls, "idempotent 2", { idempotent: true });
  write(calls);
  add(calls, "waiting");
  expect(owners(calls.disconnected())).toEqual(["written"]);
  expect(write(calls)).toEqual(["idempotent 1", "idempotent 2", "waiting"]);
});

test("an idempotent call is written four times in all", () => {
  const calls = new Calls<string>();
  add(calls, "a", { idempotent: true });
  for (let connection = 1; connection <= 3; connection += 1) {
    expect(write(calls)).toEqual(["a"]);
    expect(calls.disconnected()).toEqual([]);
  }
  expect(write(calls)).toEqual(["a"]);
  expect(owners(calls.disconnected())).toEqual(["a"]);
});

test("expired calls are taken out, written or not", () => {
  const calls = new Calls<string>();
  add(calls, "short", { timeoutMs: 10 });
  add(calls, "long", { timeoutMs: 100 });
  add(calls, "endless", { timeoutMs: Number.POSITIVE_INFINITY });
  write(calls, 1);
  expect(calls.wakeAt()).toBe(10);
  expect(calls.expire(9)).toEqual([]);
  expect(owners(calls.expire(10))).toEqual(["short"]);
  expect(calls.wakeAt()).toBe(100);
  expect(owners(calls.expire(1_000))).toEqual(["long"]);
  expect(calls.wakeAt()).toBe(Number.POSITIVE_INFINITY);
  expect(write(calls)).toEqual(["endless"]);
});

test("a notification is done when it is written, and takes no place", () => {
  const calls = new Calls<string>();
  add(calls, "call");
  add(calls, "note", { isCall: false });
  expect(write(calls, 1)).toEqual(["call", "note"]);
  expect(owners(calls.disconnected())).toEqual(["call"]);
});

test("a removed notification no longer passes the calls", () => {
  const calls = new Calls<string>();
  add(calls, "call");
  write(calls);
  calls.remove(add(calls, "note", { isCall: false }).id);
  add(calls, "held back");
  expect(calls.next(1)).toBe(undefined);
});

test("clear takes out everything, the written ones first", () => {
  const calls = new Calls<string>();
  add(calls, "written");
  write(calls);
  add(calls, "waiting");
  expect(owners(calls.clear())).toEqual(["written", "waiting"]);
  expect([calls.waitingCount, calls.wakeAt()]).toEqual([0, Number.POSITIVE_INFINITY]);
});
