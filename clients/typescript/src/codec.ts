// From message to frame and back: the seam at which a second encoding is added.

/** What one WebSocket message carries. */
export type Frame = string | ArrayBuffer;

/** An encoding and the subprotocol that names it. */
export interface Codec {
  /** What is offered to the server. */
  readonly subprotocol: string;
  /** Whether a frame is of the type, text or binary, that this encoding goes in. */
  fits(frame: Frame): boolean;
  /** Throws what the encoder throws: for JSON a `TypeError` for a cycle or a `bigint`. */
  encode(message: unknown): Frame;
  /** Throws when the frame does not hold one encoded value. */
  decode(frame: Frame): unknown;
}

/** JSON in text frames. */
export const json: Codec = {
  subprotocol: "wirecall.1.json",
  fits: (frame) => typeof frame === "string",
  encode: JSON.stringify,
  decode: readJson,
};

/** JSON as plain peers speak it: some send it in binary frames, so both are read. */
export const plainJson: Codec = {
  subprotocol: "",
  fits: () => true,
  encode: JSON.stringify,
  decode: readJson,
};

function readJson(frame: Frame): unknown {
  return JSON.parse(typeof frame === "string" ? frame : new TextDecoder().decode(frame));
}

/** True when a frame takes more than `limit` bytes on the wire. */
export function isLarger(frame: Frame, limit: number): boolean {
  if (typeof frame !== "string") return frame.byteLength > limit;
  // A UTF-16 unit takes one to three bytes of UTF-8, so most frames need no counting.
  if (frame.length * 3 <= limit) return false;
  return frame.length > limit || new TextEncoder().encode(frame).byteLength > limit;
}
