// What the server says of the end of a connection, and what the client makes of it.

import { expect } from "vitest";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { until } from "./support/states.ts";

test("a verdict that says stay away is the end, without having given up", async ({ open }) => {
  const { client, connection } = await open();
  connection.socket.close(4502, "logged out");
  expect(await until(client, "closed")).toEqual({
    type: "closed",
    gaveUp: false,
    disconnect: { code: 4502, reason: "logged out", comeBack: false },
  });
});

test("rpc.close counts more than the WebSocket close code", async ({ open }) => {
  const { client, connection } = await open();
  connection.send({ method: "rpc.close", params: { code: 4501, reason: "forbidden" } });
  connection.kill();
  expect(await until(client, "closed")).toMatchObject({ disconnect: { code: 4501 } });
});

test("a drain: open calls are answered, new ones wait, the return is spread", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  const before = chat.count({ room: "a" });
  const call = await connection.next();
  const params = { code: 4000, reason: "draining", in_ms: 5_000, retry_within_ms: 20_000 };
  connection.send({ method: "rpc.close", params });
  await connection.settled();
  const after = chat.post({ room: "a", text: "b" });
  const typing = chat.typing({ room: "a" });
  await connection.settled();
  connection.answer(call, 1);
  expect(await before).toBe(1);
  connection.send({ method: "rpc.close", params: { code: 4000, reason: "draining" } });
  connection.socket.close(4000);
  const { nextTryAt } = await until(client, "reconnecting");
  expect(nextTryAt.getTime() - clock.now()).toBe(10_000);
  clock.advance(10_000);
  const again = await peer.next();
  await again.greet();
  const carried = await again.next();
  expect(carried.method).toBe("chat.post");
  again.answer(carried, {});
  await Promise.all([after, typing]);
});

test("a server that announces a close and never closes is dropped", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  const params = { code: 4000, reason: "draining", in_ms: 1_000 };
  connection.send({ method: "rpc.close", params });
  await connection.settled();
  clock.advance(10_999);
  expect(client.state.type).toBe("open");
  clock.advance(1);
  expect(client.state).toMatchObject({ type: "reconnecting", attempt: 1 });
});
