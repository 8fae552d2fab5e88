// The npm package vscode-jsonrpc, under every language server, calls a wirecall server. It knows no batches.
import { once } from "node:events";
import { beforeAll, expect, test } from "vitest";
import {
  createMessageConnection,
  type MessageConnection,
  ParameterStructures,
  ResponseError,
} from "vscode-jsonrpc/node";
import { WebSocket } from "ws";
import { SocketReader, SocketWriter } from "./message-socket.ts";
import { serve } from "./server.ts";

let connection: MessageConnection;

beforeAll(async () => {
  const server = await serve("interop-server");
  const socket = new WebSocket(server.url);
  connection = createMessageConnection(new SocketReader(socket), new SocketWriter(socket));
  connection.listen();
  await once(socket, "open");
  return async () => {
    connection.end();
    await server.stop();
  };
});

const { byName, byPosition } = ParameterStructures;

async function refusal(method: string, ...params: unknown[]): Promise<ResponseError<unknown>> {
  try {
    await connection.sendRequest(method, byPosition, ...params);
  } catch (error) {
    if (error instanceof ResponseError) return error;
    throw error;
  }
  throw new Error(`${method} was answered`);
}

test("it calls by name", async () => {
  const params = { subtrahend: 23, minuend: 42 };
  expect(await connection.sendRequest("desk.subtract", byName, params)).toBe(19);
});

test("it calls by position", async () => {
  expect(await connection.sendRequest("desk.subtract", byPosition, 42, 23)).toBe(19);
});

test("it sends a notification", async () => {
  await connection.sendNotification("desk.note", byName, { line: "from vscode-jsonrpc" });
  expect(await connection.sendRequest("desk.noted", byPosition, "from vscode-jsonrpc")).toBe(true);
});

test("it reads a typed error", async () => {
  const error = await refusal("desk.divide", 1.5, 0);
  expect(error.code).toBe(1001);
  expect(error.message).toBe("Nothing can be divided by zero");
  const details = { dividend: 1.5 };
  expect(error.data).toEqual({ kind: "division_by_zero", retryable: false, details });
});

test("it reads the protocol's errors", async () => {
  expect((await refusal("desk.multiply", 2, 3)).code).toBe(-32601);
  expect((await refusal("desk.subtract", 2, "three")).code).toBe(-32602);
});

test("it receives an event", async () => {
  const announced = new Promise((resolve) => connection.onNotification("desk.announced", resolve));
  expect(await connection.sendRequest("desk.announce", byPosition, "closing soon")).toBe(null);
  expect(await announced).toEqual({ text: "closing soon" });
});

test("it answers a call of the server's", async () => {
  connection.onRequest("visitor.confirm", ({ question }) => question === "really?");
  expect(await connection.sendRequest("desk.ask_back", byPosition, "really?")).toBe(true);
});
