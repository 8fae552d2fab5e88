// A session over its connections, as an application sees it: nothing but a pause, or one verdict.

import { expect } from "vitest";
import { WebSocket } from "ws";
import { connectIn } from "../src/client.ts";
import { ClosedError, ConnectionLostError, type ServedCall, type State } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { Arrivals } from "./support/arrivals.ts";
import type { Clock } from "./support/clock.ts";
import { test } from "./support/fixture.ts";
import type { Ends, Peer, PeerConnection } from "./support/peer.ts";
import { rejection, until } from "./support/states.ts";
import { counted } from "./support/tokens.ts";

/** Cuts the connection and takes the next one; hello is not answered yet. */
async function cut(ends: Ends, peer: Peer, clock: Clock): Promise<PeerConnection> {
  ends.connection.kill();
  const { nextTryAt } = await until(ends.client, "reconnecting");
  clock.advance(nextTryAt.getTime() - clock.now());
  return peer.next();
}

test("a resumed session: open calls go on, and the state says so", async ({
  openAt,
  peer,
  clock,
}) => {
  const ends = await openAt({}, { user: "ann" });
  const states: State[] = [];
  ends.client.onState((state) => states.push(state));
  const posted = new ChatClient(ends.client).post({ room: "a", text: "b" });
  const call = await ends.connection.next();
  await ends.connection.settled();
  const again = await cut(ends, peer, clock);
  const hello = await again.greet({ resumed: true, received: 1, user: "ann" });
  expect(hello.params?.resume).toEqual({
    session: "s-1",
    secret: "secret",
    attempt: 1,
    received: 0,
  });
  again.send({ id: call.id ?? null, result: { id: 4 }, seq: 1 });
  expect(await posted).toEqual({ id: 4 });
  expect(states.at(-1)).toEqual({ type: "open", session: "s-1", user: "ann", resumed: true });
  await again.settled();
});

test("what was not received is sent again, with its number, before what is new", async ({
  openAt,
  peer,
  clock,
}) => {
  const ends = await openAt();
  ends.connection.acknowledges = false;
  const chat = new ChatClient(ends.client);
  const first = chat.post({ room: "a", text: "1" });
  await ends.connection.next();
  ends.connection.kill();
  await until(ends.client, "reconnecting");
  const second = chat.post({ room: "a", text: "2" });
  clock.advance(250);
  const again = await peer.next();
  await again.greet({ resumed: true, received: 0 });
  for (const [place, text] of ["1", "2"].entries()) {
    const call = await again.next();
    expect(call.params?.text).toBe(text);
    again.answer(call, { id: place });
  }
  expect(again.received).toBe(2);
  expect([await first, await second]).toEqual([{ id: 0 }, { id: 1 }]);
});

test("a call of the server goes on over a cut, and its answer goes out on the next connection", async ({
  openAt,
  peer,
  clock,
}) => {
  const ends = await openAt();
  const begun = new Arrivals<ServedCall>();
  let finish = (_: boolean) => {};
  new ChatClient(ends.client).serveUi({
    pickSize: () => 0n,
    confirm: (_, call) =>
      new Promise((resolve) => {
        finish = resolve;
        begun.push(call);
      }),
  });
  ends.connection.send({ id: 7, method: "ui.confirm", params: { prompt: "?" }, seq: 1 });
  const { signal } = await begun.next();
  ends.connection.kill();
  await until(ends.client, "reconnecting");
  finish(true);
  clock.advance(250);
  const again = await peer.next();
  await again.greet({ resumed: true, received: 0 });
  expect(await again.next()).toEqual({ jsonrpc: "2.0", id: 7, result: true });
  expect(signal.aborted).toBe(false);
});

