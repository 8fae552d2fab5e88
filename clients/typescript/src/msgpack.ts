// MessagePack in binary frames: the subpath `@wirecall/client/msgpack`. It stands on the package
// @msgpack/msgpack, which whoever uses it installs as well.

import { Decoder, Encoder, type ExtensionCodecType } from "@msgpack/msgpack";
import {
  type Codec,
  type Frame,
  HALF_A_PAIR,
  MAX_DEPTH,
  type OwnBytes,
  Unreadable,
} from "./codec.ts";
import { isRecord } from "./message.ts";
import { scan } from "./msgpack-scan.ts";

/** A message is a map of a few members, so its first byte counts them. */
const FIXMAP = 0x80;
/** The text "seq", as the key of a map. */
const SEQ_KEY = [0xa3, 0x73, 0x65, 0x71];
/** With it begins what UTF-8 would make of half a surrogate pair. */
const SURROGATE_HEAD = 0xed;
/** How many bytes an unsigned integer has after its first one. */
const WIDTHS: Readonly<Record<number, number>> = { 204: 1, 205: 2, 206: 4, 207: 8 };

/** The contract has no extension types; what would silently become one is refused. */
const NO_EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode(object) {
    if (object instanceof Date) throw new TypeError("a Date is sent as text: use toISOString()");
    return null;
  },
  decode() {
    throw new TypeError("an extension type, which no message has");
  },
};

const OPTIONS = { extensionCodec: NO_EXTENSIONS, useBigInt64: true } as const;
const ENCODER_OPTIONS = { ...OPTIONS, useBigInt64: false, ignoreUndefined: true } as const;
const encoder = new Encoder({ ...ENCODER_OPTIONS, maxDepth: MAX_DEPTH });
/** For what becomes a member of a message. */
const memberEncoder = new Encoder({ ...ENCODER_OPTIONS, maxDepth: MAX_DEPTH - 1 });
const decoder = new Decoder(OPTIONS);

/** Stands for the key `__proto__` while the decoder is at work, which refuses it; no UTF-8 is this. */
const PROTO_KEY = "\ud800__proto__";
const TEXT = new TextDecoder();
const protoDecoder = new Decoder({
  ...OPTIONS,
  keyDecoder: {
    canBeCached: () => true,
    decode(bytes, offset, length) {
      const key = TEXT.decode(bytes.subarray(offset, offset + length));
      return key === "__proto__" ? PROTO_KEY : key;
    },
  },
});

/** MessagePack, for the option `codec`. Bytes go as they are instead of as base64. */
export const msgpack: Codec = {
  subprotocol: "wirecall.1.msgpack",
  fits: (frame) => typeof frame !== "string",
  encode: (message) => whole(message, encoder.encode(message)),
  encodeMember: (value) => whole(value, memberEncoder.encode(value)),
  append(body, name, value) {
    const parts = [view(body), encoder.encode(name), view(value)];
    const appended = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0));
    let at = 0;
    for (const part of parts) {
      appended.set(part, at);
      at += part.length;
    }
    appended[0] = (appended[0] ?? FIXMAP) + 1;
    return appended;
  },
  seal(body, seq) {
    const bytes = view(body);
    const number = encoder.encode(seq);
    const sealed = new Uint8Array(bytes.length + SEQ_KEY.length + number.length);
    sealed.set(bytes);
    sealed[0] = (bytes[0] ?? FIXMAP) + 1;
    sealed.set(SEQ_KEY, bytes.length);
    sealed.set(number, bytes.length + SEQ_KEY.length);
    return sealed;
  },
  decode(frame) {
    const bytes = view(frame);
    return narrow(scan(bytes) ? unmask(protoDecoder.decode(bytes)) : decoder.decode(bytes));
  },
  seqAtEnd(frame) {
    const bytes = view(frame);
    for (let width = 1; width <= 9; width += 1) {
      const at = bytes.length - width;
      const isKey = SEQ_KEY.every((byte, place) => bytes[at - SEQ_KEY.length + place] === byte);
      const head = bytes[at] ?? 0;
      const isNumber = head < FIXMAP || head in WIDTHS;
      if (isKey && isNumber && (WIDTHS[head] ?? 0) + 1 === width)
        return Number(decoder.decode(bytes.subarray(at)));
    }
    return undefined;
  },
};

/** What was encoded, unless it is no UTF-8. Looked for where a byte hints at it, which is seldom. */
function whole(value: unknown, encoded: OwnBytes): OwnBytes {
  if (encoded.includes(SURROGATE_HEAD) && hasHalf(value)) throw new TypeError(HALF_A_PAIR);
  return encoded;
}

function hasHalf(value: unknown): boolean {
  if (typeof value === "string") return /\p{Surrogate}/u.test(value);
  if (Array.isArray(value)) return value.some(hasHalf);
  return isMap(value) && Object.entries(value).some((entry) => entry.some(hasHalf));
}

/** The value with its keys `__proto__` as members like any other. */
function unmask(value: unknown): unknown {
  if (Array.isArray(value)) for (const entry of value) unmask(entry);
  if (!isMap(value)) return value;
  for (const name of Object.keys(value)) {
    const member = unmask(value[name]);
    if (name !== PROTO_KEY) continue;
    delete value[name];
    const how = { value: member, enumerable: true, writable: true, configurable: true };
    Object.defineProperty(value, "__proto__", how);
  }
  return value;
}

function view(frame: Frame): OwnBytes {
  if (typeof frame === "string") throw new TypeError("a text is no MessagePack");
  return frame instanceof Uint8Array ? frame : new Uint8Array(frame);
}

/**
 * Integers of 64 bits as numbers, and bytes as arrays of their own. An integer that a number would round
 * harms no more than the result, the params or the item that holds it: the message itself has arrived.
 */
function narrow(message: unknown): unknown {
  if (!isMap(message)) return guard(message);
  for (const name of Object.keys(message)) {
    const { items } = isMap(message[name]) ? message[name] : {};
    if (Array.isArray(items)) narrowEach(items, guard);
    message[name] = guard(message[name]);
  }
  return message;
}

/** The value, or what stands for one that cannot be read. */
function guard(value: unknown): unknown {
  try {
    return read(value, exact);
  } catch (error) {
    const message = `${where(value)}: ${error instanceof Error ? error.message : error}`;
    return new Unreadable(message, read(value, Number));
  }
}

function read(value: unknown, toNumber: (integer: bigint) => number): unknown {
  if (typeof value === "bigint") return toNumber(value);
  if (value instanceof Uint8Array) return own(value);
  if (isMap(value)) {
    for (const name of Object.keys(value)) value[name] = read(value[name], toNumber);
  } else if (Array.isArray(value)) narrowEach(value, (entry) => read(entry, toNumber));
  return value;
}

function exact(integer: bigint): number {
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError(`${integer} is outside of ±(2^53−1), what a number holds exactly`);
}

/** Bytes of their own. The decoder gives a part of the frame: whoever keeps it would keep all of the frame, and
 * whoever hands on its `buffer`, that of other values. */
function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

function narrowEach(values: unknown[], by: (value: unknown) => unknown): void {
  for (const [place, value] of values.entries()) {
    if (typeof value === "bigint" || typeof value === "object") values[place] = by(value);
  }
}

/** The JSON Pointer of the first integer that is left. */
function where(value: unknown): string {
  if (!isMap(value) && !Array.isArray(value)) return "";
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === "bigint") return `/${name}`;
    const inside = where(member);
    if (inside) return `/${name}${inside}`;
  }
  return "";
}

function isMap(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && !ArrayBuffer.isView(value) && !(value instanceof Unreadable);
}
