// Streams from the server: items, credit, the result, and every way in which one ends.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";
import { ConnectionLostError, DeadlineExceededError, DecodeError, RpcError } from "../src/index.ts";
import { OwnStream } from "../src/stream.ts";
import { ChatClient, type Message } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import type { PeerConnection, Wire } from "./support/peer.ts";
import { rejection, until } from "./support/states.ts";

function items(connection: PeerConnection, call: Wire, ...texts: string[]): void {
  const params = { id: call.id, items: texts.map((text) => ({ text })) };
  connection.send({ method: "rpc.item", params });
}

test("a loop takes the items in order, and then there is the summary", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  expect(call).toMatchObject({ method: "chat.search", params: { query: "hi" } });
  expect(call.meta).toEqual({ credit: 64 });
  items(connection, call, "a");
  items(connection, call, "b", "c");
  connection.answer(call, { found: 3 });
  const texts: string[] = [];
  for await (const { text } of stream) texts.push(text);
  expect(texts).toEqual(["a", "b", "c"]);
  expect(await stream.result).toEqual({ found: 3 });
  await connection.settled();
});

test("a second loop throws, where it would look as if there were no items", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  items(connection, call, "a");
  connection.answer(call, { found: 1 });
  const loop = async () => {
    for await (const { text } of stream) expect(text).toBe("a");
  };
  await loop();
  const again = await rejection(loop());
  expect(again).toBeInstanceOf(TypeError);
  expect(again.message).toBe("the items of chat.search can be looped over once");
  expect(await stream.result).toEqual({ found: 1 });
});

test("a loop goes on where an iterator was left", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" });
  // What it is called where people write its type down.
  const iterator: AsyncIterableIterator<Message> = stream[Symbol.asyncIterator]();
  const call = await connection.next();
  items(connection, call, "a", "b", "c");
  connection.answer(call, { found: 3 });
  expect(await iterator.next()).toEqual({ done: false, value: { text: "a" } });
  const texts: string[] = [];
  for await (const { text } of iterator) texts.push(text);
  expect(texts).toEqual(["b", "c"]);
});

test("an item is there before the next one is sent", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" })[Symbol.asyncIterator]();
  const call = await connection.next();
  for (const text of ["a", "b"]) {
    const next = stream.next();
    items(connection, call, text);
    expect(await next).toMatchObject({ done: false, value: { text } });
  }
});

test("a loop that never catches up holds on to what is ahead of it, and not to what it took", async () => {
  const stream = new OwnStream<object, void>(
    "a.b",
    () => new Promise(() => {}),
    undefined,
    undefined,
  );
  const iterator = stream[Symbol.asyncIterator]();
  const items: WeakRef<object>[] = [];
  const arrive = () => {
    const item = {};
    items.push(new WeakRef(item));
    stream.items([item]);
  };
  arrive();
  for (let taken = 0; taken < 10_000; taken += 1) {
    arrive();
    await iterator.next();
  }
  // What a WeakRef was made of stays until the present job is over.
  await new Promise(setImmediate);
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  expect(items.filter((item) => item.deref()).length).toBeLessThanOrEqual(4);
  expect((await iterator.next()).value).toBe(items.at(-1)?.deref());
});

test("half of the credit that was taken is granted again, and none that was not", async ({
  open,
}) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" })[Symbol.asyncIterator]();
  const call = await connection.next();
  items(connection, call, ...Array.from({ length: 64 }, String));
  for (let taken = 0; taken < 31; taken += 1) await stream.next();
  await connection.settled();
  await stream.next();
  const credit = await connection.next();
  expect(credit).toMatchObject({ method: "rpc.credit", params: { id: call.id, credit: 32 } });
  await connection.settled();
});

test("a stream that may be one item ahead is granted each item by itself", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const stream = chat.search({ query: "hi" }, { credit: 1 });
  const call = await connection.next();
  expect(call.meta).toEqual({ credit: 1 });
  items(connection, call, "a");
  for await (const { text } of stream) {
    expect(text).toBe("a");
    expect((await connection.next()).params?.credit).toBe(1);
    break;
  }
  expect(await rejection(chat.search({ query: "hi" }, { credit: 0.5 }).result)).toBeInstanceOf(
    RangeError,
  );
});

test("leaving the loop cancels once, and what is under way is ignored", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  items(connection, call, "a", "b");
  const iterator = stream[Symbol.asyncIterator]();
  for await (const { text } of { [Symbol.asyncIterator]: () => iterator }) {
    expect(text).toBe("a");
    break;
  }
  expect(await connection.next()).toMatchObject({ method: "rpc.cancel", params: { id: call.id } });
  items(connection, call, "c");
  connection.answer(call, { found: 3 });
  await connection.settled();
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect((await rejection(stream.result)).name).toBe("CancelledError");
});

test("an error of the call comes after the items before it, once", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  items(connection, call, "a");
  connection.fail(call, { code: 7, message: "broke", data: { kind: "broke" } });
  const iterator = stream[Symbol.asyncIterator]();
  expect(await iterator.next()).toMatchObject({ value: { text: "a" } });
  const error = await rejection(iterator.next());
  expect(error).toBeInstanceOf(RpcError);
  expect(error.message).toBe("broke");
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(await rejection(stream.result)).toBe(error);
});

