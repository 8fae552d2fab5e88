// Typed calls over a real socket: what goes out, what comes back, how each error arrives.

import { getEventListeners } from "node:events";
import { expect } from "vitest";
import {
  CancelledError,
  DeadlineExceededError,
  DecodeError,
  InternalError,
  RpcError,
  TooLargeError,
  ValidationError,
} from "../src/index.ts";
import { ChatClient, ExportBusyError, MutedError, RoomNotFoundError } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection } from "./support/states.ts";

const MESSAGE = { id: 1, author: "ann", text: "hi", sent_at: "2026-01-01T00:00:00Z" };

test("a typed call sends its params by name and returns the result", async ({ open }) => {
  const { client, connection } = await open();
  const posted = new ChatClient(client).post({ room: "lobby", text: "hi" });
  const call = await connection.next();
  expect(call).toEqual({
    jsonrpc: "2.0",
    id: 1,
    method: "chat.post",
    params: { room: "lobby", text: "hi" },
    meta: { timeout_ms: expect.any(Number) },
  });
  connection.answer(call, MESSAGE);
  expect(await posted).toEqual(MESSAGE);
});

test("a call without fields sends no params", async ({ open }) => {
  const { client, connection } = await open();
  const done = new ChatClient(client).hello();
  const call = await connection.next();
  expect("params" in call).toBe(false);
  connection.answer(call, null);
  expect(await done).toBe(null);
});

test("positional params lose their trailing undefined ones", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const one = chat.ethGetBalance({ address: "0x1" });
  const two = chat.ethGetBalance({ address: "0x1", block: "latest" });
  const first = await connection.next();
  const second = await connection.next();
  expect([first.method, first.params]).toEqual(["eth_getBalance", ["0x1"]]);
  expect(second.params).toEqual(["0x1", "latest"]);
  connection.answer(second, "0xb");
  connection.answer(first, "0xa");
  expect(await Promise.all([one, two])).toEqual(["0xa", "0xb"]);
});

test("encoders and decoders of generated code stand between types and wire", async ({ open }) => {
  const { client, connection } = await open();
  const exported = new ChatClient(client).exportRoom({ room: "lobby", limit: 2n ** 60n });
  const call = await connection.next();
  expect(call.params).toEqual({ room: "lobby", limit: "1152921504606846976" });
  connection.answer(call, { name: "lobby.zip", bytes: "9007199254740993" });
  expect(await exported).toEqual({ name: "lobby.zip", bytes: 9007199254740993n });
});

test("the time limit of the declaration goes out, and that of the options before it", async ({
  openAt,
}) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  const exports = Promise.allSettled([
    chat.exportRoom({ room: "a" }),
    chat.exportRoom({ room: "a" }, { timeoutMs: 5 }),
    chat.exportRoom({ room: "a" }, { timeoutMs: Number.POSITIVE_INFINITY }),
  ]);
  expect((await connection.next()).meta).toEqual({ timeout_ms: 300_000 });
  expect((await connection.next()).meta).toEqual({ timeout_ms: 5 });
  expect((await connection.next()).meta).toBe(undefined);
  await client.close();
  await exports;
});

test("meta is read when the call is made: what its owner does to it later changes nothing", async ({
  openAt,
}) => {
  const { client, connection } = await openAt({}, { limits: { max_calls: 1 } });
  const chat = new ChatClient(client);
  const meta = { tenant: "t", trace: { tags: ["a"] } };
  const first = chat.hello();
  const held = chat.hello({ meta });
  meta.tenant = "another";
  meta.trace.tags.push("b");
  connection.answer(await connection.next(), "hello");
  await first;
  const call = await connection.next();
  expect(call.meta).toEqual({ tenant: "t", trace: { tags: ["a"] }, timeout_ms: 30_000 });
  connection.answer(call, "hello");
  await held;
});

test("meta that cannot be sent fails its call, and no other", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  expect(await rejection(chat.hello({ meta: { n: 1n } }))).toBeInstanceOf(TypeError);
  const done = chat.hello();
  connection.answer(await connection.next(), "hello");
  await done;
});

