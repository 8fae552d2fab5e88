// The server calls this side: handlers, their errors, cancel, and time limit.

import { encode } from "@msgpack/msgpack";
import { expect } from "vitest";
import { json } from "../src/codec.ts";
import { RpcError, type ServedCall } from "../src/index.ts";
import { msgpack } from "../src/msgpack.ts";
import { ChatClient, MutedError, type UiHandler } from "./fixtures/chat.ts";
import { Arrivals } from "./support/arrivals.ts";
import { test } from "./support/fixture.ts";
import { until } from "./support/states.ts";

/** Integers of 64 bits on the wire. */
const BIG = { useBigInt64: true };
const NO_UI: UiHandler = { confirm: () => false, pickSize: () => 0n };

test("a handler answers a call of the server", async ({ open }) => {
  const { client, connection } = await open();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: async ({ prompt }) => prompt === "Delete?",
  });
  connection.send({ id: "q-1", method: "ui.confirm", params: { prompt: "Delete?" } });
  expect(await connection.next()).toEqual({ jsonrpc: "2.0", id: "q-1", result: true });
});

test("params and result of a handler go through the generated code's own forms", async ({
  open,
}) => {
  const { client, connection } = await open();
  new ChatClient(client).serveUi({ ...NO_UI, pickSize: ({ largest }) => largest - 1n });
  const params = { largest: "9007199254740994" };
  connection.send({ id: 1, method: "ui.pick_size", params });
  expect(await connection.next()).toMatchObject({ id: 1, result: "9007199254740993" });
  connection.send({ id: 2, method: "ui.pick_size", params: { largest: "many" } });
  expect(await connection.next()).toMatchObject({
    id: 2,
    error: { code: -32602, data: { kind: "validation_error" } },
  });
});

test("64 calls of the server are answered at once, in whatever order", async ({ open }) => {
  const { client, connection } = await open();
  const waiting = new Map<string, (answer: boolean) => void>();
  const begun = new Arrivals<string>();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: ({ prompt }) =>
      new Promise((resolve) => {
        waiting.set(prompt, resolve);
        begun.push(prompt);
      }),
  });
  for (let id = 1; id <= 64; id += 1) {
    connection.send({ id, method: "ui.confirm", params: { prompt: String(id) } });
  }
  for (let id = 1; id <= 64; id += 1) await begun.next();
  for (let id = 64; id >= 1; id -= 1) {
    waiting.get(String(id))?.(true);
    expect(await connection.next()).toMatchObject({ id, result: true });
  }
});

test("a handler that returns nothing answers null", async ({ open }) => {
  const { client, connection } = await open();
  client.service({ name: "ui" }).serve({ "ui.beep": { handle: () => undefined } });
  connection.send({ id: 5, method: "ui.beep" });
  expect(await connection.next()).toEqual({ jsonrpc: "2.0", id: 5, result: null });
});

test("a typed error of a handler goes out with its code, kind and details", async ({ open }) => {
  const { client, connection } = await open();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: () => {
      throw new MutedError({ details: { until: "noon" }, retryable: true, retryAfterMs: 10 });
    },
  });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  expect((await connection.next()).error).toEqual({
    code: 1002,
    message: "muted",
    data: { kind: "muted", retryable: true, retry_after_ms: 10, details: { until: "noon" } },
  });
});

test("what a handler throws otherwise is reported here and not told there", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  const secret = new Error("password is swordfish");
  new ChatClient(client).serveUi({ ...NO_UI, confirm: () => Promise.reject(secret) });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  const { error } = await connection.next();
  expect(error).toMatchObject({ code: -32603, data: { kind: "internal_error" } });
  expect(JSON.stringify(error)).not.toContain("swordfish");
  expect(errors).toEqual([secret]);
});

