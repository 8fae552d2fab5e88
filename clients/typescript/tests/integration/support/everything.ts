// A value of every form, with the edges of each.

import type { Everything } from "../generated/fixture.ts";

export const EVERYTHING: Everything = {
  flag: true,
  tiny: 255,
  large: Number.MAX_SAFE_INTEGER,
  negative: Number.MIN_SAFE_INTEGER,
  ratio: -1.5e-7,
  text: 'quotes " and \\, a line\nbreak, \u0000, ä, \u{1f980}, \u2028',
  letter: "\u{1f980}",
  maybe: null,
  nothing: null,
  list: [-(2 ** 31), 0, 2 ** 31 - 1],
  set: ["a", "b"],
  map: { "": true, __proto__x: null, "a b": false },
  pair: [4_294_967_295, ""],
  user: "ada",
  at: "2026-01-31T23:59:59.123456Z",
  color: "deep_blue",
  shapes: [
    { type: "circle", radius: 0.1 },
    { type: "rectangle", width: 1, height: 2 },
    { type: "nothing" },
  ],
  adjacent: { t: "text", c: { text: "inside" } },
  untagged: ["many", "texts"],
  tree: { name: "root", children: [{ name: "leaf", children: [] }] },
  page: { items: ["x"], next: "y" },
  class: "a keyword",
  "two-words": "no name",
  note: "from another type",
};