test("meta of the options goes out beside the time limit", async ({ openAt }) => {
  const { client, connection } = await openAt();
  const done = new ChatClient(client).hello({ meta: { traceparent: "00-ab-cd-01" } });
  const call = await connection.next();
  expect(call.meta).toEqual({ traceparent: "00-ab-cd-01", timeout_ms: 30_000 });
  connection.answer(call, null);
  await done;
});

test("an error of the service is its class, with typed details", async ({ open }) => {
  const { client, connection } = await open();
  const posted = rejection(new ChatClient(client).post({ room: "moon", text: "hi" }));
  const data = { kind: "room_not_found", retryable: false, details: { room: "moon" } };
  connection.fail(await connection.next(), { code: 1001, message: "no such room", data });
  const error = await posted;
  expect(error).toBeInstanceOf(RoomNotFoundError);
  expect(error).toMatchObject({
    name: "RoomNotFoundError",
    message: "no such room",
    code: 1001,
    kind: "room_not_found",
    retryable: false,
    details: { room: "moon" },
  });
});

test("retryable and retry_after_ms arrive", async ({ open }) => {
  const { client, connection } = await open();
  const posted = rejection(new ChatClient(client).post({ room: "moon", text: "hi" }));
  const data = { kind: "muted", retryable: true, retry_after_ms: 500, details: { until: "later" } };
  connection.fail(await connection.next(), { code: 1002, message: "", data });
  expect(await posted).toBeInstanceOf(MutedError);
  expect(await posted).toMatchObject({ retryable: true, retryAfterMs: 500, message: "muted" });
});

test("an error of one call only is known to that call only", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const exported = rejection(chat.exportRoom({ room: "a" }));
  const posted = rejection(chat.post({ room: "a", text: "b" }));
  const busy = { code: 1003, message: "busy", data: { kind: "export_busy" } };
  connection.fail(await connection.next(), busy);
  connection.fail(await connection.next(), busy);
  expect(await exported).toBeInstanceOf(ExportBusyError);
  expect(await posted).not.toBeInstanceOf(ExportBusyError);
  expect(await posted).toMatchObject({ name: "RpcError", code: 1003, kind: "export_busy" });
});

test("an error with a known code and another kind is no instance of the class", async ({
  open,
}) => {
  const { client, connection } = await open();
  const posted = rejection(new ChatClient(client).post({ room: "a", text: "b" }));
  connection.fail(await connection.next(), { code: 1001, message: "x", data: { kind: "other" } });
  expect(await posted).not.toBeInstanceOf(RoomNotFoundError);
  expect(await posted).toMatchObject({ code: 1001, kind: "other" });
});

test("a validation error lists every broken check", async ({ open }) => {
  const { client, connection } = await open();
  const posted = rejection(new ChatClient(client).post({ room: "a", text: "" }));
  const errors = [{ path: "/text", rule: "length", message: "must have 1 to 2000 characters" }];
  const data = { kind: "validation_error", details: { errors } };
  connection.fail(await connection.next(), { code: -32602, message: "invalid", data });
  expect(await posted).toBeInstanceOf(ValidationError);
  expect(await posted).toMatchObject({ errors });
});

test("an internal error carries its incident", async ({ open }) => {
  const { client, connection } = await open();
  const posted = rejection(new ChatClient(client).post({ room: "a", text: "b" }));
  const data = { kind: "internal_error", details: { incident: "i-7" } };
  connection.fail(await connection.next(), { code: -32603, message: "failed", data });
  expect(await posted).toBeInstanceOf(InternalError);
  expect(await posted).toMatchObject({ incident: "i-7" });
});

test("a result that does not decode fails that call alone", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const exported = rejection(chat.exportRoom({ room: "a" }));
  const counted = chat.count({ room: "a" });
  connection.answer(await connection.next(), { name: "a", bytes: "many" });
  connection.answer(await connection.next(), 3);
  expect(await exported).toBeInstanceOf(DecodeError);
  expect((await exported).message).toContain("chat.export_room");
  expect(await counted).toBe(3);
});

