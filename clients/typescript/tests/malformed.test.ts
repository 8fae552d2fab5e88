// Input that makes no sense, of every sort: it never throws, it is reported, and the connection lives.

import { expect } from "vitest";
import { WebSocket } from "ws";
import { connect, TooLargeError } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

const DEEP = 100_000;

/** Not JSON: answered with a parse error. */
const UNREADABLE: Readonly<Record<string, string>> = {
  "an empty frame": "",
  "half a message": '{"jsonrpc":"2.0","id":1',
  "text that is no JSON": "hello",
  "a NUL": "\u0000",
};

/** JSON, but no message: answered with an invalid request. */
const MEANINGLESS: Readonly<Record<string, string>> = {
  null: "null",
  "a number": "7",
  "a string": '"rpc.ping"',
  "an empty array": "[]",
  "a batch": '[{"jsonrpc":"2.0","method":"rpc.ping"}]',
  "an empty object": "{}",
  "another version": '{"jsonrpc":"1.0","method":"rpc.ping"}',
  "a method that is no string": '{"jsonrpc":"2.0","id":5,"method":{}}',
  "params that are a number": '{"jsonrpc":"2.0","method":"chat.announcement","params":7}',
  "an id that is an object": '{"jsonrpc":"2.0","id":{},"method":"ui.confirm"}',
  "an id that is true": '{"jsonrpc":"2.0","id":true,"result":1}',
  "a response with neither result nor error": '{"jsonrpc":"2.0","id":1}',
  "deep nesting": `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`,
  "a prototype": '{"__proto__":{"jsonrpc":"2.0","method":"rpc.ping"}}',
};

/** Messages that are well formed, and to be ignored. */
const IGNORED: readonly string[] = [
  '{"jsonrpc":"2.0","id":"1","result":"an id of another type"}',
  '{"jsonrpc":"2.0","id":99,"result":"nobody waits"}',
  '{"jsonrpc":"2.0","id":0,"result":{"session":"a second hello"}}',
  '{"jsonrpc":"2.0","id":1e999,"error":7}',
  '{"jsonrpc":"2.0","method":"chat.unheard","params":{"a":1}}',
  '{"jsonrpc":"2.0","method":"constructor","params":null}',
  '{"jsonrpc":"2.0","method":"rpc.future","params":{"a":1}}',
  '{"jsonrpc":"2.0","method":"rpc.cancel"}',
  '{"jsonrpc":"2.0","method":"rpc.cancel","params":{"id":{}}}',
  '{"jsonrpc":"2.0","method":"rpc.pong","params":[1,2]}',
  '{"jsonrpc":"2.0","method":"rpc.item","params":{"id":1,"items":[1]}}',
];

test("frames that cannot be read are answered parse_error, and the connection lives", async ({
  open,
}) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  for (const frame of Object.values(UNREADABLE)) {
    connection.raw(frame);
    expect(await connection.next()).toMatchObject({ id: null, error: { code: -32700 } });
  }
  expect(errors).toHaveLength(Object.keys(UNREADABLE).length);
  const done = new ChatClient(client).hello();
  connection.answer(await connection.next(), null);
  await done;
});

test("JSON that is no message is answered invalid_request, and the connection lives", async ({
  open,
}) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  for (const frame of Object.values(MEANINGLESS)) {
    connection.raw(frame);
    expect(await connection.next()).toMatchObject({ id: null, error: { code: -32600 } });
  }
  expect(errors).toHaveLength(Object.keys(MEANINGLESS).length);
  const done = new ChatClient(client).hello();
  connection.answer(await connection.next(), null);
  await done;
});

test("what means nothing to this client is ignored without a word", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  const done = new ChatClient(client).hello();
  const call = await connection.next();
  for (const frame of IGNORED) connection.raw(frame);
  await connection.settled();
  connection.answer(call, null);
  connection.answer(call, "twice");
  await done;
  await connection.settled();
  expect(errors).toEqual([]);
});