test("the verdict on a lost session is told once, and decides on every call", async ({
  openAt,
  peer,
  clock,
}) => {
  const ends = await openAt();
  ends.connection.acknowledges = false;
  const chat = new ChatClient(ends.client);
  const received = rejection(chat.post({ room: "a", text: "1" }));
  const carried = chat.post({ room: "a", text: "2" });
  await ends.connection.next();
  await ends.connection.next();
  const reasons: unknown[] = [];
  ends.client.onState((state) => state.type === "open" && reasons.push(state.reason));
  const again = await cut(ends, peer, clock);
  await again.greet({ session: "s-2", reason: "expired", ended_received: 1 });
  expect(await received).toBeInstanceOf(ConnectionLostError);
  expect((await received).message).toBe(
    "the outcome of chat.post is unknown: the session is lost: it was away for longer than the server keeps it",
  );
  expect(await received).toMatchObject({ disconnect: { lost: "expired" } });
  const call = await again.next();
  expect([call.params?.text, again.received]).toEqual(["2", 1]);
  again.answer(call, { id: 2 });
  expect(await carried).toEqual({ id: 2 });
  expect(reasons).toEqual(["expired"]);
});

test("a gap in the server's numbers ends the session with 4050, and the next one is fresh", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  connection.send({ method: "chat.announcement", params: { text: "a" }, seq: 2 });
  await until(client, "reconnecting");
  expect((await connection.closed).code).toBe(4050);
  clock.advance(250);
  const again = await peer.next();
  expect((await again.greet()).params?.resume).toBe(undefined);
  expect(await until(client, "open")).toMatchObject({ resumed: false, reason: "sequence" });
});

test("close waits for the acknowledgement of what it wrote", async ({ openAt }) => {
  const { client, connection } = await openAt();
  connection.acknowledges = false;
  await new ChatClient(client).typing({ room: "a" });
  const closing = client.close();
  await connection.next();
  expect((await connection.next()).method).toBe("rpc.ping");
  expect(client.state.type).toBe("closed");
  await connection.settled();
  connection.send({ method: "rpc.ack", params: { seq: 1 } });
  expect((await connection.closed).code).toBe(1000);
  await closing;
});

test("close waits for an acknowledgement no longer than 3 seconds", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  connection.acknowledges = false;
  await new ChatClient(client).typing({ room: "a" });
  const closing = client.close();
  await connection.next();
  expect((await connection.next()).method).toBe("rpc.ping");
  clock.advance(2_999);
  await connection.settled();
  clock.advance(1);
  expect((await connection.closed).code).toBe(1000);
  await closing;
  expect(clock.timerCount).toBe(0);
});

test("a connection that is lost while close waits ends the wait", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  connection.acknowledges = false;
  await new ChatClient(client).typing({ room: "a" });
  await connection.next();
  const closing = client.close();
  connection.kill();
  await closing;
  expect(clock.timerCount).toBe(0);
  await expect(new ChatClient(client).hello()).rejects.toBeInstanceOf(ClosedError);
});

test("a token is refreshed on the live connection, before it expires", async ({ peer, clock }) => {
  const token = counted();
  const connecting = connectIn(clock, peer.url, { webSocket: WebSocket, token });
  const connection = await peer.next();
  await connection.greet({ auth_expires_in_ms: 20_000 });
  const client = await connecting;
  clock.advance(14_999);
  await connection.settled();
  clock.advance(1);
  const auth = await connection.next();
  expect(auth).toMatchObject({ method: "rpc.auth", params: { token: "t-2" } });
  expect(connection.received).toBe(0);
  connection.answer(auth, { auth_expires_in_ms: 40_000 });
  await connection.settled();
  clock.advance(30_000);
  expect((await connection.next()).params?.token).toBe("t-3");
  await client.close();
});

test("a token that cannot be had at once is asked for again while the old one is good", async ({
  openAt,
  clock,
}) => {
  const errors: string[] = [];
  const tokens = ["t-1", undefined, undefined, "t-2"];
  let asked = 0;
  const token = () => {
    const next = tokens[asked];
    asked += 1;
    if (next === undefined) throw new Error("503");
    return next;
  };
  const onError = (error: unknown) => errors.push((error as Error).message);
  const { connection } = await openAt({ token, onError }, { auth_expires_in_ms: 4_000 });
  clock.advance(3_000);
  await connection.settled();
  expect([asked, errors]).toEqual([2, ["the token function failed: 503"]]);
  clock.advance(125);
  await connection.settled();
  expect(asked).toBe(3);
  clock.advance(250);
  expect((await connection.next()).params?.token).toBe("t-2");
});

