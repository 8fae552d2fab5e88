// The pure session: inputs in, outputs out, time handed in.

import { expect, test } from "vitest";
import { json, plainJson } from "../src/codec.ts";
import type { Output } from "../src/output.ts";
import { Session } from "../src/session.ts";

const HEARTBEAT = { graceMs: 10_000, callSilenceMs: 10_000, callGraceMs: 5_000, timeoutMs: 60_000 };
const HELLO = { client: { name: "n", version: "1" }, token: undefined, contract: {} };

const isHandled = (method: string) => method === "ui.confirm";

function create(plain = false, bufferBytes = 4_194_304, queue = 2): Session<string> {
  const codec = plain ? plainJson : json;
  const settings = { codec, plain, heartbeat: HEARTBEAT, queue, bufferBytes };
  return new Session({ ...settings, maxMessageBytes: 1_048_576 }, isHandled);
}

/** The outputs, with frames decoded and shown as what they say. */
function taken(session: Session<string>): unknown[] {
  return session.take().map((output: Output<string>) => {
    if (output.type === "write") return JSON.parse(String(output.frame));
    if (output.type === "settle") return [output.owner, output.outcome.type];
    return output.type;
  });
}

function receive(session: Session<string>, message: object, now = 0): void {
  session.received(JSON.stringify({ jsonrpc: "2.0", ...message }), now);
}

function opened(result: object = {}): Session<string> {
  const session = create();
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-1", ...result } });
  session.take();
  return session;
}

function call(session: Session<string>, owner: string, now = 0, timeoutMs = 30_000): number {
  const request = { method: "m", params: undefined, meta: undefined, timeoutMs, idempotent: false };
  return session.send(request, true, owner, now);
}

test("nothing but hello is written until its answer is there", () => {
  const session = create();
  call(session, "before");
  session.connecting(10_000, 0);
  call(session, "while connecting");
  session.connected(HELLO, 0);
  expect(taken(session)).toEqual([expect.objectContaining({ id: 0, method: "rpc.hello" })]);
  receive(session, { id: 0, result: { session: "s-1" } });
  expect(taken(session)).toEqual([
    "opened",
    expect.objectContaining({ id: 1, method: "m" }),
    expect.objectContaining({ id: 2, method: "m" }),
  ]);
});

test("the limit of an attempt holds until hello is answered", () => {
  const session = create();
  session.connecting(10_000, 5_000);
  expect(session.wakeAt()).toBe(15_000);
  session.tick(14_999);
  expect(taken(session)).toEqual([]);
  session.tick(15_000);
  expect(taken(session)).toEqual(["drop"]);
});

test("a refusal waits a second for the close that explains it", () => {
  const session = create();
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  session.take();
  receive(session, { id: 0, error: { code: -32001, message: "no" } });
  expect(taken(session)).toEqual([]);
  expect(session.refusal).toMatchObject({ code: -32001 });
  session.tick(999);
  expect(taken(session)).toEqual([]);
  session.tick(1_000);
  expect(taken(session)).toEqual(["drop"]);
});

test.each([
  [-32001, 1006, false],
  [-32002, 1005, false],
  [-32006, 1006, true],
  [-32009, 1006, true],
  [-32001, 4010, true],
])("a hello refused with %i and closed with %i: comes back: %s", (refusal, code, comeBack) => {
  const session = create();
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, error: { code: refusal, message: "no" } });
  expect(session.disconnected(code, "").comeBack).toBe(comeBack);
});

test("a drain that is announced again is still a drain", () => {
  const session = opened();
  receive(session, { method: "rpc.close", params: { code: 4000, in_ms: 5_000 } });
  receive(session, { method: "rpc.close", params: { code: 4000, in_ms: 4_000 } });
  receive(session, { id: 7, method: "rpc.future" });
  expect(taken(session)).toEqual([expect.objectContaining({ id: 7 })]);
});