test("an error without an id is reported: it says what the server could not read", async ({
  open,
}) => {
  const errors: unknown[] = [];
  const { connection } = await open({ onError: (error) => errors.push(error) });
  connection.send({ id: null, error: { code: -32700, message: "what you sent" } });
  await connection.settled();
  expect(errors).toEqual([expect.objectContaining({ code: -32700, message: "what you sent" })]);
});

test("a binary frame on the JSON subprotocol ends the connection with 1003", async ({ open }) => {
  const { client, connection } = await open();
  connection.raw(Buffer.from('{"jsonrpc":"2.0","method":"chat.announcement"}'));
  const { gaveUp, disconnect } = await until(client, "closed");
  expect([gaveUp, disconnect.code]).toEqual([false, 1003]);
});

test("a malformed rpc.close is reported and closes nothing", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  for (const params of [undefined, [], {}, { code: "4501" }, { code: -1 }]) {
    connection.send({ method: "rpc.close", params });
  }
  connection.raw('{"jsonrpc":"2.0","method":"rpc.close","params":{"code":1e999}}');
  await connection.settled();
  expect(errors).toHaveLength(6);
  expect(client.state.type).toBe("open");
});

test("anything before the answer to hello ends the attempt", async ({ peer }) => {
  const frames = [
    '{"jsonrpc":"2.0","id":1,"method":"ui.confirm","params":{}}',
    '{"jsonrpc":"2.0","method":"chat.announcement","params":{"text":"a"}}',
    '{"jsonrpc":"2.0","id":0,"result":null}',
    '{"jsonrpc":"2.0","id":0,"result":{"session":7}}',
    '{"jsonrpc":"2.0","id":1,"result":{"session":"s"}}',
    "not json",
  ];
  for (const frame of frames) {
    const connecting = rejection(connect(peer.url, { webSocket: WebSocket, onError: () => {} }));
    const connection = await peer.next();
    await connection.next();
    connection.raw(frame);
    expect((await connecting).message).toContain("(1002)");
    await connection.closed;
    expect(connection.unread).toBe(0);
  }
});

test("rpc.ping and rpc.close may come before the answer to hello", async ({ peer }) => {
  const connecting = rejection(connect(peer.url, { webSocket: WebSocket }));
  const connection = await peer.next();
  await connection.next();
  await connection.settled();
  connection.send({ method: "rpc.close", params: { code: 4501, reason: "not from here" } });
  connection.kill();
  expect((await connecting).message).toContain("not from here (4501)");
});

test("limits of hello that make no sense are the protocol's defaults", async ({
  openAt,
  clock,
}) => {
  const { client, connection } = await openAt(
    {},
    { ping_ms: "soon", limits: { max_calls: 0, max_message_bytes: null } },
  );
  const chat = new ChatClient(client);
  const done = Promise.all(Array.from({ length: 65 }, () => chat.hello()));
  const calls = [];
  for (let count = 1; count <= 64; count += 1) calls.push(await connection.next());
  await connection.settled();
  for (const call of calls) connection.answer(call, null);
  connection.answer(await connection.next(), null);
  await done;
  const large = await rejection(chat.typing({ room: "x".repeat(1_048_576) }));
  expect(large).toBeInstanceOf(TooLargeError);
  expect(large.message).toContain("the server takes 1048576 bytes");
  await connection.settled();
  clock.advance(34_999);
  expect(client.state.type).toBe("open");
  clock.advance(1);
  const { lastError } = await until(client, "reconnecting");
  expect(lastError.message).toContain("heartbeat timeout (4008)");
});

test("an onError that throws harms nothing", async ({ open }) => {
  const { client, connection } = await open({
    onError: (error) => {
      if (error instanceof TypeError) throw new RangeError("a fault of the application");
    },
  });
  const reported = console.error;
  const seen: unknown[] = [];
  console.error = (error: unknown) => seen.push(error);
  connection.raw("7");
  await connection.next();
  const done = new ChatClient(client).hello();
  connection.answer(await connection.next(), null);
  await done;
  console.error = reported;
  expect(seen).toEqual([expect.any(RangeError)]);
});
