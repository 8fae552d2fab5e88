// What a frame is before anybody looks at its content: read, and in a session in its place. *The
// receiver checks `seq` before the content; a client checks its server in the same way.*

import { byteLength, type Codec, type Frame } from "./codec.ts";
import { CloseCode } from "./disconnect.ts";
import { isRecord, type Message, readMessage } from "./message.ts";
import { LAST_SEQ, type Replay } from "./replay.ts";

/** A message that is to be taken. */
export interface ArrivedMessage {
  readonly type: "message";
  readonly message: Message;
  readonly bytes: number;
  /** Whether it carried a number, and counts as received. */
  readonly isTracked: boolean;
}

/** What a frame turned out to be. */
export type Arrival =
  | ArrivedMessage
  /** One array for several messages, as plain peers send them. */
  | { readonly type: "batch" }
  /** It came before, or it came out of a session that is over. */
  | { readonly type: "nothing" }
  | { readonly type: "unreadable"; readonly cause: unknown }
  /** A message is missing: the session is lost. */
  | { readonly type: "gap"; readonly cause?: unknown }
  | { readonly type: "fault"; readonly code: number; readonly reason: string };

const NOTHING: Arrival = { type: "nothing" };
const GAP: Arrival = { type: "gap" };

/** What of the settings a frame is judged by. */
export interface InboxSettings {
  readonly codec: Codec;
  /** Bytes that a message to this side may have. */
  readonly maxMessageBytes: number;
}

/** Reads a frame. With a `replay` it is one of a session, and is counted there. */
export function arrive(
  frame: Frame,
  { codec, maxMessageBytes }: InboxSettings,
  replay: Replay<unknown> | undefined,
  now: number,
): Arrival {
  if (!codec.fits(frame)) {
    const reason = "a frame of the wrong type for the subprotocol";
    return { type: "fault", code: CloseCode.wrongFrame, reason };
  }
  const bytes = byteLength(frame);
  if (bytes > maxMessageBytes) {
    const reason = `a message of ${bytes} bytes exceeds maxMessageBytes, ${maxMessageBytes}`;
    return { type: "fault", code: CloseCode.tooLarge, reason };
  }
  let value: unknown;
  try {
    value = codec.decode(frame);
  } catch (cause) {
    return unreadable(codec.seqAtEnd(frame), replay, cause);
  }
  if (Array.isArray(value)) return { type: "batch" };
  const message = readMessage(value);
  const { seq } = isRecord(value) ? value : {};
  if (seq === undefined || !replay) return { type: "message", message, bytes, isTracked: false };
  if (!isSeq(seq)) {
    const reason = "the server sent a seq that is none";
    return { type: "fault", code: CloseCode.protocolFault, reason };
  }
  switch (replay.receive(seq, bytes, now)) {
    case "new":
      return { type: "message", message, bytes, isTracked: true };
    case "repeated":
      return NOTHING;
    case "gap":
      return GAP;
  }
}

/** *A frame that cannot be decoded and ends as a tracked message does closes 4050.* */
function unreadable(
  seq: number | undefined,
  replay: Replay<unknown> | undefined,
  cause: unknown,
): Arrival {
  if (seq === undefined || !replay) return { type: "unreadable", cause };
  return seq <= replay.received ? NOTHING : { type: "gap", cause };
}

/** *An integer from 1 to 2^53−1.* */
function isSeq(seq: unknown): seq is number {
  return Number.isInteger(seq) && (seq as number) >= 1 && (seq as number) <= LAST_SEQ;
}
