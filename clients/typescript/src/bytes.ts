// Bytes in messages: base64 text in JSON, `bin` in MessagePack. Generated code does not know which
// of the two its client speaks, so both are read, and what is written turns into the right one.

import { nameOf } from "./encoding.ts";

/** Bytes that JSON writes as base64 and MessagePack as they are. */
class WireBytes extends Uint8Array {
  toJSON(): string {
    // 32 KiB at a time: more arguments than that overflow the stack of some runtimes.
    const parts: string[] = [];
    for (let start = 0; start < this.length; start += 0x8000) {
      parts.push(String.fromCharCode(...this.subarray(start, start + 0x8000)));
    }
    return btoa(parts.join(""));
  }
}

/** Bytes in the form of the wire. They are not copied: do not change them until they are sent. Throws a
 * `TypeError` when they are no bytes, which would else be sent as none. */
export function encodeBytes(bytes: Uint8Array | ArrayBuffer): unknown {
  if (ArrayBuffer.isView(bytes)) {
    // The type leaves out shared memory, which the constructor takes as well.
    return new WireBytes(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
  }
  if (bytes instanceof ArrayBuffer) return new WireBytes(bytes);
  throw new TypeError(`bytes are a Uint8Array, and this is: ${nameOf(bytes)}`);
}

/** Bytes from either form of the wire. Throws when it is neither. */
export function decodeBytes(wire: unknown): Uint8Array {
  if (wire instanceof Uint8Array) return wire;
  if (typeof wire !== "string") throw new TypeError("not bytes: neither binary nor base64 text");
  return Uint8Array.from(atob(wire), (character) => character.charCodeAt(0));
}