test("params that cannot be encoded fail that call alone", async ({ open }) => {
  const { client, connection } = await open();
  const service = client.service({ name: "raw" });
  const failed = rejection(service.call("raw.send", { big: 1n }));
  const thrown = rejection(
    service.call("raw.send", {}, undefined, {
      encode: () => {
        throw new Error("no encoding");
      },
    }),
  );
  expect(await failed).toBeInstanceOf(TypeError);
  expect((await thrown).message).toBe("the params of raw.send cannot be encoded: no encoding");
  const sent = service.call("raw.send", {});
  connection.answer(await connection.next(), true);
  expect(await sent).toBe(true);
});

test("a call above max_message_bytes fails here and is not sent", async ({ open }) => {
  const hello = { limits: { max_message_bytes: 200, max_calls: 64 } };
  const { client, connection } = await open({}, hello);
  const chat = new ChatClient(client);
  const error = await rejection(chat.post({ room: "a", text: "ü".repeat(90) }));
  expect(error).toBeInstanceOf(TooLargeError);
  expect(error.message).toContain("200 bytes");
  await expect(chat.typing({ room: "x".repeat(200) })).rejects.toBeInstanceOf(TooLargeError);
  await connection.settled();
});

test("the time limit ends a call here", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  const posted = rejection(
    new ChatClient(client).post({ room: "a", text: "b" }, { timeoutMs: 50 }),
  );
  const call = await connection.next();
  clock.advance(49);
  connection.send({ method: "chat.announcement", params: { text: "still open" } });
  await connection.settled();
  clock.advance(1);
  expect(await posted).toBeInstanceOf(DeadlineExceededError);
  expect((await posted).message).toBe("chat.post took longer than 50 ms");
  expect(await connection.next()).toMatchObject({ method: "rpc.cancel", params: { id: call.id } });
  connection.answer(call, MESSAGE);
  await connection.settled();
});

test("a time limit that is none is refused", async ({ open }) => {
  const { client } = await open();
  for (const timeoutMs of [0, -1, Number.NaN]) {
    const posted = new ChatClient(client).post({ room: "a", text: "b" }, { timeoutMs });
    expect(await rejection(posted)).toBeInstanceOf(RangeError);
  }
});

test("an AbortSignal ends the call at once and tells the server", async ({ open }) => {
  const { client, connection } = await open();
  const stop = new AbortController();
  const posted = rejection(
    new ChatClient(client).post({ room: "a", text: "b" }, { signal: stop.signal }),
  );
  const call = await connection.next();
  const reason = new Error("the user left");
  stop.abort(reason);
  const error = await posted;
  expect(error).toBeInstanceOf(CancelledError);
  expect(error.cause).toBe(reason);
  expect(await connection.next()).toEqual({
    jsonrpc: "2.0",
    method: "rpc.cancel",
    params: { id: call.id },
  });
  connection.fail(call, { code: -32005, message: "cancelled" });
  await connection.settled();
});

test("an AbortSignal that is aborted already sends nothing", async ({ open }) => {
  const { client, connection } = await open();
  const signal = AbortSignal.abort();
  const posted = new ChatClient(client).post({ room: "a", text: "b" }, { signal });
  expect(await rejection(posted)).toBeInstanceOf(CancelledError);
  await connection.settled();
});

test("an AbortSignal does nothing to a call that is answered", async ({ open }) => {
  const { client, connection } = await open();
  const stop = new AbortController();
  const counted = new ChatClient(client).count({ room: "a" }, { signal: stop.signal });
  connection.answer(await connection.next(), 3);
  expect(await counted).toBe(3);
  stop.abort();
  await connection.settled();
});

test("an error of the other side is made from whatever it sent", async ({ open }) => {
  const { client, connection } = await open();
  for (const sent of [{ code: "x" }, "text", 5, [], { code: 1.5, message: {} }]) {
    const posted = rejection(new ChatClient(client).post({ room: "a", text: "b" }));
    connection.fail(await connection.next(), sent);
    expect(await posted).toBeInstanceOf(RpcError);
    expect(await posted).toMatchObject({ code: -32603 });
  }
});

test("a signal that outlives its calls keeps nothing of them", async ({ open }) => {
  const { client, connection } = await open();
  const { signal } = new AbortController();
  const counted = new ChatClient(client).count({ room: "a" }, { signal });
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  connection.answer(await connection.next(), 3);
  await counted;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
