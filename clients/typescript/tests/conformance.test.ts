// The conformance vectors of the client's side.

import { expect, test } from "vitest";
import { json } from "../src/codec.ts";
import { Player, vectors } from "./support/vectors.ts";

const FOUND = vectors();

test.each(FOUND)("json: $path", (vector) => {
  new Player(vector, json).play();
});

test("all of them are counted", () => {
  const count = (side: string) => FOUND.filter((vector) => vector.side === side).length;
  console.log(`vectors: typescript client=${count("client")} both=${count("both")}`);
  expect(count("client")).toBeGreaterThan(0);
  expect(count("both")).toBeGreaterThan(0);
});
