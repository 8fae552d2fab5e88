// What a client does when its server goes away and comes back on the same port.

import { afterEach, expect, test } from "vitest";
import { type Client, ClosedError, ConnectionLostError } from "../../src/index.ts";
import { rejection, until } from "../support/states.ts";
import { open, type Server, startServer } from "./support/server.ts";

const servers: Server[] = [];
const clients: Client[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.all(servers.splice(0).map((server) => server.kill()));
});

async function start(...flags: string[]): Promise<Server> {
  const server = await startServer(...flags);
  servers.push(server);
  return server;
}

async function connected(server: Server, options?: Parameters<typeof open>[1]) {
  const both = await open(server, options);
  clients.push(both.client);
  return both;
}

test("calls made while the server is away are sent when it is back, in order", async () => {
  const server = await start();
  const { client, fixture } = await connected(server);
  const away = until(client, "reconnecting");
  await server.kill();
  expect((await away).attempt).toBe(1);
  const calls = Array.from({ length: 20 }, (_, number) => fixture.record({ number, ms: 0 }));
  await start("--listen", server.address);
  const answers = await Promise.all(calls);
  expect(answers.map(({ number, before }) => number - before)).toEqual(calls.map(() => 0));
  expect(client.state.type).toBe("open");
});

test("a call that was written ends as connection lost, when a new server does not know its session", async () => {
  const server = await start();
  const { client, fixture } = await connected(server);
  const begun = new Promise<void>((resolve) => fixture.onStarted(() => resolve()));
  const lost = rejection(fixture.hang({ key: "lost" }));
  await begun;
  await server.kill();
  await until(client, "reconnecting");
  await start("--listen", server.address);
  expect(await lost).toBeInstanceOf(ConnectionLostError);
  expect(client.state).toMatchObject({ type: "open", resumed: false, reason: "unknown" });
  expect(await fixture.echoText({ text: "hi" })).toBe("hi");
});

test("a client without reconnect ends with its server", async () => {
  const server = await start();
  const { client, fixture } = await connected(server, { reconnect: false });
  await server.kill();
  expect(await until(client, "closed")).toMatchObject({ gaveUp: true });
  expect(await rejection(fixture.counted())).toBeInstanceOf(ClosedError);
});

test("a draining server finishes open calls, and the next one gets the calls made meanwhile", async () => {
  const server = await start("--retry-within-ms", "50");
  const { client, fixture } = await connected(server);
  const open = fixture.wait({ ms: 300 });
  await fixture.drain();
  const away = until(client, "reconnecting");
  expect(await open).toBe(300);
  await away;
  await server.ended();
  const late = fixture.echoText({ text: "late" });
  await start("--listen", server.address);
  expect(await late).toBe("late");
});

test("the close code says whether to come back, and a new token is asked for", async () => {
  const server = await start();
  let asked = 0;
  const token = () => {
    asked += 1;
    return `user:${asked}`;
  };
  const { client, fixture } = await connected(server, { token });
  // Another user: the session of the first one is not that one's to take up.
  expect(await rejection(fixture.leave({ code: 4010, reason: "expired" }))).toBeInstanceOf(
    ConnectionLostError,
  );
  expect(client.state).toMatchObject({ type: "open", user: "2", reason: "denied" });
  await rejection(fixture.leave({ code: 4502, reason: "revoked" }));
  const end = await until(client, "closed");
  expect(end).toMatchObject({ gaveUp: false, disconnect: { code: 4502, reason: "revoked" } });
});