test("a result that cannot be encoded is an internal error, and is reported", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  client.service({ name: "ui" }).serve({ "ui.big": { handle: () => ({ big: 1n }) } });
  connection.send({ id: 1, method: "ui.big" });
  expect((await connection.next()).error).toMatchObject({ code: -32603 });
  expect(errors).toEqual([expect.any(TypeError)]);
});

test("an answer that is too large becomes that error", async ({ open }) => {
  const { client, connection } = await open({}, { limits: { max_message_bytes: 300 } });
  client.service({ name: "ui" }).serve({ "ui.long": { handle: () => "x".repeat(400) } });
  connection.send({ id: 1, method: "ui.long" });
  expect(await connection.next()).toMatchObject({ id: 1, error: { code: -32008 } });
});

test("a call that wants no answer reaches its handler, and gets none", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  const silence = new Error("no sound");
  const heard = new Arrivals<unknown>();
  client.service({ name: "ui" }).serve({
    "ui.beep": {
      handle: (params) => {
        heard.push(params);
        throw silence;
      },
    },
  });
  connection.send({ method: "ui.beep", params: { times: 2 } });
  expect(await heard.next()).toEqual({ times: 2 });
  connection.send({ id: 1, method: "ui.nothing" });
  expect(await connection.next()).toMatchObject({ id: 1, error: { code: -32601 } });
  expect(errors).toEqual([silence]);
});

test("a call that nobody handles is answered method_not_found", async ({ open }) => {
  const { client, connection } = await open();
  const stop = new ChatClient(client).serveUi(NO_UI);
  stop();
  for (const method of ["ui.confirm", "rpc.future", "constructor"]) {
    connection.send({ id: 1, method, params: {} });
    expect((await connection.next()).error).toMatchObject({
      code: -32601,
      data: { kind: "method_not_found" },
    });
  }
});

test("a method is served once", async ({ open }) => {
  const { client } = await open();
  const chat = new ChatClient(client);
  const stop = chat.serveUi(NO_UI);
  expect(() => chat.serveUi(NO_UI)).toThrow("ui.confirm is served already");
  stop();
  chat.serveUi(NO_UI);
  stop();
  expect(() => chat.serveUi(NO_UI)).toThrow("served already");
});

test("rpc.cancel aborts the handler and is answered at once", async ({ open }) => {
  const { client, connection } = await open();
  const calls = new Arrivals<ServedCall>();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: (_, call) =>
      new Promise((resolve) => {
        call.signal.addEventListener("abort", () => resolve(true));
        calls.push(call);
      }),
  });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  const { signal } = await calls.next();
  connection.send({ method: "rpc.cancel", params: { id: 1 } });
  expect((await connection.next()).error).toMatchObject({ code: -32005 });
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBeInstanceOf(RpcError);
  await connection.settled();
});

test("the server's time limit aborts the handler and is answered", async ({ openAt, clock }) => {
  const { client, connection } = await openAt();
  const calls = new Arrivals<ServedCall>();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: (_, call) => {
      calls.push(call);
      return new Promise(() => {});
    },
  });
  const params = { prompt: "?" };
  connection.send({ id: 1, method: "ui.confirm", params, meta: { timeout_ms: 100, tenant: "t" } });
  const call = await calls.next();
  expect([call.timeoutMs, call.meta]).toEqual([100, { timeout_ms: 100, tenant: "t" }]);
  clock.advance(100);
  expect((await connection.next()).error).toMatchObject({ code: -32004 });
  expect(call.signal.aborted).toBe(true);
});

test("a time limit that is none limits neither its call nor another", async ({ openAt, clock }) => {
  // JSON has no NaN, MessagePack does.
  const { client, connection } = await openAt({ codec: msgpack });
  const calls = new Arrivals<ServedCall>();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: (_, call) => {
      calls.push(call);
      return new Promise(() => {});
    },
  });
  const begun: ServedCall[] = [];
  for (const timeout_ms of [Number.NaN, -1, "soon", 100]) {
    const id = begun.length;
    connection.send({ id, method: "ui.confirm", params: { prompt: "?" }, meta: { timeout_ms } });
    begun.push(await calls.next());
  }
  expect(begun.map(({ timeoutMs }) => timeoutMs)).toEqual([undefined, undefined, undefined, 100]);
  clock.advance(100);
  expect(await connection.next()).toMatchObject({ id: 3, error: { code: -32004 } });
  expect(begun.map(({ signal }) => signal.aborted)).toEqual([false, false, false, true]);
});

