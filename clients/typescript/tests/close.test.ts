// The end of a client: what `close` waits for, what becomes of open calls, and that nothing is left.

import { expect } from "vitest";
import { WebSocket } from "ws";
import { connectIn } from "../src/client.ts";
import { ClosedError, ConnectError, ConnectionLostError, connect } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";
import { counted } from "./support/tokens.ts";

test("what was written before close reaches the server, and then the farewell", async ({
  open,
}) => {
  const { client, connection } = await open();
  const chat = new ChatClient(client);
  const text = "x".repeat(900_000);
  const posted = [1, 2, 3, 4].map(() => rejection(chat.post({ room: "a", text })));
  await client.close();
  const methods = [1, 2, 3, 4, 5].map(async () => (await connection.next()).method);
  expect(await Promise.all(methods)).toEqual([...Array(4).fill("chat.post"), "rpc.ping"]);
  expect((await connection.closed).code).toBe(1000);
  for (const lost of posted) expect(await lost).toBeInstanceOf(ConnectionLostError);
});

test("close waits for no ack that the server is in no hurry with", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  connection.acknowledges = false;
  await new ChatClient(client).typing({ room: "a" });
  const closing = client.close();
  expect((await connection.next()).method).toBe("chat.typing");
  expect((await connection.next()).method).toBe("rpc.ping");
  connection.send({ method: "rpc.pong" });
  expect((await connection.closed).code).toBe(1000);
  await closing;
  expect(clock.timerCount).toBe(0);
});

test("close ends the client: its state says so, and its calls fail", async ({ open }) => {
  const { client } = await open();
  const closing = client.close();
  expect(client.state).toEqual({
    type: "closed",
    gaveUp: false,
    disconnect: { code: 1000, reason: "closed by this client", comeBack: false },
  });
  const error = await rejection(new ChatClient(client).hello());
  expect(error).toBeInstanceOf(ClosedError);
  expect(error.message).toBe("chat.hello was not sent: closed by this client (1000)");
  await closing;
  await client.close();
  expect([client.session, client.user]).toEqual([undefined, undefined]);
});

test("a peer that never says farewell is waited for no longer than 3 seconds", async ({
  openAt,
  clock,
}) => {
  const { client, connection } = await openAt();
  // A peer that reads nothing any more does not answer the close either.
  connection.socket.pause();
  let isClosed = false;
  const closing = client.close().then(() => {
    isClosed = true;
  });
  clock.advance(2_999);
  await Promise.resolve();
  expect(isClosed).toBe(false);
  clock.advance(1);
  await closing;
  expect(clock.timerCount).toBe(0);
  connection.socket.resume();
});

test("close during a reconnect stops it; calls that wait fail", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt();
  connection.kill();
  await until(client, "reconnecting");
  const waiting = rejection(new ChatClient(client).hello());
  await client.close();
  expect(await waiting).toBeInstanceOf(ClosedError);
  expect(clock.timerCount).toBe(0);
  clock.advance(60_000);
  expect(peer.unseen).toBe(0);
});

test("close while connecting rejects nothing that nobody awaits", async ({ peer, clock }) => {
  const client = await connectIn(clock, peer.url, { webSocket: WebSocket, lazy: true });
  const called = rejection(new ChatClient(client).hello());
  await client.close();
  expect(await called).toBeInstanceOf(ClosedError);
  expect(clock.timerCount).toBe(0);
});

test("close while a token is awaited opens no connection", async ({ peer, clock }) => {
  let opened = 0;
  class Counted extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      opened += 1;
      super(url, protocols);
    }
  }
  let give = (_: string) => {};
  const token = () =>
    new Promise<string>((resolve) => {
      give = resolve;
    });
  const client = await connectIn(clock, peer.url, { webSocket: Counted, lazy: true, token });
  await client.close();
  give("t");
  await new Promise((resolve) => setImmediate(resolve));
  expect(opened).toBe(0);
  expect(clock.timerCount).toBe(0);
});

