// The fate of calls when the connection is lost: carried to the next one, or of unknown outcome.

import { expect, vi } from "vitest";
import { WebSocket } from "ws";
import { ClosedError, ConnectionLostError, connect, ResourceExhaustedError } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

test("a session that nobody knows any more: a written call is lost, its outcome unknown", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const posted = rejection(new ChatClient(client).post({ room: "a", text: "b" }));
  await connection.next();
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(250);
  await (await peer.next()).greet({ reason: "unknown" });
  const error = await posted;
  expect(error).toBeInstanceOf(ConnectionLostError);
  expect(error.message).toContain("the outcome of chat.post is unknown");
  expect(error).toMatchObject({ disconnect: { code: 1006, comeBack: true } });
});

test("calls made while away go out on the next connection, in their order", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  connection.kill();
  await until(client, "reconnecting");
  const first = chat.post({ room: "a", text: "1" });
  const typing = chat.typing({ room: "a" });
  const second = chat.post({ room: "a", text: "2" });
  clock.advance(250);
  const again = await peer.next();
  await again.greet();
  const [one, two, three] = [await again.next(), await again.next(), await again.next()];
  expect([one.params?.text, two.method, three.params?.text]).toEqual(["1", "chat.typing", "2"]);
  await typing;
  again.answer(three, { id: 2 });
  again.answer(one, { id: 1 });
  expect([await first, await second]).toEqual([{ id: 1 }, { id: 2 }]);
});

test("an idempotent call that was written is sent again, before what waited", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  const counted = chat.count({ room: "a" });
  const { id } = await connection.next();
  connection.kill();
  await until(client, "reconnecting");
  const posted = chat.post({ room: "a", text: "b" });
  clock.advance(250);
  const again = await peer.next();
  await again.greet();
  const call = await again.next();
  expect([call.id, call.method]).toEqual([id, "chat.count"]);
  again.answer(call, 7);
  again.answer(await again.next(), { id: 1 });
  expect(await counted).toBe(7);
  await posted;
});

test("an idempotent call is sent again three times, and is then lost", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt({ timeoutMs: Number.POSITIVE_INFINITY });
  const counted = rejection(new ChatClient(client).count({ room: "a" }));
  let current = connection;
  for (let sent = 1; sent <= 4; sent += 1) {
    expect((await current.next()).method).toBe("chat.count");
    current.kill();
    const { nextTryAt } = await until(client, "reconnecting");
    clock.advance(nextTryAt.getTime() - clock.now());
    current = await peer.next();
    await current.greet();
    await until(client, "open");
  }
  expect(await counted).toBeInstanceOf(ConnectionLostError);
  await current.settled();
});

test("a call's time limit runs on while it waits", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  connection.kill();
  await until(client, "reconnecting");
  const short = rejection(chat.post({ room: "a", text: "1" }, { timeoutMs: 100 }));
  const long = chat.post({ room: "a", text: "2" }, { timeoutMs: 1_000 });
  clock.advance(100);
  expect((await short).message).toBe("chat.post took longer than 100 ms");
  clock.advance(100);
  const again = await peer.next();
  await again.greet();
  const call = await again.next();
  expect([call.params?.text, call.meta]).toEqual(["2", { timeout_ms: 800 }]);
  again.answer(call, {});
  await long;
});

test("without a session the queue is bounded: one more fails at once and names the limit", async ({
  peer,
}) => {
  const client = await connect(peer.url, { webSocket: WebSocket, lazy: true, queue: 2 });
  const chat = new ChatClient(client);
  const waiting = Promise.allSettled([chat.hello(), chat.typing({ room: "a" })]);
  const error = await rejection(chat.hello());
  expect(error).toBeInstanceOf(ResourceExhaustedError);
  expect(error).toMatchObject({ retryable: true });
  expect(error.message).toContain("2 calls wait already (option queue)");
  await expect(chat.typing({ room: "a" })).rejects.toBeInstanceOf(ResourceExhaustedError);
  await client.close();
  await waiting;
});

test("a call that is cancelled while it waits is never sent", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  connection.kill();
  await until(client, "reconnecting");
  const stop = new AbortController();
  const posted = rejection(chat.post({ room: "a", text: "1" }, { signal: stop.signal }));
  stop.abort();
  expect((await posted).name).toBe("CancelledError");
  clock.advance(250);
  const again = await peer.next();
  await again.greet();
  await until(client, "open");
  await again.settled();
});

test("what waits is not carried to another user", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt({}, { user: "ann" });
  connection.kill();
  await until(client, "reconnecting");
  const posted = rejection(new ChatClient(client).post({ room: "a", text: "b" }));
  clock.advance(250);
  const again = await peer.next();
  await again.greet({ user: "bob" });
  const error = await posted;
  expect(error).toBeInstanceOf(ClosedError);
  expect(error.message).toContain("another user");
  await again.settled();
  expect(client.user).toBe("bob");
});

test("a socket that is closing already is not written to: the call is carried", async ({
  openAt,
  peer,
  clock,
}) => {
  const sockets: WebSocket[] = [];
  class Seen extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      sockets.push(this);
    }
  }
  const { client, connection } = await openAt({ webSocket: Seen });
  // The peer says farewell and then reads nothing: the client's socket stays between open and closed.
  connection.socket.pause();
  connection.socket.close(4000);
  await vi.waitFor(() => expect(sockets[0]?.readyState).toBe(WebSocket.CLOSING));
  const posted = new ChatClient(client).post({ room: "a", text: "b" });
  expect(client.state.type).toBe("open");
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(250);
  const again = await peer.next();
  await again.greet();
  again.answer(await again.next(), { id: 4 });
  expect(await posted).toEqual({ id: 4 });
});

test("calls that a state listener makes go out after those that waited", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const chat = new ChatClient(client);
  connection.kill();
  await until(client, "reconnecting");
  const waited = chat.count({ room: "waited" });
  const listened = new Promise<number>((resolve) => {
    const stop = client.onState(() => {
      stop();
      resolve(chat.count({ room: "listened" }));
    });
  });
  clock.advance(250);
  const again = await peer.next();
  await again.greet();
  for (const room of ["waited", "listened"]) {
    const call = await again.next();
    expect(call.params).toEqual({ room });
    again.answer(call, 1);
  }
  await Promise.all([waited, listened]);
});
