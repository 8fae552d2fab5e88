// From message to frame and back: the seam at which a second encoding is added.

/** Bytes that share no memory, in words that TypeScript 5.4 knows: `Uint8Array` has parameters since 5.7. */
export type OwnBytes = Uint8Array & { readonly buffer: ArrayBuffer };

/** What one WebSocket message carries. */
export type Frame = string | ArrayBuffer | OwnBytes;

/** An encoding and the subprotocol that names it. */
export interface Codec {
  /** What is offered to the server. */
  readonly subprotocol: string;
  /** Whether a frame is of the type, text or binary, that this encoding goes in. */
  fits(frame: Frame): boolean;
  /** Throws what the encoder throws: for JSON a `TypeError` for a cycle or a `bigint`, and for what no
   * server can decode: half a surrogate pair, and what is nested more than 128 deep. */
  encode(message: object): Frame;
  /** Encodes what `append` adds to a message, likewise. Undefined for what is no value. */
  encodeMember(value: unknown): Frame | undefined;
  /** Adds a member to an encoded message. */
  append(body: Frame, name: string, value: Frame): Frame;
  /** Adds `seq` to an encoded message, as its last member. */
  seal(body: Frame, seq: number): Frame;
  /** Throws when the frame does not hold one encoded value. */
  decode(frame: Frame): unknown;
  /** The `seq` with which a frame ends that cannot be decoded; undefined when it ends otherwise. */
  seqAtEnd(frame: Frame): number | undefined;
}

/** Stands where a value was that the encoding carries and this language does not hold. */
export class Unreadable {
  /** What it was, and where. */
  readonly message: string;
  /** What JSON makes of it: its integers are rounded. */
  readonly rounded: unknown;

  constructor(message: string, rounded: unknown) {
    this.message = message;
    this.rounded = rounded;
  }
}

/** *Nesting above 128* cannot be decoded. */
export const MAX_DEPTH = 128;
/** What is said of a text that is no UTF-8. */
export const HALF_A_PAIR =
  "a text holds half of a surrogate pair, which cannot be sent: text.toWellFormed() mends it";

/** JSON in text frames. */
export const json: Codec = {
  subprotocol: "wirecall.1.json",
  fits: (frame) => typeof frame === "string",
  encode: (message) => decodable(JSON.stringify(message), MAX_DEPTH),
  encodeMember(value) {
    // It gives no text for a function, whatever its type says.
    const member = JSON.stringify(value) as string | undefined;
    return member === undefined ? undefined : decodable(member, MAX_DEPTH - 1);
  },
  append: (body, name, value) =>
    `${text(body).slice(0, -1)},${JSON.stringify(name)}:${text(value)}}`,
  seal: (body, seq) => `${text(body).slice(0, -1)},"seq":${seq}}`,
  decode: (frame) => JSON.parse(text(frame)),
  seqAtEnd(frame) {
    const [, seq] = /"seq":\s*(\d{1,16})\s*\}\s*$/.exec(text(frame).slice(-64)) ?? [];
    return seq === undefined ? undefined : Number(seq);
  },
};

/** JSON as plain peers speak it: some send it in binary frames, so both are read. What the server of one
 * can decode, its application knows. */
export const plainJson: Codec = {
  ...json,
  subprotocol: "",
  fits: () => true,
  encode: (message) => JSON.stringify(message),
  encodeMember: (value) => JSON.stringify(value),
};

/** The text, unless there is something in it that the other end cannot decode. */
function decodable(encoded: string, depth: number): string {
  // `stringify` escapes what is half a pair, and no other character of that range.
  if (encoded.includes("\\ud") && /[^\\](?:\\\\)*\\ud[89a-f]/.test(encoded)) {
    throw new TypeError(HALF_A_PAIR);
  }
  if (encoded.length > 2 * depth && isDeeper(encoded, depth)) {
    throw new RangeError(`nested more than ${MAX_DEPTH} deep, which cannot be sent`);
  }
  return encoded;
}

function isDeeper(encoded: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < encoded.length; at += 1) {
    const unit = encoded[at];
    // Texts are passed over: they may hold brackets.
    if (unit === '"') at = textEnd(encoded, at + 1);
    else if (unit === "[" || unit === "{") depth += 1;
    else if (unit === "]" || unit === "}") depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

/** Where the quote is that ends a text. */
function textEnd(encoded: string, from: number): number {
  let end = encoded.indexOf('"', from);
  for (;;) {
    let escapes = end;
    while (encoded[escapes - 1] === "\\") escapes -= 1;
    if ((end - escapes) % 2 === 0) return end;
    end = encoded.indexOf('"', end + 1);
  }
}

function text(frame: Frame): string {
  return typeof frame === "string" ? frame : new TextDecoder().decode(frame);
}

/** How many bytes a frame takes on the wire. */
export function byteLength(frame: Frame): number {
  if (typeof frame !== "string") return frame.byteLength;
  // Counted here and not by an encoder, since nearly all frames are short.
  let bytes = frame.length;
  for (let index = 0; index < frame.length; index += 1) {
    const unit = frame.charCodeAt(index);
    if (unit < 0x80) continue;
    // Two units of a pair make four bytes together.
    const isPair = unit >= 0xd800 && unit <= 0xdfff;
    bytes += unit < 0x800 || isPair ? 1 : 2;
  }
  return bytes;
}
