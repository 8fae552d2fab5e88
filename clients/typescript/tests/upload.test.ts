// Uploads: where the items come from, when they are pulled, and when no more are.

import { expect } from "vitest";
import { TooLargeError } from "../src/index.ts";
import { ChatClient, ExportBusyError } from "./fixtures/chat.ts";
import { Arrivals } from "./support/arrivals.ts";
import { test } from "./support/fixture.ts";
import type { PeerConnection, Wire } from "./support/peer.ts";
import { rejection, until } from "./support/states.ts";

const ONE = Uint8Array.of(1);

function grant(connection: PeerConnection, call: Wire, credit: number): void {
  connection.send({ method: "rpc.upload_credit", params: { id: call.id, credit } });
}

/** Endless chunks, and what becomes of their source. */
class Source {
  pulled = 0;
  readonly ended = new Arrivals<true>();

  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        this.pulled += 1;
        yield ONE;
      }
    } finally {
      this.ended.push(true);
    }
  }
}

test("items go as the callee grants, the end without credit, and then comes the result", async ({
  open,
}) => {
  const { client, connection } = await open();
  const uploaded = new ChatClient(client).upload({ name: "a" }, [ONE, ONE, Uint8Array.of(2)]);
  const call = await connection.next();
  expect(call).toMatchObject({ method: "chat.upload", params: { name: "a" } });
  expect(call.meta).toBe(undefined);
  await connection.settled();
  grant(connection, call, 2);
  for (let sent = 0; sent < 2; sent += 1) {
    expect((await connection.next()).params).toEqual({ id: call.id, items: ["AQ=="] });
  }
  await connection.settled();
  grant(connection, call, 1);
  expect((await connection.next()).params).toEqual({ id: call.id, items: ["Ag=="] });
  expect(await connection.next()).toMatchObject({
    method: "rpc.upload_end",
    params: { id: call.id },
  });
  connection.answer(call, "file-1");
  expect(await uploaded).toBe("file-1");
});

test("an empty upload ends without credit, from any kind of iterable", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  async function* nothing(): AsyncGenerator<Uint8Array> {}
  for (const chunks of [[], new Set<Uint8Array>(), nothing()]) {
    const uploaded = chat.upload({ name: "a" }, chunks);
    const call = await connection.next();
    expect((await connection.next()).method).toBe("rpc.upload_end");
    connection.answer(call, "empty");
    expect(await uploaded).toBe("empty");
  }
});

test("a source is one item ahead at most, and tidies up when the callee answers early", async ({
  open,
}) => {
  const { client, connection } = await open();
  const source = new Source();
  const uploaded = rejection(new ChatClient(client).upload({ name: "a" }, source.chunks()));
  const call = await connection.next();
  grant(connection, call, 5);
  for (let sent = 0; sent < 5; sent += 1) await connection.next();
  await connection.settled();
  expect(source.pulled).toBe(6);
  connection.fail(call, { code: 1003, message: "busy", data: { kind: "export_busy" } });
  expect(await uploaded).toBeInstanceOf(ExportBusyError);
  await source.ended.next();
  grant(connection, call, 5);
  await connection.settled();
});

test("a source that fails cancels the call and rejects it with its own error", async ({ open }) => {
  const { client, connection } = await open();
  const fault = new Error("disk");
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield ONE;
    throw fault;
  }
  const uploaded = rejection(new ChatClient(client).upload({ name: "a" }, broken()));
  const call = await connection.next();
  grant(connection, call, 5);
  await connection.next();
  expect(await connection.next()).toMatchObject({ method: "rpc.cancel", params: { id: call.id } });
  expect(await uploaded).toBe(fault);
});

