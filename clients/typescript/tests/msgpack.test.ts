// MessagePack: what crosses the wire in it, and what does not.

import { Encoder } from "@msgpack/msgpack";
import { expect } from "vitest";
import { WebSocket } from "ws";
import { json } from "../src/codec.ts";
import { readHello } from "../src/hello.ts";
import { connect, DecodeError, decodeBytes, encodeBytes } from "../src/index.ts";
import { msgpack } from "../src/msgpack.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

/** As hexadecimal digits. */
function hex(frame: unknown): string {
  return Buffer.from(frame as Uint8Array).toString("hex");
}

function bytes(digits: string): ArrayBuffer {
  return Uint8Array.from(Buffer.from(digits, "hex")).buffer;
}

/** A message whose integers may be larger than a number holds. */
function wide(message: object): Buffer {
  const encoder = new Encoder({ useBigInt64: true });
  return Buffer.from(encoder.encode({ jsonrpc: "2.0", ...message }));
}

test("seq is added as the last member, in both codecs", () => {
  const body = msgpack.encode({ id: 1 });
  expect(hex(body)).toBe("81a2696401");
  expect(hex(msgpack.seal(body, 7))).toBe("82a2696401a373657107");
  expect(msgpack.decode(msgpack.seal(body, 2 ** 40))).toEqual({ id: 1, seq: 2 ** 40 });
  expect(json.seal(json.encode({ id: 1 }), 7)).toBe('{"id":1,"seq":7}');
});

test("the seq of a frame that cannot be decoded is found at its end", () => {
  for (const seq of [1, 200, 60_000, 4_000_000_000, 2 ** 53 - 1]) {
    const sealed = msgpack.seal(msgpack.encode({ id: 1 }), seq) as Uint8Array<ArrayBuffer>;
    const broken = Uint8Array.from([0xc1, ...sealed]);
    expect(() => msgpack.decode(broken)).toThrow();
    expect(msgpack.seqAtEnd(broken)).toBe(seq);
    expect(json.seqAtEnd(`{"id":,"seq":${seq}}`)).toBe(seq);
  }
  expect(msgpack.seqAtEnd(bytes("c1a373657207"))).toBe(undefined);
  expect(msgpack.seqAtEnd(bytes("c1"))).toBe(undefined);
  expect(json.seqAtEnd('{"seq":1')).toBe(undefined);
});

test("a frame that ends with the key seq and no number has none, and throws nothing", () => {
  for (const end of ["c1", "81", "c0", "ff", "d9", "cb0000000000000000"]) {
    expect(msgpack.seqAtEnd(bytes(`84c1a3736571${end}`))).toBe(undefined);
  }
});

test("__proto__ is a key like any other", () => {
  const text = '{"__proto__":{"__proto__":1,"b":[{"__proto__":2}]},"a":"__proto__"}';
  const wire = msgpack.encode(JSON.parse(text));
  expect(JSON.parse(JSON.stringify(msgpack.decode(wire)))).toEqual(JSON.parse(text));
  const { prototype } = Object;
  expect(Object.getPrototypeOf(msgpack.decode(wire))).toBe(prototype);
});

test("what announces more than it holds is refused before anything is made of it", () => {
  for (const head of ["dd01000000", "df01000000", "dc4000", "9f"]) {
    for (const times of [1, 8]) {
      expect(() => msgpack.decode(bytes(head.repeat(times)))).toThrow("more values than it has");
    }
  }
  expect(() => msgpack.decode(bytes("c5ffff00"))).toThrow("cut off");
  expect(() => msgpack.decode(bytes("91d9ff00"))).toThrow("cut off");
});

test("a message of every form is scanned to its end", () => {
  const forms = [
    ["c0", null],
    ["c3", true],
    ["c403010203", Uint8Array.of(1, 2, 3)],
    ["c5000101", Uint8Array.of(1)],
    ["c60000000101", Uint8Array.of(1)],
    ["ca3fc00000", 1.5],
    ["cb3ff8000000000000", 1.5],
    ["cc80", 128],
    ["cd0100", 256],
    ["ce00010000", 65_536],
    ["cf0000000000000001", 1],
    ["d080", -128],
    ["d1ff00", -256],
    ["d2ffff0000", -65_536],
    ["d3ffffffffffffffff", -1],
    ["d90161", "a"],
    ["da000161", "a"],
    ["db0000000161", "a"],
    ["dc000101", [1]],
    ["dd0000000101", [1]],
    ["de0001a16101", { a: 1 }],
    ["df00000001a16101", { a: 1 }],
    ["80", {}],
    ["90", []],
    ["ff", -1],
  ] as const;
  for (const [form, value] of forms) {
    expect(msgpack.decode(bytes(`92${form}07`))).toEqual([value, 7]);
  }
});

test("a message may be nested 128 deep, and not more", () => {
  expect(msgpack.decode(bytes(`${"91".repeat(127)}90`))).toHaveLength(1);
  expect(() => msgpack.decode(bytes(`${"91".repeat(128)}90`))).toThrow("more than 128 deep");
});

test("integers are read as numbers, as far as a number holds them exactly", () => {
  const largest = "cf001fffffffffffff";
  expect(msgpack.decode(bytes(`8101${largest}`))).toEqual({ 1: 2 ** 53 - 1 });
  expect(msgpack.decode(bytes("9181a161d3ffffffff00000000"))).toEqual([{ a: -(2 ** 32) }]);
});