test("a token that expires while the client closes is refreshed, so that the farewell ends the session", async ({
  openAt,
  clock,
}) => {
  const token = counted();
  const { client, connection } = await openAt({ token }, { auth_expires_in_ms: 2_000 });
  connection.acknowledges = false;
  await new ChatClient(client).typing({ room: "a" });
  await connection.next();
  const closing = client.close();
  expect((await connection.next()).method).toBe("rpc.ping");
  clock.advance(1_500);
  const auth = await connection.next();
  expect(auth).toMatchObject({ method: "rpc.auth", params: { token: "t-2" } });
  connection.answer(auth, { auth_expires_in_ms: 2_000 });
  connection.send({ method: "rpc.ack", params: { seq: connection.received } });
  expect((await connection.closed).code).toBe(1000);
  await closing;
});

test("a token that is awaited when the client closes is still given to the server", async ({
  openAt,
  clock,
}) => {
  let give = (_: string) => {};
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked === 1) return "t-1";
    return new Promise<string>((resolve) => {
      give = resolve;
    });
  };
  const { client, connection } = await openAt({ token }, { auth_expires_in_ms: 20_000 });
  connection.acknowledges = false;
  await new ChatClient(client).typing({ room: "a" });
  await connection.next();
  clock.advance(15_000);
  const closing = client.close();
  expect((await connection.next()).method).toBe("rpc.ping");
  give("t-2");
  expect(await connection.next()).toMatchObject({ method: "rpc.auth", params: { token: "t-2" } });
  connection.send({ method: "rpc.ack", params: { seq: connection.received } });
  expect((await connection.closed).code).toBe(1000);
  await closing;
});

test("a token that never comes leaves no timer behind", async ({ openAt, clock }) => {
  const tokens = ["t-1", new Promise<string>(() => {})];
  const token = () => tokens.shift() as string;
  const { client, connection } = await openAt({ token }, { auth_expires_in_ms: 20_000 });
  clock.advance(15_000);
  await connection.settled();
  expect(tokens).toHaveLength(0);
  await client.close();
  expect(clock.timerCount).toBe(0);
});

test("a first attempt that fails leaves no timer behind", async ({ peer, clock }) => {
  await peer.close();
  const error = await rejection(connectIn(clock, peer.url, { webSocket: WebSocket }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(clock.timerCount).toBe(0);
});

test("a state listener may close the client", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  client.onState(() => client.close());
  connection.kill();
  await until(client, "closed");
  expect(clock.timerCount).toBe(0);
});

test("events that arrive after close are not told", async ({ open }) => {
  const { client, connection } = await open();
  const heard: unknown[] = [];
  new ChatClient(client).onAnnouncement((announcement) => heard.push(announcement));
  const closing = client.close();
  connection.send({ method: "chat.announcement", params: { text: "late" } });
  await closing;
  expect(heard).toEqual([]);
});

test("a listener that closes the client hears of the end once", async ({ open }) => {
  const { client, connection } = await open();
  const states: string[] = [];
  client.onState(({ type }) => states.push(type));
  new ChatClient(client).onAnnouncement(() => client.close());
  const frames = ["chat.announcement", "rpc.ping", "chat.announcement"];
  for (const method of frames) connection.send({ method, params: {} });
  await connection.closed;
  expect(states).toEqual(["closed"]);
});

test("a notification that nobody awaits may fail without ending the process", async ({ open }) => {
  const { client } = await open();
  await client.close();
  // An unhandled rejection would fail the whole run.
  void new ChatClient(client).typing({ room: "a" });
  await new Promise((resolve) => setImmediate(resolve));
});

test("an onError that closes the client hears of the end once", async ({ peer }) => {
  const states: string[] = [];
  const client = await connect(peer.url, {
    webSocket: WebSocket,
    lazy: true,
    onError: () => client.close(),
  });
  client.onState(({ type }) => states.push(type));
  const connection = await peer.next();
  await connection.next();
  connection.raw("nonsense");
  await connection.closed;
  expect(states).toEqual(["closed"]);
});