test("an item that is no bytes cancels the call, says which, and ends the source", async ({
  open,
}) => {
  const { client, connection } = await open();
  const ended = new Arrivals<true>();
  async function* texts(): AsyncGenerator<Uint8Array> {
    try {
      yield ONE;
      // A `ReadStream` of Node with an encoding gives them so, as `any`.
      yield "a text" as unknown as Uint8Array;
      yield ONE;
    } finally {
      ended.push(true);
    }
  }
  const uploaded = rejection(new ChatClient(client).upload({ name: "a" }, texts()));
  const call = await connection.next();
  grant(connection, call, 5);
  await connection.next();
  expect(await connection.next()).toMatchObject({ method: "rpc.cancel", params: { id: call.id } });
  const error = await uploaded;
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toBe(
    "item 2 of chat.upload cannot be encoded: bytes are a Uint8Array, and this is: string",
  );
  await ended.next();
});

test("the bytes themselves are no iterable of bytes", async ({ open }) => {
  const { client, connection } = await open();
  const bytes = ONE as unknown as Uint8Array[];
  const stream = new ChatClient(client).echo(bytes);
  const uploads = [new ChatClient(client).upload({ name: "a" }, bytes), stream.result];
  for (const uploaded of uploads) {
    expect((await rejection(uploaded)).message).toMatch(/^item 1 of chat\.\w+ cannot be encoded/);
  }
  const methods = [1, 2, 3, 4].map(async () => (await connection.next()).method);
  expect((await Promise.all(methods)).sort()).toEqual([
    "chat.echo",
    "chat.upload",
    "rpc.cancel",
    "rpc.cancel",
  ]);
});

test("items that are none reject the call, which is not made", async ({ open }) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const given: [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    ["a text", "string"],
    [{ length: 1 }, "Object"],
    [() => [ONE], "function"],
  ];
  for (const [items, name] of given) {
    const message = `takes an iterable of items, async or not, and got: ${name}`;
    const upload = await rejection(chat.upload({ name: "a" }, items as Uint8Array[]));
    expect(upload).toBeInstanceOf(TypeError);
    expect(upload.message).toBe(`chat.upload ${message}`);
    const stream = chat.echo(items as Uint8Array[]);
    const loop = await rejection(stream[Symbol.asyncIterator]().next());
    expect(loop.message).toBe(`chat.echo ${message}`);
    expect(await rejection(stream.result)).toBe(loop);
  }
  await connection.settled();
});

test("an AbortSignal ends an upload and its source", async ({ open }) => {
  const { client, connection } = await open();
  const source = new Source();
  const stop = new AbortController();
  const options = { signal: stop.signal };
  const uploaded = rejection(
    new ChatClient(client).upload({ name: "a" }, source.chunks(), options),
  );
  await connection.next();
  stop.abort();
  expect((await uploaded).name).toBe("CancelledError");
  expect((await connection.next()).method).toBe("rpc.cancel");
  await source.ended.next();
});

test("an item that is too large ends the call", async ({ open }) => {
  const { client, connection } = await open({}, { limits: { max_message_bytes: 1_000 } });
  const chunks = [new Uint8Array(1_000)];
  const uploaded = rejection(new ChatClient(client).upload({ name: "a" }, chunks));
  const call = await connection.next();
  grant(connection, call, 1);
  expect(await uploaded).toBeInstanceOf(TooLargeError);
  expect((await connection.next()).method).toBe("rpc.cancel");
});

test("an item that finds no room waits for an acknowledgement, and no call is held up by it", async ({
  open,
}) => {
  const { client, connection } = await open({ bufferBytes: 262_144 });
  connection.acknowledges = false;
  const chat = new ChatClient(client);
  const chunks = Array.from({ length: 3 }, () => new Uint8Array(120_000));
  const uploaded = chat.upload({ name: "a" }, chunks);
  const call = await connection.next();
  grant(connection, call, 64);
  await connection.next();
  await connection.settled();
  const counted = chat.count({ room: "a" });
  connection.answer(await connection.next(), 1);
  expect(await counted).toBe(1);
  for (let left = 0; left < 2; left += 1) {
    connection.send({ method: "rpc.ack", params: { seq: connection.received } });
    expect((await connection.next()).method).toBe("rpc.upload");
  }
  expect((await connection.next()).method).toBe("rpc.upload_end");
  connection.answer(call, "a");
  await uploaded;
  connection.send({ method: "rpc.ack", params: { seq: connection.received } });
});

