// A lost connection: the states, what is carried, what is lost, and when it is tried again.

import { getEventListeners } from "node:events";
import { expect, vi } from "vitest";
import { WebSocket } from "ws";
import { connectIn } from "../src/client.ts";
import {
  ClosedError,
  ConnectError,
  ConnectionLostError,
  ResourceExhaustedError,
  type State,
} from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

test("the states tell the whole story of a lost connection", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt();
  const states: State[] = [];
  const stop = client.onState((state) => states.push(state));
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(125);
  await (await peer.next()).greet({ session: "s-2" });
  await until(client, "open");
  stop();
  await client.close();
  expect(states).toEqual([
    {
      type: "reconnecting",
      attempt: 1,
      lastError: expect.any(ConnectionLostError),
      // Half of the first bound of 250 ms.
      nextTryAt: new Date(1_000_125),
    },
    { type: "open", session: "s-2", user: undefined },
  ]);
});

test("a killed server: a written call is lost, its outcome unknown", async ({ open }) => {
  const { client, connection } = await open();
  const posted = rejection(new ChatClient(client).post({ room: "a", text: "b" }));
  await connection.next();
  connection.kill();
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

test("the queue is bounded: one more fails at once and names the limit", async ({ openAt }) => {
  const { client, connection } = await openAt({ queue: 2 });
  const chat = new ChatClient(client);
  connection.kill();
  await until(client, "reconnecting");
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

test("the token is asked before every attempt", async ({ peer, clock }) => {
  let asked = 0;
  const token = async () => {
    asked += 1;
    return `t-${asked}`;
  };
  const connecting = connectIn(clock, peer.url, { webSocket: WebSocket, token });
  const connection = await peer.next();
  expect((await connection.greet()).params?.token).toBe("t-1");
  const client = await connecting;
  connection.send({ method: "rpc.close", params: { code: 4010, reason: "expired" } });
  connection.socket.close(4010);
  await until(client, "reconnecting");
  clock.advance(250);
  expect((await (await peer.next()).greet()).params?.token).toBe("t-2");
  await until(client, "open");
  await client.close();
});

test("attempts that are used up are the end: the client gave up", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt({ reconnect: { attempts: 2 } });
  await peer.close();
  await connection.closed;
  const attempts: number[] = [];
  client.onState((state) => state.type === "reconnecting" && attempts.push(state.attempt));
  const first = await until(client, "reconnecting");
  const waiting = rejection(new ChatClient(client).hello());
  const second = new Promise<State>((resolve) => client.onState(resolve));
  clock.advance(first.nextTryAt.getTime() - clock.now());
  expect(await second).toMatchObject({ attempt: 2, lastError: expect.any(ConnectError) });
  clock.advance(20_000);
  const { gaveUp, disconnect } = await until(client, "closed");
  expect([gaveUp, disconnect.code]).toEqual([true, 1006]);
  expect(await waiting).toBeInstanceOf(ClosedError);
  expect(await rejection(new ChatClient(client).hello())).toBeInstanceOf(ClosedError);
  expect(clock.timerCount).toBe(0);
});

test("with reconnect false the first lost connection is the end", async ({ open }) => {
  const { client, connection } = await open({ reconnect: false });
  connection.kill();
  expect(await until(client, "closed")).toMatchObject({ gaveUp: true, disconnect: { code: 1006 } });
});

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

test("nothing heard for ping_ms and the grace: the connection is dropped", async ({
  openAt,
  clock,
}) => {
  const { client, connection } = await openAt({ heartbeat: { graceMs: 500 } }, { ping_ms: 1_000 });
  clock.advance(1_499);
  await connection.settled();
  clock.advance(1_499);
  expect(client.state.type).toBe("open");
  clock.advance(1);
  const state = await until(client, "reconnecting");
  expect(state.lastError.message).toContain("heartbeat timeout (4008)");
  await connection.closed;
});

test("a call that meets silence pings, and drops the connection when that is not answered", async ({
  openAt,
  clock,
}) => {
  const { client, connection } = await openAt();
  const lost = rejection(new ChatClient(client).hello());
  await connection.next();
  clock.advance(10_000);
  expect(await connection.next()).toEqual({ jsonrpc: "2.0", method: "rpc.ping" });
  clock.advance(4_999);
  expect(client.state.type).toBe("open");
  clock.advance(1);
  expect(await lost).toBeInstanceOf(ConnectionLostError);
});

test("a client that has slept drops the connection instead of writing, and carries the call", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  clock.sleep(300_000);
  const posted = new ChatClient(client).post({ room: "a", text: "b" });
  await connection.closed;
  expect(connection.unread).toBe(0);
  clock.advance(250);
  const again = await peer.next();
  await again.greet();
  again.answer(await again.next(), { id: 4 });
  expect(await posted).toEqual({ id: 4 });
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

test("hello tells the services that are in use by then", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt();
  new ChatClient(client);
  client.service({ name: "raw" });
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(250);
  const hello = await (await peer.next()).greet();
  expect(hello.params?.contract).toEqual({ chat: "5f3a9c21" });
});

test("a server that crashes after each hello is met with growing delays", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  let current = connection;
  const delays: number[] = [];
  for (let crash = 0; crash < 4; crash += 1) {
    current.kill();
    const { nextTryAt } = await until(client, "reconnecting");
    const delayMs = nextTryAt.getTime() - clock.now();
    delays.push(delayMs);
    clock.advance(delayMs);
    current = await peer.next();
    await current.greet();
    await until(client, "open");
  }
  expect(delays).toEqual([125, 250, 500, 1_000]);
  clock.advance(10_000);
  current.kill();
  expect(await until(client, "reconnecting")).toMatchObject({ attempt: 1 });
});

test("the next try is made at once when the browser says that the network is back", async ({
  openAt,
  peer,
  clock,
}) => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  const { client, connection } = await openAt();
  connection.kill();
  await until(client, "reconnecting");
  page.dispatchEvent(new Event("online"));
  await (await peer.next()).greet();
  await until(client, "open");
  expect(clock.now()).toBe(1_000_000);
  await client.close();
  expect(getEventListeners(page, "online")).toEqual([]);
  vi.unstubAllGlobals();
});

test("a page that is seen again after a long sleep finds its dead connection at once", async ({
  openAt,
  clock,
}) => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  const { client } = await openAt();
  clock.sleep(300_000);
  page.dispatchEvent(new Event("pageshow"));
  expect(client.state.type).toBe("reconnecting");
  await client.close();
  vi.unstubAllGlobals();
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

test("what a dropped socket still says is ignored", async ({ openAt, clock }) => {
  const closed: Promise<unknown>[] = [];
  class Seen extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      closed.push(new Promise((resolve) => this.once("close", resolve)));
    }
  }
  const { client } = await openAt({ webSocket: Seen });
  const attempts: unknown[] = [];
  client.onState((state) => attempts.push(state.type === "reconnecting" && state.attempt));
  clock.advance(35_000);
  await closed[0];
  expect(attempts).toEqual([1]);
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

test("the watchdog's timer is set from the receive path", async ({ openAt, clock }) => {
  const { connection } = await openAt();
  clock.advance(2_000);
  await connection.settled();
  expect(clock.nextInMs).toBe(35_000);
});
