// The npm package rpc-websockets calls a wirecall server. It knows no batches.
import { Client } from "rpc-websockets";
import { beforeAll, expect, test } from "vitest";
import { serve } from "./server.ts";

let client: Client;

beforeAll(async () => {
  const server = await serve("interop-server");
  client = new Client(server.url, { reconnect: false });
  await emitted("open");
  return async () => {
    client.close();
    await server.stop();
  };
});

/** What comes with the next event of that name. */
function emitted(event: string): Promise<unknown> {
  return new Promise((resolve) => client.once(event, resolve));
}

test("it calls by name", async () => {
  expect(await client.call("desk.subtract", { subtrahend: 23, minuend: 42 })).toBe(19);
});

test("it calls by position", async () => {
  expect(await client.call("desk.subtract", [42, 23])).toBe(19);
});

test("it sends a notification", async () => {
  await client.notify("desk.note", { line: "from rpc-websockets" });
  expect(await client.call("desk.noted", ["from rpc-websockets"])).toBe(true);
});

test("it reads a typed error", async () => {
  await expect(client.call("desk.divide", [1.5, 0])).rejects.toEqual({
    code: 1001,
    message: "Nothing can be divided by zero",
    data: { kind: "division_by_zero", retryable: false, details: { dividend: 1.5 } },
  });
});

test("it reads the protocol's errors", async () => {
  await expect(client.call("desk.multiply", [2, 3])).rejects.toMatchObject({ code: -32601 });
  await expect(client.call("desk.subtract", ["two", 3])).rejects.toMatchObject({ code: -32602 });
});

test("it receives an event", async () => {
  const announced = emitted("desk.announced");
  expect(await client.call("desk.announce", ["closing soon"])).toBe(null);
  expect(await announced).toEqual({ text: "closing soon" });
});
