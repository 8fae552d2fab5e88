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

test("a buffer and any view of one are bytes", () => {
  const { buffer } = Uint8Array.of(1, 0, 2, 0);
  const views = [new DataView(buffer), new Uint16Array(buffer), Buffer.from(buffer)];
  for (const bytes of [buffer, ...views] as unknown as Uint8Array[]) {
    expect(JSON.stringify(encodeBytes(bytes))).toBe('"AQACAA=="');
  }
});

test("what is no bytes is not sent as none", () => {
  const given = ["text", [1, 2], 7, null, undefined, new Blob(), { length: 1 }] as unknown[];
  const said = given.map((bytes) => {
    expect(() => encodeBytes(bytes as Uint8Array)).toThrow(TypeError);
    try {
      return encodeBytes(bytes as Uint8Array);
    } catch (error) {
      return (error as Error).message.replace("bytes are a Uint8Array, and this is: ", "");
    }
  });
  expect(said).toEqual(["string", "Array", "number", "null", "undefined", "Blob", "Object"]);
});

test("anything else is refused", () => {
  expect(() => decodeBytes("~")).toThrow();
  expect(() => decodeBytes([1])).toThrow("neither binary nor base64");
});
