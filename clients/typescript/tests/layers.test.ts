// Layers around every call: their order, and what they can change.

import { expect } from "vitest";
import type { Layer } from "../src/index.ts";
import { ChatClient, MutedError } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection } from "./support/states.ts";

test("the first layer is outermost", async ({ open }) => {
  const steps: string[] = [];
  const named =
    (name: string): Layer =>
    async (call, next) => {
      steps.push(`${name} before ${call.method}`);
      const result = await next(call);
      steps.push(`${name} after ${result}`);
      return result;
    };
  const { client, connection } = await open({ layers: [named("outer"), named("inner")] });
  const counted = new ChatClient(client).count({ room: "a" });
  connection.answer(await connection.next(), 3);
  await counted;
  expect(steps).toEqual([
    "outer before chat.count",
    "inner before chat.count",
    "inner after 3",
    "outer after 3",
  ]);
});

test("a layer adds meta and changes the time limit", async ({ openAt }) => {
  const tracing: Layer = (call, next) =>
    next({ ...call, timeoutMs: 100, meta: { ...call.meta, traceparent: "00-1" } });
  const { client, connection } = await openAt({ layers: [tracing] });
  const counted = new ChatClient(client).count({ room: "a" }, { meta: { tenant: "t" } });
  const call = await connection.next();
  expect(call.meta).toEqual({ tenant: "t", traceparent: "00-1", timeout_ms: 100 });
  connection.answer(call, 1);
  await counted;
});

test("a layer that retries makes new calls, and sees the typed error", async ({ open }) => {
  const seen: unknown[] = [];
  const retrying: Layer = async (call, next) => {
    try {
      return await next(call);
    } catch (error) {
      seen.push(error);
      return next(call);
    }
  };
  const { client, connection } = await open({ layers: [retrying] });
  const posted = new ChatClient(client).post({ room: "a", text: "b" });
  const first = await connection.next();
  connection.fail(first, { code: 1002, message: "muted", data: { kind: "muted" } });
  const second = await connection.next();
  expect(second.id).not.toBe(first.id);
  connection.answer(second, { id: 1 });
  expect(await posted).toEqual({ id: 1 });
  expect(seen).toEqual([expect.any(MutedError)]);
});

test("a layer sees the decoded result and may answer by itself", async ({ open }) => {
  const results: unknown[] = [];
  const watching: Layer = async (call, next) => {
    if (call.method === "chat.count") return 42;
    const result = await next(call);
    results.push(result);
    return result;
  };
  const { client, connection } = await open({ layers: [watching] });
  const chat = new ChatClient(client);
  expect(await chat.count({ room: "a" })).toBe(42);
  const exported = chat.exportRoom({ room: "a" });
  connection.answer(await connection.next(), { name: "a", bytes: "5" });
  await exported;
  expect(results).toEqual([{ name: "a", bytes: 5n }]);
});

test("a layer that throws fails the call", async ({ open }) => {
  const fault = new Error("layer");
  const { client, connection } = await open({ layers: [() => Promise.reject(fault)] });
  expect(await rejection(new ChatClient(client).hello())).toBe(fault);
  await connection.settled();
});
