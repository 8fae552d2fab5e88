// The table of calls: order, limits, deadlines, and the fate of each call.

import { expect, test } from "vitest";
import { type CallLimits, Calls, type Entry, type Kind } from "../src/calls.ts";

interface Over {
  readonly timeoutMs?: number;
  readonly idempotent?: boolean;
  readonly kind?: Kind;
  readonly upload?: boolean;
}

function add(calls: Calls<string>, owner: string, over: Over = {}): Entry<string> {
  const { timeoutMs = 30_000, idempotent = false, kind = "call", upload = false } = over;
  const stream = kind === "stream" ? { credit: 64 } : undefined;
  const request = { method: "m", params: undefined, meta: undefined, timeoutMs, idempotent };
  return calls.add({ ...request, stream, upload }, kind !== "notification", owner, 0);
}

function owners(entries: Iterable<Entry<string>>): string[] {
  return [...entries].map((entry) => entry.owner);
}

const NO_LIMITS = { maxCalls: Number.POSITIVE_INFINITY, maxStreams: Number.POSITIVE_INFINITY };

/** Lets in, and writes, what may enter. */
function write(calls: Calls<string>, limits: Partial<CallLimits> = {}): string[] {
  const written: string[] = [];
  const all = { ...NO_LIMITS, ...limits };
  for (let entry = calls.next(all); entry; entry = calls.next(all)) {
    calls.entered(entry, written.length + 1);
    entry.isWritten = true;
    written.push(entry.owner);
  }
  return written;
}

/** The session is lost, and nobody knows what of it was received. */
function lose(calls: Calls<string>): string[] {
  return owners(calls.carry([], (entry) => !entry.isWritten));
}

test("calls leave in the order in which they were made", () => {
  const calls = new Calls<string>();
  for (const owner of ["a", "b", "c"]) add(calls, owner);
  expect(calls.waitingCount).toBe(3);
  expect(write(calls)).toEqual(["a", "b", "c"]);
  expect(calls.waitingCount).toBe(0);
});

test("an answered call frees a place; an id of nobody does not", () => {
  const calls = new Calls<string>();
  const first = add(calls, "a");
  add(calls, "b");
  expect(write(calls, { maxCalls: 1 })).toEqual(["a"]);
  expect(calls.find(99)).toBe(undefined);
  expect(calls.find(String(first.id))).toBe(undefined);
  expect(calls.next({ ...NO_LIMITS, maxCalls: 1 })).toBe(undefined);
  expect(calls.remove(first.id)).toBe(first);
  expect(calls.remove(first.id)).toBe(undefined);
  expect(write(calls, { maxCalls: 1 })).toEqual(["b"]);
});

test("a call that waits is not open", () => {
  const calls = new Calls<string>();
  expect(calls.find(add(calls, "a").id)).toBe(undefined);
  expect(calls.waitingCount).toBe(1);
});

test("streams have places of their own, and what waits keeps its order", () => {
  const calls = new Calls<string>();
  for (const owner of ["call 1", "call 2"]) add(calls, owner);
  for (const owner of ["stream 1", "stream 2"]) add(calls, owner, { kind: "stream" });
  add(calls, "upload", { upload: true });
  add(calls, "note", { kind: "notification" });
  expect(write(calls, { maxCalls: 1, maxStreams: 1 })).toEqual(["call 1", "stream 1"]);
  calls.remove(calls.find(3)?.id);
  expect(write(calls, { maxCalls: 1, maxStreams: 1 })).toEqual(["stream 2"]);
  expect(write(calls)).toEqual(["call 2", "upload", "note"]);
});

test("a lost session: what it never received waits again, in its order, before all else", () => {
  const calls = new Calls<string>();
  const note = add(calls, "note", { kind: "notification" });
  for (const owner of ["a", "b", "c"]) add(calls, owner);
  expect(write(calls)).toEqual(["note", "a", "b", "c"]);
  add(calls, "waiting");
  const lost = calls.carry([note], (entry) => entry.seq !== 2);
  expect(owners(lost)).toEqual(["a"]);
  expect(write(calls)).toEqual(["note", "b", "c", "waiting"]);
});

test("a stream that delivered an item, and an upload that sent one, are not sent again", () => {
  const calls = new Calls<string>();
  const streams = ["fresh", "begun"].map((owner) =>
    add(calls, owner, { kind: "stream", idempotent: true }),
  );
  const uploads = ["unsent", "sent"].map((owner) =>
    add(calls, owner, { upload: true, idempotent: true }),
  );
  write(calls);
  streams[1]?.download?.receive(1);
  uploads[1]?.up?.grant(1);
  uploads[1]?.up?.spend();
  expect(lose(calls)).toEqual(["begun", "sent"]);
  expect(write(calls)).toEqual(["fresh", "unsent"]);
});

test("a lost connection: unwritten calls wait, idempotent ones before them, the rest is lost", () => {
  const calls = new Calls<string>();
  add(calls, "written");
  add(calls, "idempotent 1", { idempotent: true });
  add(calls, "idempotent 2", { idempotent: true });
  write(calls);
  add(calls, "waiting");
  expect(lose(calls)).toEqual(["written"]);
  expect(write(calls)).toEqual(["idempotent 1", "idempotent 2", "waiting"]);
});

test("an idempotent call is written four times in all", () => {
  const calls = new Calls<string>();
  add(calls, "a", { idempotent: true });
  for (let connection = 1; connection <= 3; connection += 1) {
    expect(write(calls)).toEqual(["a"]);
    expect(lose(calls)).toEqual([]);
  }
  expect(write(calls)).toEqual(["a"]);
  expect(lose(calls)).toEqual(["a"]);
});

test("expired calls are taken out, written or not", () => {
  const calls = new Calls<string>();
  add(calls, "short", { timeoutMs: 10 });
  add(calls, "long", { timeoutMs: 100 });
  add(calls, "endless", { timeoutMs: Number.POSITIVE_INFINITY });
  write(calls, { maxCalls: 1 });
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
  add(calls, "note", { kind: "notification" });
  expect(write(calls, { maxCalls: 1 })).toEqual(["call", "note"]);
  expect(lose(calls)).toEqual(["call"]);
});

test("a removed notification no longer passes the calls", () => {
  const calls = new Calls<string>();
  add(calls, "call");
  write(calls);
  calls.remove(add(calls, "note", { kind: "notification" }).id);
  add(calls, "held back");
  expect(calls.next({ ...NO_LIMITS, maxCalls: 1 })).toBe(undefined);
});

test("clear takes out everything, the written ones first", () => {
  const calls = new Calls<string>();
  add(calls, "written");
  write(calls);
  add(calls, "waiting");
  expect(owners(calls.clear())).toEqual(["written", "waiting"]);
  expect([calls.waitingCount, calls.wakeAt()]).toEqual([0, Number.POSITIVE_INFINITY]);
});