test("a fault that this side finds during a drain counts more than the drain", () => {
  for (const [seq, end] of [
    [-1, { code: 1002, comeBack: false }],
    [9, { code: 4000, comeBack: true }],
  ] as const) {
    const session = opened({ secret: "x" });
    receive(session, { method: "rpc.close", params: { code: 4000, in_ms: 5_000 } });
    receive(session, { method: "rpc.ack", params: { seq } });
    expect(taken(session)).toEqual(["drop"]);
    expect(session.disconnected(1006, "")).toMatchObject(end);
    session.connecting(10_000, 0);
    expect(session.disconnected(1006, "")).toMatchObject({ code: 1006, comeBack: true });
  }
});

test("what arrives while there is no connection is ignored", () => {
  const session = opened();
  session.disconnected(1006, "");
  session.take();
  receive(session, { method: "chat.announcement", params: {} });
  session.connecting(10_000, 0);
  receive(session, { id: 0, result: { session: "s-2" } });
  expect(taken(session)).toEqual([]);
});

test("a new attempt forgets the refusal and the verdict of the last one", () => {
  const session = opened();
  receive(session, { method: "rpc.close", params: { code: 4501 } });
  expect(session.disconnected(1006, "").code).toBe(4501);
  session.connecting(10_000, 0);
  expect(session.disconnected(1006, "").code).toBe(1006);
  expect(session.refusal).toBe(undefined);
});

test("rpc.ping is answered with rpc.pong at once", () => {
  const session = opened();
  receive(session, { method: "rpc.ping" });
  expect(taken(session)).toEqual([{ jsonrpc: "2.0", method: "rpc.pong" }]);
});

test("after the last rpc.close nothing is written, not even a pong", () => {
  const session = opened();
  receive(session, { method: "rpc.close", params: { code: 4008 } });
  receive(session, { method: "rpc.ping" });
  call(session, "late");
  expect(taken(session)).toEqual([]);
});

test("an answer that was under way when the close was announced still counts", () => {
  const session = opened();
  const id = call(session, "a");
  session.take();
  receive(session, { method: "rpc.close", params: { code: 4008 } });
  receive(session, { id, result: 1 });
  expect(taken(session)).toEqual([["a", "result"]]);
});

test("a connection that takes no more holds its calls back for the next one", () => {
  const session = opened();
  call(session, "written");
  session.take();
  session.hold();
  call(session, "held");
  expect(taken(session)).toEqual([]);
  session.disconnected(1006, "");
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-2" } });
  expect(taken(session).slice(1)).toEqual([
    "opened",
    ["written", "lost"],
    expect.objectContaining({ id: 2, seq: 1 }),
  ]);
});

test("one outcome: the local cancel was first, the answer after it is ignored", () => {
  const session = opened();
  const id = call(session, "a");
  session.take();
  session.cancel(id, 0);
  expect(taken(session)).toEqual([
    ["a", "error"],
    { jsonrpc: "2.0", method: "rpc.cancel", params: { id }, seq: 2 },
  ]);
  receive(session, { id, result: 1 });
  session.cancel(id, 0);
  expect(taken(session)).toEqual([]);
});

test("one outcome: the time limit was first, the answer after it is ignored", () => {
  const session = opened();
  const id = call(session, "a", 0, 100);
  session.take();
  session.tick(100);
  receive(session, { id, result: 1 });
  expect(taken(session)).toEqual([
    ["a", "error"],
    { jsonrpc: "2.0", method: "rpc.cancel", params: { id }, seq: 2 },
  ]);
});

test("a call whose time is over while the connection is cut does not run after the resume", () => {
  const session = opened({ secret: "x" });
  const id = call(session, "a", 0, 100);
  session.disconnected(1006, "");
  session.tick(100);
  session.connecting(10_000, 100);
  session.connected(HELLO, 100);
  session.take();
  receive(session, { id: 0, result: { session: "s-1", resumed: true, received: 0, sent: 0 } }, 100);
  expect(taken(session).slice(1)).toEqual([
    expect.objectContaining({ id, method: "m", seq: 1 }),
    { jsonrpc: "2.0", method: "rpc.cancel", params: { id }, seq: 2 },
  ]);
});