test("a fresh token that never comes, or is none, is reported and asked for again", async ({
  openAt,
  clock,
}) => {
  const errors: string[] = [];
  const tokens = ["t-1", new Promise<string>(() => {}), undefined, "t-2"];
  const options = {
    reconnect: { connectTimeoutMs: 1_000 },
    // Plain JavaScript may give nothing.
    token: () => tokens.shift() as string,
    onError: (error: unknown) => errors.push((error as Error).message),
  };
  const { connection } = await openAt(options, { auth_expires_in_ms: 40_000 });
  for (const pause of [30_000, 1_000, 125]) {
    clock.advance(pause);
    await connection.settled();
  }
  expect(errors).toEqual([
    "the token function failed: nothing came within 1000 ms",
    "the token function failed: it gave none",
  ]);
  clock.advance(250);
  expect((await connection.next()).params?.token).toBe("t-2");
});

test("a fresh token that is refused for a passing reason is given again, after pauses that grow", async ({
  openAt,
  clock,
}) => {
  const errors: unknown[] = [];
  const options = { token: counted(), onError: (error: unknown) => errors.push(error) };
  const { connection } = await openAt(options, { auth_expires_in_ms: 4_000 });
  clock.advance(3_000);
  for (const pause of [125, 250]) {
    connection.fail(await connection.next(), { code: -32006, message: "not now" });
    await connection.settled();
    clock.advance(pause - 1);
    await connection.settled();
    clock.advance(1);
  }
  const auth = await connection.next();
  expect(auth.params?.token).toBe("t-4");
  connection.answer(auth, { auth_expires_in_ms: 4_000 });
  await connection.settled();
  expect(errors).toHaveLength(2);
});

test("the pauses after which a token is asked for again start over with every connection", async ({
  openAt,
  peer,
  clock,
}) => {
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked !== 1 && asked !== 4) throw new Error("503");
    return "t";
  };
  const hello = { auth_expires_in_ms: 4_000 };
  const { client, connection } = await openAt({ token, onError() {} }, hello);
  clock.advance(3_000);
  await connection.settled();
  clock.advance(125);
  await connection.settled();
  expect(asked).toBe(3);
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(125);
  const again = await peer.next();
  await again.greet(hello);
  await until(client, "open");
  clock.advance(3_000);
  await again.settled();
  expect(asked).toBe(5);
  clock.advance(125);
  expect(asked).toBe(6);
});

test("no token is asked for when the old one has expired", async ({ openAt, clock }) => {
  let asked = 0;
  const token = () => {
    asked += 1;
    if (asked > 1) throw new Error("503");
    return "t-1";
  };
  const { connection } = await openAt({ token, onError() {} }, { auth_expires_in_ms: 400 });
  clock.advance(300);
  await connection.settled();
  expect(asked).toBe(2);
  clock.advance(30_000);
  expect(asked).toBe(2);
});

test("a token that cannot be had, or is refused, is reported; the connection lives on", async ({
  peer,
  clock,
}) => {
  const errors: unknown[] = [];
  const tokens = ["t-1", "t-2"];
  const token = () => {
    const next = tokens.shift();
    if (next === undefined) throw new Error("no token");
    return next;
  };
  const options = { webSocket: WebSocket, token, onError: (error: unknown) => errors.push(error) };
  const connecting = connectIn(clock, peer.url, options);
  const connection = await peer.next();
  await connection.greet({ auth_expires_in_ms: 4_000 });
  const client = await connecting;
  clock.advance(3_000);
  connection.fail(await connection.next(), { code: -32002, message: "not you" });
  await connection.settled();
  expect(errors).toEqual([expect.objectContaining({ kind: "permission_denied" })]);
  connection.send({ method: "rpc.close", params: { code: 4010, reason: "expired" } });
  connection.socket.close(4010);
  expect(await until(client, "reconnecting")).toMatchObject({
    lastError: { disconnect: { code: 4010 } },
  });
  await client.close();
});
