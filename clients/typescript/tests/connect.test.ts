// Connecting: what hello says, what `connect` waits for, and what it says when it cannot.

import { expect, vi } from "vitest";
import { WebSocket } from "ws";
import { connectIn } from "../src/client.ts";
import { ConnectError, connect, UnauthenticatedError } from "../src/index.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { Clock } from "./support/clock.ts";
import { test } from "./support/fixture.ts";
import { Peer } from "./support/peer.ts";
import { rejection, until } from "./support/states.ts";

const webSocket = WebSocket;

test("hello says who the client is and what it takes", async ({ peer }) => {
  const connecting = connect(peer.url, { webSocket, token: "t-1", name: "app", version: "2.1" });
  const connection = await peer.next();
  expect(connection.socket.protocol).toBe("wirecall.1.json");
  const hello = await connection.greet({ session: "s-9", user: "ann" });
  expect(hello).toEqual({
    jsonrpc: "2.0",
    id: 0,
    method: "rpc.hello",
    params: {
      client: { name: "app", version: "2.1" },
      token: "t-1",
      limits: { max_message_bytes: 1_048_576, buffer_bytes: 4_194_304 },
      contract: {},
    },
  });
  const client = await connecting;
  expect(client.state).toEqual({
    type: "open",
    session: "s-9",
    user: "ann",
    resumed: false,
  });
  expect([client.session, client.user]).toEqual(["s-9", "ann"]);
  await client.close();
});

test("connect waits for the answer to hello", async ({ peer }) => {
  let isOpen = false;
  const connecting = connect(peer.url, { webSocket });
  const opened = connecting.then(() => {
    isOpen = true;
  });
  const connection = await peer.next();
  const hello = await connection.next();
  await connection.settled();
  expect(isOpen).toBe(false);
  connection.send({ id: hello.id ?? null, result: { session: "s-1" } });
  await opened;
  await (await connecting).close();
});

test("an http URL is taken for the WebSocket URL that it stands for", async ({ peer }) => {
  const connecting = connect(new URL(peer.url.replace("ws:", "http:")), { webSocket });
  await (await peer.next()).greet();
  await (await connecting).close();
});

test("a server that is down: the error says where, why, and what to look at", async () => {
  const peer = await Peer.listen();
  const { url } = peer;
  await peer.close();
  const error = await rejection(connect(`${url}?token=secret`, { webSocket }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.message).toContain(`cannot connect to ${url}:`);
  expect(error.message).toContain("ECONNREFUSED");
  expect(error.message).toContain("Is the server running there");
  expect(error.message).not.toContain("secret");
});

test("a bad URL: the error says how to write one", async () => {
  for (const url of ["", "nonsense", "ftp://example.org/", "ws://"]) {
    const error = await rejection(connect(url, { webSocket }));
    expect(error).toBeInstanceOf(ConnectError);
    expect(error.message).toContain("write ws://host:port/path");
  }
});

test("a runtime without WebSocket: the error says to pass the one of ws", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const error = await rejection(connect("ws://127.0.0.1:9/"));
  vi.unstubAllGlobals();
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toContain("npm install ws");
  expect(error.message).toContain("connect(url, { webSocket: WebSocket })");
});

test("the global WebSocket is used where there is one", async ({ peer }) => {
  vi.stubGlobal("WebSocket", WebSocket);
  const connecting = connect(peer.url);
  await (await peer.next()).greet();
  vi.unstubAllGlobals();
  await (await connecting).close();
});

test("a server without the subprotocol: the error names plain, and there is no second try", async () => {
  const peer = await Peer.listen(0, false);
  const error = await rejection(connect(peer.url, { webSocket, lazy: false }));
  expect(error.message).toContain("plain: true");
  const client = await connect(peer.url, { webSocket, lazy: true });
  const { gaveUp, disconnect } = await until(client, "closed");
  expect([gaveUp, disconnect.comeBack]).toEqual([false, false]);
  await peer.close();
});

test("a WebSocket that opens without the subprotocol is not spoken to", async ({ peer }) => {
  // Browsers of old let such a connection open.
  class Unasked extends WebSocket {
    constructor(url: string) {
      super(url);
    }
  }
  const connecting = rejection(connect(peer.url, { webSocket: Unasked }));
  const connection = await peer.next();
  expect((await connecting).message).toContain("plain: true");
  await connection.closed;
  expect(connection.unread).toBe(0);
});

test("a server that does not know hello: the error names plain", async ({ peer }) => {
  const connecting = rejection(connect(peer.url, { webSocket }));
  const connection = await peer.next();
  connection.fail(await connection.next(), { code: -32601, message: "Method not found" });
  expect((await connecting).message).toContain("plain");
});