test("an integer that would be rounded fails its call, its item or its event, and nothing else", async ({
  open,
}) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({
    codec: msgpack,
    onError: (error) => errors.push(error),
  });
  const send = (message: object) => connection.raw(wide(message));
  const chat = new ChatClient(client);
  const posted = rejection(chat.post({ room: "a", text: "b" }));
  const { id } = await connection.next();
  send({ id, result: { text: "x", id: 2n ** 53n } });
  expect(await posted).toBeInstanceOf(DecodeError);
  expect((await posted).message).toContain("/id: 9007199254740992 is outside");
  const stream = chat.search({ query: "a" });
  const call = await connection.next();
  send({ method: "rpc.item", params: { id: call.id, items: [{ id: 1 }, { id: -(2n ** 60n) }] } });
  const iterator = stream[Symbol.asyncIterator]();
  expect(await iterator.next()).toEqual({ done: false, value: { id: 1 } });
  expect((await rejection(iterator.next())).message).toContain("/id: -1152921504606846976");
  expect((await connection.next()).method).toBe("rpc.cancel");
  chat.onAnnouncement(() => {});
  send({ method: "chat.announcement", params: { text: [2n ** 63n] } });
  await connection.settled();
  expect(errors).toEqual([expect.any(DecodeError)]);
});

for (const [seq, code] of [
  [2n ** 53n, 4050],
  [2n ** 60n, 4050],
  [-(2n ** 60n), 1002],
] as const) {
  test(`an ack of ${seq}, which a number rounds, closes ${code}, as with JSON`, async ({
    open,
  }) => {
    const { client, connection } = await open({ codec: msgpack, reconnect: false });
    connection.raw(wide({ method: "rpc.ack", params: { seq, later: 2n ** 60n } }));
    expect((await until(client, "closed")).disconnect.code).toBe(code);
  });
}

test("members that are not known are ignored where a number rounds what they hold, too", async ({
  open,
}) => {
  const later = [2n ** 60n];
  const { client, connection } = await open({ codec: msgpack });
  const send = (message: object) => connection.raw(wide(message));
  const stream = new ChatClient(client).search({ query: "a" });
  const call = await connection.next();
  send({ method: "rpc.ack", params: { later, seq: 1n } });
  send({ method: "rpc.item", params: { later, id: call.id, items: [{ text: "b" }] } });
  connection.answer(call, { found: 1 });
  const texts: string[] = [];
  for await (const { text } of stream) texts.push(text);
  expect(texts).toEqual(["b"]);
  await connection.settled();
});

test("a hello is read in MessagePack whatever the members hold that are not known", () => {
  const told = { later: 2n ** 60n, session: "s", ping_ms: 1_000n };
  const message = msgpack.decode(Uint8Array.from(wide({ result: told }))) as { result: unknown };
  expect(readHello(message.result)).toMatchObject({ session: "s", pingMs: 1_000 });
});

test("what no message has is refused: dates, bigints, extension types, cycles", () => {
  expect(() => msgpack.encode({ at: new Date(0) })).toThrow("toISOString");
  expect(() => msgpack.encode({ big: 1n })).toThrow();
  expect(() => msgpack.decode(bytes("d6ff00000000"))).toThrow("extension type");
  const cycle: { self?: object } = {};
  cycle.self = cycle;
  expect(() => msgpack.encode(cycle)).toThrow();
});

test("bytes go as they are; members that are undefined do not go", () => {
  const wire = msgpack.encode({ data: encodeBytes(Uint8Array.of(1, 2)), left: undefined });
  expect(hex(wire)).toBe("81a464617461c4020102");
  const { data } = msgpack.decode(wire) as { data: unknown };
  expect(decodeBytes(data)).toEqual(Uint8Array.of(1, 2));
});

test("bytes that arrive have a buffer of their own, wherever they are, as with JSON", () => {
  const own = Uint8Array.of(1, 2);
  const message = { result: own, params: { items: [own], map: { list: [own] } }, left: "text" };
  const wire = msgpack.encode(message);
  const { result, params } = msgpack.decode(wire) as typeof message;
  for (const arrived of [result, ...params.items, ...params.map.list]) {
    expect([arrived, arrived.buffer.byteLength]).toEqual([own, 2]);
    expect(decodeBytes(arrived)).toBe(arrived);
  }
});

test("a client speaks MessagePack when it is told to, bytes included", async ({ peer }) => {
  const connecting = connect(peer.url, { webSocket: WebSocket, codec: msgpack });
  const connection = await peer.next();
  await connection.greet();
  const client = await connecting;
  expect(connection.socket.protocol).toBe("wirecall.1.msgpack");
  const chat = new ChatClient(client);
  const counted = chat.count({ room: "a" });
  connection.answer(await connection.next(), 7);
  expect(await counted).toBe(7);
  const stream = chat.echo([]);
  const call = await connection.next();
  const params = { id: call.id, items: [Uint8Array.of(5)] };
  connection.send({ method: "rpc.item", params });
  for await (const chunk of stream) {
    expect([...chunk]).toEqual([5]);
    break;
  }
  await client.close();
});

test("a text frame on MessagePack is refused", async ({ open }) => {
  const { client, connection } = await open({ codec: msgpack });
  const closed = rejection(new ChatClient(client).hello());
  connection.raw("{}");
  expect((await closed).message).toContain("a frame of the wrong type");
});

test("a plain peer with a codec is refused", async () => {
  const options = { webSocket: WebSocket, plain: true, codec: msgpack };
  const error = await rejection(connect("ws://127.0.0.1:9/", options));
  expect(error.message).toContain("speaks JSON");
});