test("an upload goes on over a cut, each item once", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt();
  connection.acknowledges = false;
  const chunks = [1, 2, 3].map((byte) => Uint8Array.of(byte));
  const uploaded = new ChatClient(client).upload({ name: "a" }, chunks);
  const call = await connection.next();
  connection.send({ method: "rpc.upload_credit", params: { id: call.id, credit: 2 }, seq: 1 });
  for (let sent = 0; sent < 2; sent += 1) await connection.next();
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(250);
  const again = await peer.next();
  // The second item was on its way.
  await again.greet({ resumed: true, received: 2 });
  expect((await again.next()).params?.items).toEqual(["Ag=="]);
  again.send({ method: "rpc.upload_credit", params: { id: call.id, credit: 2 }, seq: 2 });
  expect((await again.next()).params?.items).toEqual(["Aw=="]);
  expect((await again.next()).method).toBe("rpc.upload_end");
  again.send({ id: call.id ?? null, result: "file-1", seq: 3 });
  expect(await uploaded).toBe("file-1");
});

test("an upload that was never received goes into the next session, from its first item", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  connection.kill();
  await until(client, "reconnecting");
  const uploaded = new ChatClient(client).upload({ name: "a" }, [ONE]);
  clock.advance(250);
  const again = await peer.next();
  await again.greet({ reason: "expired" });
  const call = await again.next();
  grant(again, call, 1);
  expect((await again.next()).params?.items).toEqual(["AQ=="]);
  expect((await again.next()).method).toBe("rpc.upload_end");
  again.answer(call, "file-1");
  expect(await uploaded).toBe("file-1");
});

test("both ways at once: what comes does not wait for what goes", async ({ open }) => {
  const { client, connection } = await open();
  const stream = new ChatClient(client).echo([ONE, Uint8Array.of(2)]);
  const call = await connection.next();
  expect(call.meta).toEqual({ credit: 64 });
  grant(connection, call, 1);
  const { params } = await connection.next();
  connection.send({ method: "rpc.item", params: { id: call.id, items: params?.items } });
  const iterator = stream[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toEqual(ONE);
  grant(connection, call, 1);
  await connection.next();
  expect((await connection.next()).method).toBe("rpc.upload_end");
  connection.answer(call, null);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(await stream.result).toBe(null);
});

test("a layer that tries again may only do so before an item has passed", async ({ open }) => {
  const { client, connection } = await open({
    layers: [(call, next) => next(call).catch(() => next(call))],
  });
  const chat = new ChatClient(client);
  const first = chat.upload({ name: "a" }, [ONE]);
  connection.fail(await connection.next(), { code: 7, message: "not now" });
  const again = await connection.next();
  grant(connection, again, 1);
  await connection.next();
  await connection.next();
  connection.answer(again, "done");
  expect(await first).toBe("done");
  const second = rejection(chat.upload({ name: "b" }, [ONE, ONE]));
  const call = await connection.next();
  grant(connection, call, 1);
  await connection.next();
  connection.fail(call, { code: 7, message: "broke" });
  expect((await second).message).toContain("an upload cannot be sent again");
});

test("a source that has failed is no empty one for a layer that tries again", async ({ open }) => {
  const { client, connection } = await open({
    layers: [(call, next) => next(call).catch(() => next(call))],
  });
  const fault = new Error("disk");
  const broken = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(fault) }),
  };
  const texts = ["a text" as unknown as Uint8Array];
  const chat = new ChatClient(client);
  for (const [chunks, message] of [
    [broken, "disk"],
    [texts, "item 1 of chat.upload"],
  ] as const) {
    const uploaded = rejection(chat.upload({ name: "a" }, chunks));
    const call = await connection.next();
    expect(await connection.next()).toMatchObject({
      method: "rpc.cancel",
      params: { id: call.id },
    });
    expect((await uploaded).message).toContain(message);
    await connection.settled();
  }
});
