// The wire types: what a decoded message may be, and how an unknown JSON value is read as one.
// Nothing here throws, whatever the value is.

import { Unreadable } from "./codec.ts";

/** The id of a call, as JSON-RPC allows it. */
export type Id = string | number | null;

/** The optional member `meta` of a call, as it crosses the wire. */
export type Meta = Readonly<Record<string, unknown>>;

/** The error member of a response. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A decoded message, told apart by what it asks of the reader. */
export type Message =
  | {
      readonly type: "call";
      readonly id: Id;
      readonly method: string;
      readonly params: unknown;
      readonly meta: Meta;
    }
  | { readonly type: "notification"; readonly method: string; readonly params: unknown }
  | { readonly type: "result"; readonly id: Id; readonly result: unknown }
  | { readonly type: "error"; readonly id: Id; readonly error: WireError }
  | { readonly type: "invalid"; readonly what: string };

const INVALID: Message = { type: "invalid", what: "neither a request nor a response" };
const ROUNDED: Message = { type: "invalid", what: "a call whose id is a number beyond 2^53-1" };

/** True for an object that is neither null nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The members of what the protocol itself defines; none where it is no object. *Unknown members are ignored*,
 * whatever they hold, and a known one that is rounded is still too large, or negative. */
export function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  const told = value instanceof Unreadable ? value.rounded : value;
  return isRecord(told) ? told : {};
}

/** Reads a decoded JSON value as a message; what is none is `invalid`. */
export function readMessage(value: unknown): Message {
  if (!isRecord(value)) return INVALID;
  const { jsonrpc, id, method } = value;
  if (jsonrpc !== "2.0") return INVALID;
  if (typeof method === "string" && isRounded(id)) return ROUNDED;
  if (id !== undefined && id !== null && typeof id !== "string" && typeof id !== "number") {
    return INVALID;
  }
  if (method === undefined) return readResponse(value, id);
  if (typeof method !== "string") return INVALID;
  const { params, meta } = value;
  if (params !== undefined && typeof params !== "object") return INVALID;
  if (id === undefined) return { type: "notification", method, params };
  return { type: "call", id, method, params, meta: membersOf(meta) };
}

/** *An id is echoed exactly as it came*, which a number beyond 2^53 cannot be: reading has rounded it. */
function isRounded(id: unknown): boolean {
  const isBeyond = typeof id === "number" && Math.abs(id) > Number.MAX_SAFE_INTEGER;
  return isBeyond || id instanceof Unreadable;
}

function readResponse(value: Readonly<Record<string, unknown>>, id: Id | undefined): Message {
  const { error, result } = value;
  if (id === undefined) return INVALID;
  // Peers of the 1.0 school send `error: null` beside a result.
  if (error === undefined || error === null) {
    return result === undefined ? INVALID : { type: "result", id, result };
  }
  return { type: "error", id, error: readError(error) };
}

/** An error that is itself malformed must still end its call, so it is completed, not refused. */
function readError(error: unknown): WireError {
  const { code, message, data } = isRecord(error) ? error : {};
  return {
    code: typeof code === "number" && Number.isInteger(code) ? code : -32603,
    message: typeof message === "string" ? message : "the server sent a malformed error",
    data,
  };
}
