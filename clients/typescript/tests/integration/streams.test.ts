// Streams of the generated client: down, up, both ways, left, failing, and bytes in all of them.

import { afterAll, expect, test } from "vitest";
import { ValidationError } from "../../src/index.ts";
import { rejection } from "../support/states.ts";
import { GoneError, type Parcel } from "./generated/fixture.ts";
import { open, startServer } from "./support/server.ts";

const server = await startServer("--max-message-bytes", "4000000");
const { client, fixture } = await open(server);
afterAll(async () => {
  await client.close();
  await server.kill();
});

const PARCEL: Parcel = {
  content: Uint8Array.from({ length: 256 }, (_, index) => index),
  pieces: [new Uint8Array(), Uint8Array.of(0, 255)],
  seal: null,
  labels: { "a b": Uint8Array.of(1) },
  cover: { type: "paper", print: Uint8Array.of(2) },
};

/** Bytes as numbers, whatever class of bytes they came in. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Uint8Array ? { bytes: [...inner] } : inner,
    ),
  );
}

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 1; number <= count; number += 1) yield number;
}

async function taken<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);

test("items come in order and the result after them", async () => {
  const stream = fixture.numbers({ from: 5, count: 1000 });
  expect(await taken(stream)).toEqual(range(5, 1000));
  expect(await stream.result).toBe(range(5, 1000).reduce((sum, number) => sum + number, 0));
});

test("what others subscribe to is an ordinary stream", async () => {
  const seen: number[] = [];
  for await (const number of fixture.subscribe({ from: 7 })) {
    seen.push(number);
    if (number === 9) break;
  }
  expect(seen).toEqual([7, 8, 9]);
});

test("leaving the loop ends the handler", async () => {
  const ended = new Promise<boolean>((resolve) => {
    fixture.onEnded(({ key, dropped }) => key === "left" && resolve(dropped));
  });
  for await (const number of fixture.clock({ key: "left", ms: 1 })) if (number === 3) break;
  expect(await ended).toBe(true);
});

test("a stream fails with the service's error after its items", async () => {
  const stream = fixture.breaks({ after: 3 });
  const seen: number[] = [];
  const error = await rejection(
    (async () => {
      for await (const number of stream) seen.push(number);
    })(),
  );
  expect(error).toBeInstanceOf(GoneError);
  expect(seen).toEqual([0, 1, 2]);
});

test("an upload takes any iterable, and the server may want no more", async () => {
  expect(await fixture.total(numbers(500))).toBe(125_250);
  expect(await fixture.total([])).toBe(0);
  expect(await fixture.first({ items: 3 }, numbers(1_000_000))).toBe(6);
});

test("items go both ways at once", async () => {
  const doubled = fixture.doubled(numbers(200));
  expect(await taken(doubled)).toEqual(range(1, 200).map((number) => 2 * number));
  expect(await doubled.result).toBe(200);
});

test("another call is answered while a stream floods", async () => {
  for await (const text of fixture.flood({ bytes: 50_000 })) {
    expect(text.length).toBe(50_000);
    expect(await fixture.echoText({ text: "beside it" })).toBe("beside it");
    break;
  }
});

test("bytes come back from every place", async () => {
  expect(plain(await fixture.echoBytes({ parcel: PARCEL }))).toEqual(plain(PARCEL));
  const outer: Parcel = {
    ...PARCEL,
    seal: Uint8Array.of(10),
    cover: { type: "parcel", ...PARCEL },
  };
  expect(plain(await fixture.echoBytes({ parcel: outer }))).toEqual(plain(outer));
  const { content } = await fixture.echoBytes({ parcel: PARCEL });
  expect(content).toBeInstanceOf(Uint8Array);
  const pieces = [new Uint8Array(), Uint8Array.of(1), new Uint8Array(70_000)];
  expect(plain(await taken(fixture.echoPieces(pieces)))).toEqual(plain(pieces));
});

test("too many bytes are refused", async () => {
  const parcel = { ...PARCEL, content: new Uint8Array(1_000_001) };
  const error = await rejection(fixture.echoBytes({ parcel }));
  expect(error).toBeInstanceOf(ValidationError);
  expect((error as ValidationError).errors[0]?.path).toBe("/parcel/content");
});
