// How clients connect to a real server: tokens, refusals, plain peers, layers, the heartbeat.

import { afterAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { ConnectError, connect, type Layer, MethodNotFoundError } from "../../src/index.ts";
import { rejection } from "../support/states.ts";
import { BusyError } from "./generated/fixture.ts";
import { open, startServer } from "./support/server.ts";

const server = await startServer("--ping-ms", "100", "--heartbeat-timeout-ms", "300");
afterAll(() => server.kill());

test("a session opens and ends", async () => {
  const { client } = await open(server);
  expect(client.state.type).toBe("open");
  expect(client.session).toMatch(/./);
  await client.close();
  expect(client.state).toMatchObject({ type: "closed", gaveUp: false });
});

test("the token says who is calling", async () => {
  const { client, fixture } = await open(server, { token: () => Promise.resolve("user:ada") });
  expect(client.user).toBe("ada");
  expect(await fixture.who()).toBe("ada");
  await client.close();
});

test("a refused token is an error that says so", async () => {
  const error = await rejection(open(server, { token: "wrong" }));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.message).toContain("the token is not known here");
});

test("a fresh token is given to the server before the old one expires", async () => {
  let asked = 0;
  const token = () => Promise.resolve(asked++ === 0 ? "user:ada:1600" : "user:ada");
  const { client, fixture } = await open(server, { token });
  const { session } = client;
  // Longer than the first token is good.
  await fixture.wait({ ms: 1_800 });
  expect(asked).toBe(2);
  expect(client.state).toMatchObject({ type: "open", resumed: false });
  expect(client.session).toBe(session);
  await client.close();
});

test("a client whose token expires comes back to its session with another", async () => {
  let asked = 0;
  const tokens = ["user:ada:200", "user:bob", "user:ada"];
  const token = () => Promise.resolve(tokens[asked++] ?? "user:ada");
  const { client, fixture } = await open(server, { token });
  const { session } = client;
  const resumed = new Promise<void>((resolve) => {
    client.onState((state) => state.type === "open" && state.resumed && resolve());
  });
  // The second token, of another user, is refused, and changes nothing.
  await resumed;
  expect(asked).toBe(3);
  expect(client.session).toBe(session);
  expect(await fixture.who()).toBe("ada");
  await client.close();
});

test("a server that is down is asked for by its URL", async () => {
  const gone = await startServer();
  await gone.kill();
  const error = await rejection(open(gone));
  expect(error).toBeInstanceOf(ConnectError);
  expect(error.message).toContain(gone.url);
});

test("a plain peer calls without a session", async () => {
  const client = await connect(server.url, { webSocket: WebSocket, plain: true });
  expect(client.session).toBe(undefined);
  const service = client.service({ name: "nowhere" });
  expect(await rejection(service.call("nowhere.nothing", {}))).toBeInstanceOf(MethodNotFoundError);
  expect(await service.call("ext_sum", [1, 2])).toBe(3);
  await client.close();
});

test("layers see every call, the first outermost, and may call again", async () => {
  const seen: string[] = [];
  const note: Layer = async (call, next) => {
    seen.push(call.method);
    return next(call);
  };
  const retry: Layer = (call, next) => next(call).catch(() => next(call));
  const { client, fixture } = await open(server, { layers: [note, retry, note] });
  expect(await rejection(fixture.fail({ way: "busy" }))).toBeInstanceOf(BusyError);
  expect(seen).toEqual(["fixture.fail", "fixture.fail", "fixture.fail"]);
  await client.close();
});

test("pings are answered, so that a client that only waits is not taken for dead", async () => {
  const { client, fixture } = await open(server);
  // Three times what the server bears.
  expect(await fixture.wait({ ms: 900 })).toBe(900);
  expect(client.state.type).toBe("open");
  await client.close();
});