test("a lost session aborts the handlers, and their answers go nowhere", async ({
  openAt,
  peer,
  clock,
}) => {
  const { client, connection } = await openAt();
  const calls = new Arrivals<ServedCall>();
  let finish = (_: boolean) => {};
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: (_, call) => {
      calls.push(call);
      return new Promise((resolve) => {
        finish = resolve;
      });
    },
  });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  const { signal } = await calls.next();
  connection.kill();
  await until(client, "reconnecting");
  expect(signal.aborted).toBe(false);
  clock.advance(250);
  const again = await peer.next();
  await again.greet({ reason: "expired" });
  await until(client, "open");
  expect(signal.aborted).toBe(true);
  again.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  await calls.next();
  finish(true);
  expect(await again.next()).toMatchObject({ id: 1, result: true });
  await again.settled();
});

test("an id that is open is not run a second time", async ({ open }) => {
  const { client, connection } = await open({ onError: () => {} });
  const calls = new Arrivals<ServedCall>();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: (_, call) => {
      calls.push(call);
      return new Promise(() => {});
    },
  });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  expect(await connection.next()).toMatchObject({ id: null, error: { code: -32600 } });
  await calls.next();
  expect(calls.count).toBe(0);
});

test("a call whose id a number would round is not run: no answer could name it", async ({
  open,
}) => {
  for (const codec of [json, msgpack]) {
    const errors: unknown[] = [];
    const { client, connection } = await open({ codec, onError: (error) => errors.push(error) });
    let run = 0;
    new ChatClient(client).serveUi({
      ...NO_UI,
      confirm: () => {
        run += 1;
        return true;
      },
    });
    const call = (id: string) => `{"jsonrpc":"2.0","id":${id},"method":"ui.confirm","params":{}}`;
    for (const id of ["9007199254740993", "-9007199254740993", "1e400"]) {
      if (codec === json) connection.raw(call(id));
      else connection.raw(encode({ ...JSON.parse(call("0")), id: 2n ** 53n + 1n }, BIG));
      const message = "a call whose id is a number beyond 2^53-1";
      expect(await connection.next()).toMatchObject({ id: null, error: { code: -32600, message } });
    }
    for (const id of [Number.MAX_SAFE_INTEGER, 0.5, -1]) {
      connection.send({ id, method: "ui.confirm", params: {} });
      expect(await connection.next()).toMatchObject({ id, result: true });
    }
    expect([run, errors.length]).toEqual([3, 3]);
  }
});

test("64 handlers are at work, cancelled ones included, 256 calls wait, and one more is refused", async ({
  open,
}) => {
  const { client, connection } = await open();
  const begun: string[] = [];
  const finish: (() => void)[] = [];
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: ({ prompt }) => {
      begun.push(prompt);
      return new Promise((resolve) => finish.push(() => resolve(true)));
    },
  });
  const call = (id: number) =>
    connection.send({ id, method: "ui.confirm", params: { prompt: String(id) } });
  for (let id = 1; id <= 64; id += 1) {
    call(id);
    connection.send({ method: "rpc.cancel", params: { id } });
    expect((await connection.next()).error?.code).toBe(-32005);
  }
  for (let id = 65; id <= 321; id += 1) call(id);
  expect(await connection.next()).toMatchObject({ id: 321, error: { code: -32009 } });
  // One that is cancelled while it waits never starts.
  connection.send({ method: "rpc.cancel", params: { id: 65 } });
  expect(await connection.next()).toMatchObject({ id: 65, error: { code: -32005 } });
  expect(begun).toHaveLength(64);
  finish[0]?.();
  await connection.settled();
  expect(begun.slice(64)).toEqual(["66"]);
});

