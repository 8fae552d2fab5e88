// A plain peer of any JSON-RPC 2.0 server: no subprotocol, no hello, nothing of the protocol's own.

import { expect } from "vitest";
import { WebSocket } from "ws";
import { connect, MethodNotFoundError, RpcError } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection, until } from "./support/states.ts";

test("a plain peer calls without hello, subprotocol and meta", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  expect(client.state).toEqual({ type: "open", resumed: false });
  expect(connection.socket.protocol).toBe("");
  const balance = client.service({ name: "eth" }).call("eth_getBalance", ["0x1", "latest"]);
  const call = await connection.next();
  expect(call).toEqual({
    jsonrpc: "2.0",
    id: 1,
    method: "eth_getBalance",
    params: ["0x1", "latest"],
  });
  connection.answer(call, "0xa");
  expect(await balance).toBe("0xa");
});

test("meta that is given goes out", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  const done = new ChatClient(client).hello({ meta: { trace: "1" } });
  const call = await connection.next();
  expect(call.meta).toEqual({ trace: "1" });
  connection.answer(call, null);
  await done;
});

test("JSON in binary frames is read", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  const chat = new ChatClient(client);
  const counted = chat.count({ room: "a" });
  const call = await connection.next();
  connection.raw(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: call.id, result: 4 })));
  expect(await counted).toBe(4);
});

test("errors in a server's own form keep code and data", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  const eth = client.service({ name: "eth" });
  const reverted = rejection(eth.call("eth_call", []));
  connection.fail(await connection.next(), { code: 3, message: "reverted", data: "0x08c379a0" });
  expect(await reverted).toBeInstanceOf(RpcError);
  expect(await reverted).toMatchObject({ code: 3, kind: "unknown", data: "0x08c379a0" });
  const unknown = rejection(eth.call("eth_what", []));
  connection.fail(await connection.next(), { code: -32601, message: "no such method" });
  expect(await unknown).toBeInstanceOf(MethodNotFoundError);
  expect((await unknown).message).toBe("no such method");
});

test("a cancelled call ends here; the server is told nothing", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  const stop = new AbortController();
  const chat = new ChatClient(client);
  const posted = rejection(chat.post({ room: "a", text: "b" }, { signal: stop.signal }));
  await connection.next();
  stop.abort();
  expect((await posted).name).toBe("CancelledError");
  const counted = chat.count({ room: "a" });
  const next = await connection.next();
  expect(next.method).toBe("chat.count");
  connection.answer(next, 1);
  await counted;
});

test("what makes no sense is reported and not answered", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ plain: true, onError: (one) => errors.push(one) });
  connection.raw("nonsense");
  connection.raw("[]");
  const counted = new ChatClient(client).count({ room: "a" });
  const next = await connection.next();
  expect(next.method).toBe("chat.count");
  connection.answer(next, 1);
  await counted;
  expect(errors).toHaveLength(2);
});

test("calls and notifications of the server are heard", async ({ open }) => {
  const { client, connection } = await open({ plain: true });
  const chat = new ChatClient(client);
  const heard = new Promise<string>((resolve) => chat.onAnnouncement(({ text }) => resolve(text)));
  chat.serveUi({ confirm: () => true, pickSize: () => 1n });
  connection.send({ method: "chat.announcement", params: { text: "a" } });
  expect(await heard).toBe("a");
  connection.send({ id: "x", method: "ui.confirm", params: { prompt: "?" } });
  expect(await connection.next()).toEqual({ jsonrpc: "2.0", id: "x", result: true });
});

test("a plain peer has no heartbeat, and still reconnects", async ({ openAt, peer, clock }) => {
  const { client, connection } = await openAt({ plain: true });
  clock.advance(3_600_000);
  expect(client.state.type).toBe("open");
  connection.kill();
  await until(client, "reconnecting");
  clock.advance(250);
  await peer.next();
  await until(client, "open");
});

test("a token for a plain peer is refused, since nothing could carry it", async () => {
  const options = { webSocket: WebSocket, plain: true, token: "t" };
  const error = await rejection(connect("ws://127.0.0.1:9/", options));
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain("put it into the URL");
});