test("an item that does not decode ends the call", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).echo([]);
  const call = await connection.next();
  connection.send({ method: "rpc.item", params: { id: call.id, items: ["AAA=", 7, "AAA="] } });
  const iterator = stream[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toEqual(Uint8Array.of(0, 0));
  const error = await rejection(iterator.next());
  expect(error).toBeInstanceOf(DecodeError);
  expect(await rejection(stream.result)).toBe(error);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  const sent = [await connection.next(), await connection.next()].map(({ method }) => method);
  expect(sent.sort()).toEqual(["rpc.cancel", "rpc.upload_end"]);
});

test("an AbortSignal and cancel() end a stream that is waited for", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const stop = new AbortController();
  const first = chat.search({ query: "1" }, { signal: stop.signal });
  await connection.next();
  const next = rejection(first[Symbol.asyncIterator]().next());
  stop.abort("enough");
  expect(await next).toMatchObject({ name: "CancelledError", cause: "enough" });
  expect((await connection.next()).method).toBe("rpc.cancel");
  const second = chat.search({ query: "2" });
  await connection.next();
  const other = rejection(second[Symbol.asyncIterator]().next());
  second.cancel();
  expect((await other).name).toBe("CancelledError");
  expect((await connection.next()).method).toBe("rpc.cancel");
  const third = chat.search({ query: "3" }, { signal: stop.signal });
  expect(await rejection(third.result)).toMatchObject({ cause: "enough" });
  await connection.settled();
});

test("a stream has no time limit but the one that it is given", async ({ openAt, clock }) => {
  const { client, connection } = await openAt({}, { ping_ms: 600_000 });
  const chat = new ChatClient(client);
  const limited = chat.search({ query: "hi" }, { timeoutMs: 500 });
  expect((await connection.next()).meta).toEqual({ timeout_ms: 500, credit: 64 });
  const unlimited = chat.search({ query: "hi" });
  const call = await connection.next();
  const next = rejection(limited[Symbol.asyncIterator]().next());
  clock.advance(500);
  expect(await next).toBeInstanceOf(DeadlineExceededError);
  clock.advance(4_000);
  connection.answer(call, { found: 0 });
  expect(await unlimited.result).toEqual({ found: 0 });
});

test("more items than there was credit for end the stream", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  items(connection, call, ...Array.from({ length: 65 }, String));
  expect(await rejection(stream.result)).toMatchObject({ kind: "resource_exhausted" });
  expect((await connection.next()).method).toBe("rpc.cancel");
});

test("streams above max_streams wait for their turn, and hold back no call", async ({ open }) => {
  const { client, connection } = await open({}, { limits: { max_streams: 1 } });
  const chat = new ChatClient(client);
  const first = chat.search({ query: "1" });
  const second = chat.search({ query: "2" });
  const counted = chat.count({ room: "a" });
  const call = await connection.next();
  connection.answer(await connection.next(), 7);
  expect(await counted).toBe(7);
  await connection.settled();
  connection.answer(call, { found: 1 });
  connection.answer(await connection.next(), { found: 2 });
  expect([await first.result, await second.result]).toEqual([{ found: 1 }, { found: 2 }]);
});

test("a stream goes on over a cut; a lost session ends it after what had come", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const stream = new ChatClient(client).echo([]);
  const call = await connection.next();
  await connection.next();
  connection.send({ method: "rpc.item", params: { id: call.id, items: ["AA=="] }, seq: 1 });
  await connection.settled();
  const { received } = connection;
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(250);
  const again = await peer.next();
  const hello = await again.greet({ resumed: true, received });
  expect(hello.params?.resume).toMatchObject({ session: "s-1", attempt: 1, received: 1 });
  again.send({ method: "rpc.item", params: { id: call.id, items: ["AQ=="] }, seq: 2 });
  await again.settled();
  again.kill();
  await until(client, "reconnecting");
  clock.advance(500);
  await (await peer.next()).greet({ reason: "expired" });
  expect(await until(client, "open")).toMatchObject({ resumed: false, reason: "expired" });
  const bytes: number[] = [];
  const loop = async () => {
    for await (const [byte = -1] of stream) bytes.push(byte);
  };
  expect(await rejection(loop())).toBeInstanceOf(ConnectionLostError);
  expect(bytes).toEqual([0, 1]);
});

test("a plain peer streams, too", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  expect(call.meta).toEqual({ credit: 64 });
  items(connection, call, "a");
  for await (const _ of stream) break;
  expect(await connection.next()).toEqual({
    jsonrpc: "2.0",
    method: "rpc.cancel",
    params: { id: call.id },
  });
});

test("a stream whose result nobody looks at ends no process", async ({ open }) => {
  const { client, connection } = await open();
  new ChatClient(client).search({ query: "hi" });
  connection.fail(await connection.next(), { code: 7, message: "broke" });
  await connection.settled();
});

test("layers are around a stream from its first byte to its result", async ({ open }) => {
  const seen: string[] = [];
  const { client, connection } = await open({
    layers: [
      async (call, next) => {
        seen.push(call.kind);
        const result = await next({ ...call, meta: { trace: "1" } });
        seen.push("done");
        return result;
      },
    ],
  });
  const stream = new ChatClient(client).search({ query: "hi" });
  const call = await connection.next();
  expect(call.meta).toEqual({ trace: "1", credit: 64 });
  items(connection, call, "a");
  connection.answer(call, { found: 1 });
  for await (const { text } of stream) expect([text, ...seen]).toEqual(["a", "stream"]);
  await stream.result;
  expect(seen).toEqual(["stream", "done"]);
});
