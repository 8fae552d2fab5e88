// From message to frame and back: the seam at which a second encoding is added.

/** What one WebSocket message carries. */
export type Frame = string | ArrayBuffer | Uint8Array<ArrayBuffer>;

/** An encoding and the subprotocol that names it. */
export interface Codec {
  /** What is offered to the server. */
  readonly subprotocol: string;
  /** Whether a frame is of the type, text or binary, that this encoding goes in. */
  fits(frame: Frame): boolean;
  /** Throws what the encoder throws: for JSON a `TypeError` for a cycle or a `bigint`. */
  encode(message: object): Frame;
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

  constructor(message: string) {
    this.message = message;
  }
}

/** JSON in text frames. */
export const json: Codec = {
  subprotocol: "wirecall.1.json",
  fits: (frame) => typeof frame === "string",
  encode: (message) => JSON.stringify(message),
  seal: (body, seq) => `${text(body).slice(0, -1)},"seq":${seq}}`,
  decode: (frame) => JSON.parse(text(frame)),
  seqAtEnd(frame) {
    const [, seq] = /"seq":\s*(\d{1,16})\s*\}\s*$/.exec(text(frame).slice(-64)) ?? [];
    return seq === undefined ? undefined : Number(seq);
  },
};

/** JSON as plain peers speak it: some send it in binary frames, so both are read. */
export const plainJson: Codec = { ...json, subprotocol: "", fits: () => true };

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
