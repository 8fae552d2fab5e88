// Bytes in both forms of the wire.

import { expect, test } from "vitest";
import { decodeBytes, encodeBytes } from "../src/index.ts";

const BYTES = Uint8Array.of(0, 1, 250, 255);

test("JSON carries bytes as base64 text", () => {
  expect(JSON.stringify({ data: encodeBytes(BYTES) })).toBe('{"data":"AAH6/w=="}');
  expect(decodeBytes("AAH6/w==")).toEqual(BYTES);
  expect(JSON.stringify(encodeBytes(new Uint8Array()))).toBe('""');
});

test("a megabyte goes there and back, and a part of a buffer is only that part", () => {
  const many = Uint8Array.from({ length: 1_000_000 }, (_, index) => index % 251);
  const back = decodeBytes(JSON.parse(JSON.stringify(encodeBytes(many))));
  expect(Buffer.compare(back, many)).toBe(0);
  const part = encodeBytes(BYTES.subarray(1, 3));
  expect(decodeBytes(JSON.parse(JSON.stringify(part)))).toEqual(Uint8Array.of(1, 250));
});

test("bytes that came as such are taken as they are", () => {
  expect(decodeBytes(BYTES)).toBe(BYTES);
});

test("anything else is refused", () => {
  expect(() => decodeBytes("~")).toThrow();
  expect(() => decodeBytes([1])).toThrow("neither binary nor base64");
});
