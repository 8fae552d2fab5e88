// A connection that is dead without saying so: how it is found, and what wakes a client up.

import { getEventListeners } from "node:events";
import { expect, vi } from "vitest";
import { WebSocket } from "ws";
import { ConnectionLostError } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { Arrivals } from "./support/arrivals.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

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
  connection.acknowledges = false;
  const unanswered = rejection(new ChatClient(client).hello());
  await connection.next();
  clock.advance(10_000);
  expect(await connection.next()).toEqual({ jsonrpc: "2.0", method: "rpc.ping" });
  clock.advance(4_999);
  expect(client.state.type).toBe("open");
  clock.advance(1);
  expect(client.state).toMatchObject({ lastError: { disconnect: { code: 4008 } } });
  await client.close();
  expect(await unanswered).toBeInstanceOf(ConnectionLostError);
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

test("a connection that may have died with the network is asked, and dropped when it is silent", async ({
  openAt,
  clock,
}) => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  const { client, connection } = await openAt();
  clock.advance(1_000);
  page.dispatchEvent(new Event("online"));
  page.dispatchEvent(new Event("pageshow"));
  expect((await connection.next()).method).toBe("rpc.ping");
  expect(connection.unread).toBe(0);
  clock.advance(4_999);
  expect(client.state.type).toBe("open");
  clock.advance(1);
  expect(client.state.type).toBe("reconnecting");
  await client.close();
  vi.unstubAllGlobals();
});

test("what a dropped socket still says is ignored", async ({ openAt, peer, clock }) => {
  const delivered = new Arrivals<true>();
  const closed: Promise<unknown>[] = [];
  /** Delivers what comes until the other side has closed, too, as those of browsers do. */
  class Lingering extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols);
      this.on("message", () => delivered.push(true));
      closed.push(new Promise((resolve) => this.once("close", resolve)));
    }

    override terminate(): void {}
  }
  const { client, connection } = await openAt({ webSocket: Lingering });
  await delivered.next();
  const chat = new ChatClient(client);
  const heard: string[] = [];
  chat.onAnnouncement(({ text }) => heard.push(text));
  const posted = chat.post({ room: "a", text: "b" }, { timeoutMs: 60_000 });
  const call = await connection.next();
  await delivered.next();
  connection.socket.pause();
  clock.advance(35_000);
  const { attempt } = await until(client, "reconnecting");
  connection.send({ method: "chat.announcement", params: { text: "old" }, seq: 1 });
  connection.send({ id: call.id, result: { id: 3 }, seq: 2 });
  await delivered.next();
  await delivered.next();
  connection.socket.resume();
  await closed[0];
  expect(client.state).toMatchObject({ type: "reconnecting", attempt });
  clock.advance(250);
  const again = await peer.next();
  const hello = await again.greet({ resumed: true, received: 1, sent: 2 });
  expect(hello.params?.resume).toMatchObject({ received: 0 });
  again.send({ method: "chat.announcement", params: { text: "new" }, seq: 1 });
  again.send({ id: call.id, result: { id: 4 }, seq: 2 });
  expect(await posted).toEqual({ id: 4 });
  expect(heard).toEqual(["new"]);
});

test("the watchdog's timer is set from the receive path", async ({ openAt, clock }) => {
  const { connection } = await openAt();
  clock.advance(2_000);
  await connection.settled();
  expect(clock.nextInMs).toBe(35_000);
});
