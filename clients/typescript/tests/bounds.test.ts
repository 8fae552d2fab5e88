// A peer that reads nothing, and one that sends too much: what this side keeps is bounded.

import { expect } from "vitest";
import { WebSocket } from "ws";
import { ClosedError, ConnectionLostError, connect, ResourceExhaustedError } from "../src/index.ts";
import { msgpack } from "../src/msgpack.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

const MEGABYTE = "x".repeat(1_000_000);

test("in a session, what is not acknowledged is bounded, and so is what waits for room", async ({
  open,
}) => {
  const { client, connection } = await open();
  connection.acknowledges = false;
  const chat = new ChatClient(client);
  const sent = Array.from({ length: 4 + 256 }, () => chat.typing({ room: MEGABYTE }));
  const outcomes = Promise.allSettled(sent);
  const refused = await rejection(chat.typing({ room: MEGABYTE }));
  expect(refused).toBeInstanceOf(ResourceExhaustedError);
  expect(refused.message).toContain("256 calls wait already (option queue)");
  for (let arrived = 0; arrived < 4; arrived += 1) await connection.next();
  await connection.settled();
  connection.send({ method: "rpc.ack", params: { seq: 4 } });
  for (let arrived = 0; arrived < 4; arrived += 1) await connection.next();
  await connection.settled();
  connection.kill();
  await client.close();
  const failed = (await outcomes).flatMap((it) => (it.status === "rejected" ? [it.reason] : []));
  // Those that found room were handed over; the others never left.
  expect(failed).toHaveLength(4 + 256 - 8);
  for (const error of failed) expect(error).toBeInstanceOf(ClosedError);
});

test("a plain peer's notifications fail when 16 MiB are unsent", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  connection.socket.pause();
  const chat = new ChatClient(client);
  const sent = Array.from({ length: 60 }, () => chat.typing({ room: MEGABYTE }));
  const refused = await rejection(Promise.all(sent));
  expect(refused).toBeInstanceOf(ResourceExhaustedError);
  expect(refused.message).toContain("16777216 bytes");
  expect(client.state.type).toBe("open");
  connection.socket.resume();
});

test("a plain peer that reads none of many large calls is given up as too slow", async ({
  open,
}) => {
  const { client, connection } = await open({ plain: true });
  connection.socket.pause();
  const chat = new ChatClient(client);
  const posts = Array.from({ length: 120 }, () => chat.post({ room: "a", text: MEGABYTE }));
  const outcomes = Promise.allSettled(posts);
  const { lastError } = await until(client, "reconnecting");
  expect(lastError).toBeInstanceOf(ConnectionLostError);
  expect(lastError.message).toContain("too slow (4013)");
  await client.close();
  await outcomes;
});

test("an event flood is not kept: what nobody listens to is dropped", async ({ open }) => {
  const { client, connection } = await open();
  for (let count = 0; count < 10_000; count += 1) {
    connection.send({ method: "chat.announcement", params: { text: "a" } });
  }
  await connection.settled();
  const heard: string[] = [];
  new ChatClient(client).onAnnouncement(({ text }) => heard.push(text));
  connection.send({ method: "chat.announcement", params: { text: "b" } });
  await connection.settled();
  expect(heard).toEqual(["b"]);
});

test("a message larger than the client told that it takes closes the connection with 1009", async ({
  open,
}) => {
  for (const codec of [undefined, msgpack]) {
    const { client, connection } = await open({ maxMessageBytes: 2_000, ...(codec && { codec }) });
    const chat = new ChatClient(client);
    const heard: string[] = [];
    chat.onAnnouncement(({ text }) => heard.push(text));
    connection.send({ method: "chat.announcement", params: { text: "x".repeat(1_900) } });
    // Two bytes each in UTF-8, so that it is bytes that count.
    connection.send({ method: "chat.announcement", params: { text: "é".repeat(1_000) } });
    const { disconnect } = await until(client, "closed");
    expect(disconnect.code).toBe(1009);
    expect(disconnect.reason).toContain("exceeds maxMessageBytes, 2000");
    expect(heard).toEqual(["x".repeat(1_900)]);
  }
});

test("hello tells the largest message, 1 MiB unless it is set, and a buffer of four of them", async ({
  peer,
}) => {
  for (const [given, told, kept] of [
    [{}, 1_048_576, 4_194_304],
    [{ maxMessageBytes: 4_194_304 }, 4_194_304, 16_777_216],
    [{ maxMessageBytes: 2_000 }, 2_000, 262_144],
    [{ maxMessageBytes: 2_000, bufferBytes: 300_000 }, 2_000, 300_000],
  ] as const) {
    const connecting = connect(peer.url, { webSocket: WebSocket, ...given });
    const hello = await (await peer.next()).greet();
    expect(hello.params?.limits).toEqual({ max_message_bytes: told, buffer_bytes: kept });
    await (await connecting).close();
  }
});

test("a plain peer takes messages of any size, unless it is told otherwise", async ({ open }) => {
  const unbounded = await open({ plain: true });
  const text = new Promise<string>((resolve) => {
    new ChatClient(unbounded.client).onAnnouncement((event) => resolve(event.text));
  });
  unbounded.connection.send({
    method: "chat.announcement",
    params: { text: MEGABYTE.repeat(2) },
  });
  expect(await text).toHaveLength(2_000_000);
  const bounded = await open({ plain: true, maxMessageBytes: 1_000 });
  bounded.connection.send({ method: "chat.announcement", params: { text: "x".repeat(1_000) } });
  expect((await until(bounded.client, "closed")).disconnect.code).toBe(1009);
});
