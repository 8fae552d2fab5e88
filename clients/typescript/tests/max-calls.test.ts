// Calls above the server's `max_calls` are held back, in order, so that many at once take their turn.

import { expect } from "vitest";
import { ClosedError } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection } from "./support/states.ts";

const TWO = { limits: { max_calls: 2 } };

test("a thousand calls at once take their turn", async ({ open }) => {
  const { client, connection } = await open({}, TWO);
  const chat = new ChatClient(client);
  const rooms = Array.from({ length: 1_000 }, (_, number) => String(number));
  const counted = Promise.all(rooms.map((room) => chat.count({ room })));
  for (const room of rooms) {
    const call = await connection.next();
    expect(call.params).toEqual({ room });
    expect(connection.unread).toBeLessThanOrEqual(1);
    connection.answer(call, Number(room));
  }
  expect(await counted).toEqual(rooms.map(Number));
});

test("a notification passes no call that is held back", async ({ open }) => {
  const { client, connection } = await open({}, TWO);
  const chat = new ChatClient(client);
  const calls = Promise.all([chat.hello(), chat.hello(), chat.hello()]);
  const typing = chat.typing({ room: "a" });
  const [one, two] = [await connection.next(), await connection.next()];
  await connection.settled();
  connection.answer(one, null);
  const three = await connection.next();
  expect([three.method, (await connection.next()).method]).toEqual(["chat.hello", "chat.typing"]);
  connection.answer(two, null);
  connection.answer(three, null);
  await calls;
  await typing;
});

test("behind a thousand calls that are held back there is room for a notification", async ({
  open,
}) => {
  const { client, connection } = await open({}, TWO);
  const chat = new ChatClient(client);
  const calls = Promise.allSettled(Array.from({ length: 1_000 }, () => chat.hello()));
  const typing = rejection(chat.typing({ room: "a" }));
  await connection.next();
  await client.close();
  expect(await typing).toBeInstanceOf(ClosedError);
  await calls;
});

test("a cancelled call gives its place to the next", async ({ open }) => {
  const { client, connection } = await open({}, { limits: { max_calls: 1 } });
  const chat = new ChatClient(client);
  const stop = new AbortController();
  const first = Promise.allSettled([chat.hello({ signal: stop.signal })]);
  const second = chat.count({ room: "a" });
  await connection.next();
  await connection.settled();
  stop.abort();
  expect((await connection.next()).method).toBe("rpc.cancel");
  connection.answer(await connection.next(), 5);
  expect(await second).toBe(5);
  await first;
});