test("a refused hello: the error has the server's own as its cause", async ({ peer }) => {
  const connecting = rejection(connect(peer.url, { webSocket, token: "old" }));
  const connection = await peer.next();
  const data = { kind: "unauthenticated" };
  connection.fail(await connection.next(), { code: -32001, message: "token expired", data });
  connection.socket.close(4010);
  const error = await connecting;
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.message).toContain("refused the connection: token expired");
  expect(error.cause).toBeInstanceOf(UnauthenticatedError);
});

test("no answer to hello within the time limit fails the attempt", async ({ peer }) => {
  const clock = new Clock();
  const reconnect = { connectTimeoutMs: 500 };
  const connecting = rejection(connectIn(clock, peer.url, { webSocket, reconnect }));
  const connection = await peer.next();
  await connection.next();
  clock.advance(499);
  await connection.settled();
  clock.advance(1);
  expect((await connecting).message).toContain("no answer within the time limit");
  await connection.closed;
  expect(clock.timerCount).toBe(0);
});

test("a token that never comes counts against the time limit", async () => {
  const clock = new Clock();
  const token = () => new Promise<string>(() => {});
  const connecting = rejection(connectIn(clock, "ws://127.0.0.1:9/", { webSocket, token }));
  clock.advance(10_000);
  expect((await connecting).message).toContain("no answer within the time limit");
});

test("a token provider that fails is the cause of the error", async () => {
  const cause = new Error("no login");
  const token = () => Promise.reject(cause);
  const error = await rejection(connect("ws://127.0.0.1:9/", { webSocket, token }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.cause).toBe(cause);
  expect(error.message).toBe("the token function failed: no login");
});

test("what a server thinks of a contract stops no client, and incompatible is told once", async ({
  peer,
}) => {
  const onError = vi.fn();
  const reconnect = { baseMs: 1, capMs: 2 };
  const connecting = connect(peer.url, { webSocket, onError, reconnect });
  const words = { a: "same", b: "compatible", c: "unknown", d: "later", e: 5 };
  let connection = await peer.next();
  await connection.greet({ contract: words });
  const client = await connecting;
  expect(onError).not.toHaveBeenCalled();
  for (const contract of [{ chat: "incompatible", other: "same" }, { chat: "incompatible" }]) {
    connection.kill();
    connection = await peer.next();
    await connection.greet({ contract });
    await connection.settled();
  }
  expect(onError).toHaveBeenCalledOnce();
  expect(String(onError.mock.calls[0]?.[0])).toContain("generate again: chat");
  await client.close();
});

test("a lazy client is there at once, and its calls wait for the connection", async ({ peer }) => {
  const client = await connect(peer.url, { webSocket, lazy: true });
  expect(client.state).toEqual({ type: "connecting" });
  const counted = new ChatClient(client).count({ room: "a" });
  const connection = await peer.next();
  const hello = await connection.next();
  expect(hello.params).toMatchObject({ contract: { chat: "5f3a9c21" } });
  await connection.settled();
  connection.send({ id: 0, result: { session: "s-1" } });
  connection.answer(await connection.next(), 2);
  expect(await counted).toBe(2);
  await client.close();
});

test("a lazy client goes on when the first attempt fails", async ({ peer, clock }) => {
  await peer.close();
  const client = await connectIn(clock, peer.url, { webSocket, lazy: true });
  const { attempt, lastError } = await until(client, "reconnecting");
  expect(attempt).toBe(1);
  expect(lastError).toBeInstanceOf(ConnectError);
  const revived = await Peer.listen(peer.port);
  clock.advance(250);
  await (await revived.next()).greet();
  await until(client, "open");
  await client.close();
  await revived.close();
});

test("headers reach the server through a WebSocket class of one's own", async ({ peer }) => {
  class WithCookie extends WebSocket {
    constructor(url: string, protocols?: string[]) {
      super(url, protocols, { headers: { cookie: "session=1" } });
    }
  }
  const connecting = connect(peer.url, { webSocket: WithCookie });
  const connection = await peer.next();
  await connection.greet();
  expect(connection.headers.cookie).toBe("session=1");
  await (await connecting).close();
});

test("a WebSocket class that throws fails the attempt with its reason", async () => {
  class Refusing extends WebSocket {
    constructor(url: string) {
      if (url) throw new Error("mixed content");
      super(url);
    }
  }
  const error = await rejection(connect("ws://127.0.0.1:9/", { webSocket: Refusing }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.message).toContain("mixed content");
});

test("an error about a URL shows nothing that is secret in it", async () => {
  for (const url of ["ftp://ann:S3CRET@x/?token=S3CRET", "ann:S3CRET@x#S3CRET"]) {
    const failed = await rejection(connect(url, { webSocket: WebSocket }));
    expect(failed.message).toContain("is not a WebSocket URL");
    expect(failed.message).not.toContain("S3CRET");
  }
});
