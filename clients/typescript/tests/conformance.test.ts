// The conformance vectors of the client's side, each in both codecs.

import { expect, test } from "vitest";
import { json } from "../src/codec.ts";
import { msgpack } from "../src/msgpack.ts";
import { Player, vectors } from "./support/vectors.ts";

const FOUND = vectors();

test.each(FOUND)("json: $path", (vector) => {
  new Player(vector, json).play();
});

/** What is a text by itself only JSON can carry. */
const BINARY = FOUND.filter(({ steps }) => !steps.some((step) => "receive_raw" in step));

test.each(BINARY)("msgpack: $path", (vector) => {
  new Player(vector, msgpack).play();
});

test("all of them are counted", () => {
  const count = (side: string) => FOUND.filter((vector) => vector.side === side).length;
  console.log(`vectors: typescript client=${count("client")} both=${count("both")}`);
  expect(count("client")).toBeGreaterThan(0);
  expect(count("both")).toBeGreaterThan(0);
});
