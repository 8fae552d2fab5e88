// A lost connection: the states that are told, and when the next try is made.

import { expect } from "vitest";
import { WebSocket } from "ws";
import { connectIn } from "../src/client.ts";
import { ClosedError, ConnectError, ConnectionLostError, type State } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";
import { counted } from "./support/tokens.ts";

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
    { type: "open", session: "s-2", resumed: false, reason: "unknown" },
  ]);
});

test("the token is asked before every attempt", async ({ peer, clock }) => {
  const token = counted();
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