test("a call that nobody handles is answered at once, whatever runs and waits", async ({
  open,
}) => {
  const { client, connection } = await open();
  new ChatClient(client).serveUi({ ...NO_UI, confirm: () => new Promise(() => {}) });
  for (let id = 1; id <= 64 + 256; id += 1) {
    connection.send({ id, method: "ui.confirm", params: { prompt: "?" } });
  }
  connection.send({ id: 321, method: "ui.nothing" });
  expect(await connection.next()).toMatchObject({ id: 321, error: { code: -32601 } });
  await connection.settled();
});

test("calls that wait are bounded in bytes, too", async ({ open }) => {
  const { client, connection } = await open();
  new ChatClient(client).serveUi({ ...NO_UI, confirm: () => new Promise(() => {}) });
  const call = (id: number, prompt: string) =>
    connection.send({ id, method: "ui.confirm", params: { prompt } });
  for (let id = 1; id <= 64; id += 1) call(id, "?");
  call(65, "x".repeat(1_000_000));
  call(66, "x".repeat(100_000));
  expect(await connection.next()).toMatchObject({ id: 66, error: { code: -32009 } });
  call(67, "?");
  await connection.settled();
});

test("a notification that finds no room closes 4013, and is run when the resume brings it again", async ({
  openAt,
  peer,
  clock,
}) => {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const { client, connection } = await openAt({ onError });
  const begun = new Arrivals<unknown>();
  const finish: (() => void)[] = [];
  client.service({ name: "ui" }).serve({
    "ui.beep": {
      handle: ([count]: [number]) => {
        begun.push(count);
        return new Promise<void>((resolve) => finish.push(resolve));
      },
    },
  });
  for (let seq = 1; seq <= 64 + 256 + 1; seq += 1) {
    connection.send({ method: "ui.beep", params: [seq], seq });
  }
  const { lastError } = await until(client, "reconnecting");
  expect(lastError.message).toContain("too many notifications wait for their handlers (4013)");
  clock.advance(250);
  const again = await peer.next();
  const hello = await again.greet({ resumed: true, sent: 321 });
  expect(hello.params?.resume).toMatchObject({ received: 320 });
  for (let count = 1; count <= 64; count += 1) expect(await begun.next()).toBe(count);
  for (const done of finish.splice(0)) done();
  for (let count = 65; count <= 128; count += 1) expect(await begun.next()).toBe(count);
  again.send({ method: "ui.beep", params: [321], seq: 321 });
  for (let count = 129; count <= 321; count += 1) {
    finish.shift()?.();
    expect(await begun.next()).toBe(count);
  }
  expect(errors).toEqual([]);
});

test("handlers that have ended make room for others", async ({ open }) => {
  const { client, connection } = await open();
  new ChatClient(client).serveUi(NO_UI);
  for (let id = 1; id <= 300; id += 1) {
    connection.send({ id, method: "ui.confirm", params: { prompt: "?" } });
    expect(await connection.next()).toMatchObject({ id, result: false });
  }
});

test("a handler that fails because it was told to stop is not reported", async ({ open }) => {
  const errors: unknown[] = [];
  const { client, connection } = await open({ onError: (error) => errors.push(error) });
  const stopped = new Arrivals<true>();
  new ChatClient(client).serveUi({
    ...NO_UI,
    confirm: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("stopped"));
          stopped.push(true);
        });
      }),
  });
  connection.send({ id: 1, method: "ui.confirm", params: { prompt: "?" } });
  connection.send({ method: "rpc.cancel", params: { id: 1 } });
  expect((await connection.next()).error?.code).toBe(-32005);
  await stopped.next();
  await connection.settled();
  expect(errors).toEqual([]);
});
