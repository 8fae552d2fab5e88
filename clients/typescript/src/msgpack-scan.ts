// A look over a MessagePack message before anything is made of it: a few bytes may announce arrays of
// millions, which the decoder would make first and miss afterwards.

import { MAX_DEPTH } from "./codec.ts";

/** How a value goes on after its first byte: its bytes without those that are counted, how many of
 * them hold a count, and how many values each of that stands for; none for bytes. */
type Form = readonly [width: number, counts: number, values: number];

const COUNTS = [1, 2, 4];
const NUMBER_WIDTHS = [2, 3, 5, 9];

/** The forms of the first bytes from 0xc0 to 0xdf. */
const FORMS: readonly Form[] = [
  ...[1, 1, 1, 1].map((width): Form => [width, 0, 0]),
  ...COUNTS.map((counts): Form => [1 + counts, counts, 0]),
  ...COUNTS.map((counts): Form => [2 + counts, counts, 0]),
  ...[5, 9, ...NUMBER_WIDTHS, ...NUMBER_WIDTHS].map((width): Form => [width, 0, 0]),
  ...[1, 2, 4, 8, 16].map((bytes): Form => [2 + bytes, 0, 0]),
  ...COUNTS.map((counts): Form => [1 + counts, counts, 0]),
  ...[1, 1, 2, 2].map((values, place): Form => (place % 2 ? [5, 4, values] : [3, 2, values])),
];

const PROTO = new TextEncoder().encode("__proto__");

/**
 * Throws where a message holds less than it announces, or is nested too deeply. True when one of its
 * texts is `__proto__`, which the decoder refuses as a key.
 */
export function scan(bytes: Uint8Array): boolean {
  const reader = new Scanner(bytes);
  /** Values that are still to come, and for each open map or array how many when it ends. */
  let pending = 1;
  const ends: number[] = [];
  while (pending > 0) {
    pending -= 1;
    const inside = reader.step();
    if (inside !== undefined) {
      if (ends.length >= MAX_DEPTH) throw new RangeError(`nested more than ${MAX_DEPTH} deep`);
      ends.push(pending);
      pending += inside;
      if (pending > reader.left) throw new RangeError("it announces more values than it has bytes");
    }
    while (ends.at(-1) === pending) ends.pop();
  }
  return reader.hasProto;
}

class Scanner {
  hasProto = false;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Passes a value; gives how many are inside of it, where it is a map or an array. */
  step(): number | undefined {
    const head = this.view.getUint8(this.at);
    if (head < 0x80 || head >= 0xe0) return this.pass(1);
    if (head < 0x90) return this.enter(1, (head - 0x80) * 2);
    if (head < 0xa0) return this.enter(1, head - 0x90);
    if (head < 0xc0) return this.text(1, head - 0xa0);
    const [width, counts, values] = FORMS[head - 0xc0] ?? [1, 0, 0];
    const counted = this.count(counts);
    if (values > 0) return this.enter(width, counted * values);
    return head >= 0xd9 ? this.text(width, counted) : this.pass(width + counted);
  }

  private count(width: number): number {
    const at = this.at + 1;
    if (width === 1) return this.view.getUint8(at);
    if (width === 2) return this.view.getUint16(at);
    return width === 4 ? this.view.getUint32(at) : 0;
  }

  private enter(width: number, inside: number): number {
    this.pass(width);
    return inside;
  }

  private text(width: number, length: number): undefined {
    const at = this.at + width;
    this.hasProto ||=
      length === PROTO.length && PROTO.every((byte, place) => this.bytes[at + place] === byte);
    return this.pass(width + length);
  }

  private pass(width: number): undefined {
    this.at += width;
    if (this.left < 0) throw new RangeError("it is cut off");
    return undefined;
  }
}
