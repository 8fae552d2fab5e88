// The npm package json-rpc-2.0, which knows messages and no transport: over a WebSocket it calls a wirecall server.
import { once } from "node:events";
import {
  JSONRPCClient,
  type JSONRPCErrorException,
  JSONRPCServer,
  JSONRPCServerAndClient,
} from "json-rpc-2.0";
import { beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { serve } from "./server.ts";

let socket: WebSocket;
let peer: JSONRPCServerAndClient;

beforeAll(async () => {
  const server = await serve("interop-server");
  socket = new WebSocket(server.url);
  peer = new JSONRPCServerAndClient(
    new JSONRPCServer(),
    new JSONRPCClient((message) => socket.send(JSON.stringify(message))),
  );
  socket.on("message", (data) =>
    peer.receiveAndSend(JSON.parse(String(data)), undefined, undefined),
  );
  await once(socket, "open");
  return async () => {
    socket.close();
    await server.stop();
  };
});

async function refusal(method: string, params: unknown[]): Promise<JSONRPCErrorException> {
  try {
    await peer.request(method, params, undefined);
  } catch (error) {
    return error as JSONRPCErrorException;
  }
  throw new Error(`${method} was answered`);
}

test("it calls by name", async () => {
  const params = { subtrahend: 23, minuend: 42 };
  expect(await peer.request("desk.subtract", params, undefined)).toBe(19);
});

test("it calls by position", async () => {
  expect(await peer.request("desk.subtract", [42, 23], undefined)).toBe(19);
});

test("it leaves out a parameter that need not be given", async () => {
  expect(await peer.request("desk.divide", { dividend: 5 }, undefined)).toBe(2.5);
  expect(await peer.request("desk.divide", [5], undefined)).toBe(2.5);
});

test("it sends a notification", async () => {
  peer.notify("desk.note", { line: "from json-rpc-2.0" }, undefined);
  expect(await peer.request("desk.noted", ["from json-rpc-2.0"], undefined)).toBe(true);
});

test("it reads a typed error", async () => {
  const error = await refusal("desk.divide", [1.5, 0]);
  expect(error.code).toBe(1001);
  expect(error.message).toBe("Nothing can be divided by zero");
  const details = { dividend: 1.5 };
  expect(error.data).toEqual({ kind: "division_by_zero", retryable: false, details });
});

test("it reads the protocol's errors", async () => {
  expect(await refusal("desk.multiply", [2, 3])).toMatchObject({
    code: -32601,
    data: { kind: "method_not_found" },
  });
  expect(await refusal("desk.subtract", [2, "three"])).toMatchObject({
    code: -32602,
    data: { kind: "validation_error" },
  });
});

test("it sends a batch", async () => {
  const call = (id: number, method: string, params: unknown[]) => {
    return { jsonrpc: "2.0" as const, id, method, params };
  };
  const answers = await peer.requestAdvanced([
    call(1001, "desk.subtract", [42, 23]),
    call(1002, "desk.divide", [1, 0]),
    call(1003, "desk.subtract", [1, 2]),
  ]);
  expect(answers.map(({ id, result, error }) => [id, result ?? error?.code])).toEqual([
    [1001, 19],
    [1002, 1001],
    [1003, -1],
  ]);
});

test("it receives an event", async () => {
  const announced = new Promise((resolve) => peer.addMethod("desk.announced", resolve));
  expect(await peer.request("desk.announce", ["closing soon"], undefined)).toBe(null);
  expect(await announced).toEqual({ text: "closing soon" });
});

test("it answers a call of the server's", async () => {
  peer.addMethod("visitor.confirm", ({ question }: { question: string }) => question === "really?");
  expect(await peer.request("desk.ask_back", ["really?"], undefined)).toBe(true);
  expect(await peer.request("desk.ask_back", ["sure?"], undefined)).toBe(false);
});