test("what the caller does to the params of a call that waits changes nothing", () => {
  const session = create();
  const params = { n: 1 };
  const request = { method: "m", meta: undefined, timeoutMs: 100, idempotent: false };
  session.send({ ...request, params }, true, "a", 0);
  params.n = 2;
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  session.take();
  receive(session, { id: 0, result: { session: "s-1" } });
  expect(taken(session).slice(1)).toEqual([expect.objectContaining({ params: { n: 1 } })]);
});

test("params that cannot be encoded fail their call at once, though it would wait", () => {
  const session = create();
  const request = { method: "m", meta: undefined, timeoutMs: 100, idempotent: false };
  session.send({ ...request, params: { big: 1n } }, true, "a", 0);
  expect(taken(session)).toEqual([["a", "threw"]]);
});

test("a call that is sent again and ends with its client may have run", () => {
  const session = opened();
  const request = { method: "m", params: undefined, meta: undefined, timeoutMs: 100 };
  for (const owner of ["a", "b"]) session.send({ ...request, idempotent: true }, true, owner, 0);
  session.disconnected(1006, "");
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  session.take();
  const result = { session: "s-2", reason: "expired", ended_received: 2, limits: { max_calls: 1 } };
  receive(session, { id: 0, result });
  session.take();
  session.end({ code: 1000, reason: "", comeBack: false });
  expect(taken(session)).toEqual([
    ["a", "lost"],
    ["b", "lost"],
  ]);
});

test("what one session has confirmed says nothing of the next one's messages", () => {
  const session = opened({ user: "ada" });
  for (const owner of ["a", "b"]) receive(session, { id: call(session, owner), result: 1 });
  session.disconnected(1006, "");
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-2", reason: "denied", user: "bob" } });
  call(session, "c");
  session.take();
  session.close({ code: 1000, reason: "", comeBack: false }, 0);
  expect(taken(session)).toEqual([["c", "lost"], { jsonrpc: "2.0", method: "rpc.ping" }]);
});

test("a token that cannot be had once the connection is dropped is not asked for again", () => {
  const session = opened({ auth_expires_in_ms: 4_000 });
  session.tick(3_000);
  expect(taken(session)).toEqual(["expiring"]);
  session.close({ code: 1000, reason: "", comeBack: false }, 3_000);
  expect(taken(session)).toEqual(["drop"]);
  session.authentication.failed(100, 3_000);
  expect(session.wakeAt()).toBe(Number.POSITIVE_INFINITY);
});

test("rpc.ping as a call is answered without a number", () => {
  const session = opened();
  receive(session, { id: 9, method: "rpc.ping", seq: 1 });
  expect(taken(session)).toEqual([{ jsonrpc: "2.0", id: 9, result: null }]);
});

test("a call that found no room and is cancelled holds up no smaller one", () => {
  const session = create(false, 1_000);
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-1" } });
  call(session, "first");
  const request = { method: "m", meta: undefined, timeoutMs: 100, idempotent: false };
  const large = session.send({ ...request, params: ["x".repeat(950)] }, true, "large", 0);
  session.take();
  call(session, "small");
  expect(taken(session)).toEqual([]);
  session.cancel(large, 0);
  expect(taken(session)).toEqual([["large", "error"], expect.objectContaining({ seq: 2 })]);
});

test("an ack that is due overtakes ten calls that are queued", () => {
  const session = create(false, 1_000, 10);
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-1" } });
  const request = { method: "m", meta: undefined, timeoutMs: 30_000, idempotent: false };
  session.send({ ...request, params: ["x".repeat(950)] }, true, "large", 0);
  for (let calls = 0; calls < 10; calls += 1) {
    session.send({ ...request, params: [] }, true, "queued", 0);
  }
  receive(session, { method: "ui.moved", seq: 1 });
  session.take();
  receive(session, { method: "rpc.ack", params: { seq: 1 } }, 1_000);
  expect(taken(session)).toEqual([
    { jsonrpc: "2.0", method: "rpc.ack", params: { seq: 1 } },
    ...Array.from({ length: 10 }, (_, place) => expect.objectContaining({ seq: place + 2 })),
  ]);
});

