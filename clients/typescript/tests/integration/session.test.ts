// What any wirecall server must do, whatever its services are. The server is at WIRECALL_URL; the
// configuration of these tests refuses to run without it.

import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { connect, MethodNotFoundError } from "../../src/index.ts";
import { rejection } from "../support/states.ts";

const { WIRECALL_URL: url = "" } = process.env;

test("a session opens and ends", async () => {
  const client = await connect(url, { webSocket: WebSocket });
  expect(client.state.type).toBe("open");
  expect(client.session).toMatch(/./);
  await client.close();
  expect(client.state.type).toBe("closed");
});

test("a method that does not exist is answered method_not_found", async () => {
  const client = await connect(url, { webSocket: WebSocket });
  const service = client.service({ name: "nowhere" });
  expect(await rejection(service.call("nowhere.nothing", {}))).toBeInstanceOf(MethodNotFoundError);
  await client.close();
});

test("a plain peer calls without a session", async () => {
  const client = await connect(url, { webSocket: WebSocket, plain: true });
  expect(client.session).toBe(undefined);
  const service = client.service({ name: "nowhere" });
  expect(await rejection(service.call("nowhere.nothing", {}))).toBeInstanceOf(MethodNotFoundError);
  await client.close();
});
