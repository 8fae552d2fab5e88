// What no server can decode fails the one call that holds it, with an error that says why.

import { expect, test as plainTest } from "vitest";
import { type Codec, json, plainJson } from "../src/codec.ts";
import { connect } from "../src/index.ts";
import { msgpack } from "../src/msgpack.ts";
import { ChatClient } from "./fixtures/chat.ts";
import { test } from "./support/fixture.ts";
import { rejection } from "./support/states.ts";

const HALF = "\ud83d cut";

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

const CODECS: readonly (readonly [string, Codec])[] = [
  ["JSON", json],
  ["MessagePack", msgpack],
];

plainTest.each(CODECS)(
  "half a surrogate pair is refused in %s, as a value and as a key",
  (_, codec) => {
    for (const value of [HALF, [HALF], { a: { [HALF]: 1 } }, "a\\\ud83d", "\ude00"]) {
      expect(() => codec.encode({ value })).toThrow("half of a surrogate pair");
      expect(() => codec.encodeMember(value)).toThrow(TypeError);
    }
  },
);

plainTest.each(CODECS)("whole pairs and what only looks like half of one go in %s", (_, codec) => {
  for (const value of ["\u{1f600}", "\\ud83d", "\ud7ff\ue000", "\uffff"]) {
    expect(codec.decode(codec.encode({ value }))).toEqual({ value });
  }
});

plainTest.each(CODECS)("what is nested too deeply is refused in %s", (_, codec) => {
  expect(() => codec.encode({ value: nested(128) })).toThrow(/deep/);
  expect(() => codec.encodeMember(nested(128))).toThrow(/deep/);
  expect(codec.encodeMember(nested(127))).toBeDefined();
});

plainTest("brackets in texts are no nesting", () => {
  const value = ['["\\'.repeat(200), nested(100)];
  expect(json.decode(json.encode({ value }))).toEqual({ value });
});

plainTest("a plain peer's server decides itself what it decodes", () => {
  expect(plainJson.encode({ value: [HALF, nested(200)] })).toContain("ud83d");
});

for (const [name, codec] of CODECS) {
  test(`what cannot be decoded fails its call alone, over ${name}`, async ({ open }) => {
    const { client, connection } = await open({ codec });
    const chat = new ChatClient(client);
    const failed = await rejection(chat.post({ room: "a", text: HALF }));
    expect(failed).toBeInstanceOf(TypeError);
    expect((await rejection(chat.typing({ room: HALF }))).message).toContain("toWellFormed");
    const counted = chat.count({ room: "a" });
    connection.answer(await connection.next(), 1);
    expect(await counted).toBe(1);
  });
}

test("a token that cannot be encoded is said at once", async ({ peer }) => {
  const { WebSocket } = await import("ws");
  const failed = await rejection(connect(peer.url, { webSocket: WebSocket, token: HALF }));
  expect(failed.message).toContain("hello cannot be encoded");
  expect(failed.cause).toBeInstanceOf(TypeError);
});