test("one outcome for a call of the server: the cancel was first, the handler's is dropped", () => {
  const session = opened();
  receive(session, { id: 7, method: "ui.confirm" });
  const [served] = session.take();
  if (served?.type !== "serve") throw new Error("not served");
  receive(session, { method: "rpc.cancel", params: { id: 7 } });
  expect(taken(session)).toEqual(["abort", expect.objectContaining({ id: 7 })]);
  session.answer(served.call, { result: true }, 0);
  expect(taken(session)).toEqual([]);
});

test("the end settles every call: written ones are lost, the others were never sent", () => {
  const session = opened({ limits: { max_calls: 1 } });
  call(session, "written");
  call(session, "waiting");
  session.take();
  session.end({ code: 1000, reason: "", comeBack: false });
  call(session, "after");
  expect(taken(session)).toEqual([
    ["written", "lost"],
    ["waiting", "unsent"],
    ["after", "unsent"],
  ]);
  expect(session.wakeAt()).toBe(Number.POSITIVE_INFINITY);
});

test("the queue of an absent connection is bounded", () => {
  const session = create();
  for (const owner of ["a", "b", "c"]) call(session, owner);
  expect(taken(session)).toEqual([["c", "error"]]);
});

test("a plain peer is open as soon as it is connected", () => {
  const session = create(true);
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  call(session, "a");
  expect(taken(session)).toEqual(["opened", { jsonrpc: "2.0", id: 1, method: "m" }]);
});

test("ids go on over connections, so that a late answer meets no other call", () => {
  const session = opened();
  expect(call(session, "a")).toBe(1);
  session.disconnected(1006, "");
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-2" } });
  expect(call(session, "b")).toBe(2);
});

test("with nothing to do it never asks to be woken, but for the watchdog", () => {
  const session = opened();
  expect(session.wakeAt()).toBe(35_000);
  session.disconnected(1006, "");
  expect(session.wakeAt()).toBe(Number.POSITIVE_INFINITY);
});

test("an id that is used again is another call: the first handler does not answer it", () => {
  const session = opened();
  const serve = () => {
    receive(session, { id: 7, method: "ui.confirm" });
    const served = session.take().find((output) => output.type === "serve");
    if (served?.type !== "serve") throw new Error("not served");
    return served.call;
  };
  const first = serve();
  receive(session, { method: "rpc.cancel", params: { id: 7 } });
  const second = serve();
  session.answer(first, { result: "first" }, 0);
  expect(taken(session)).toEqual([]);
  session.answer(second, { result: "second" }, 0);
  expect(taken(session)).toEqual([{ jsonrpc: "2.0", id: 7, result: "second", seq: 2 }]);
});

test("a call of the server is open until its answer has room: a cancel ends it", () => {
  const session = create(false, 262_144);
  session.connecting(10_000, 0);
  session.connected(HELLO, 0);
  receive(session, { id: 0, result: { session: "s-1", secret: "k" } });
  for (const id of [1, 2]) receive(session, { id, method: "ui.confirm", seq: id });
  const served = session.take().flatMap((output) => (output.type === "serve" ? output.call : []));
  for (const call of served) session.answer(call, { result: "x".repeat(200_000) }, 0);
  expect(taken(session)).toEqual([expect.objectContaining({ id: 1, seq: 1 })]);
  receive(session, { method: "rpc.cancel", params: { id: 2 }, seq: 3 });
  const error = expect.objectContaining({ code: -32005 });
  expect(taken(session)).toEqual(["abort", { jsonrpc: "2.0", id: 2, error, seq: 2 }]);
  receive(session, { method: "rpc.ack", params: { seq: 2 } });
  expect(taken(session)).toEqual([]);
});
