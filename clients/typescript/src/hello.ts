// The first exchange on a connection: what the client says of itself, and what it learns.

import { isRecord } from "./message.ts";

/** Bytes that a message may have when nothing else was agreed. */
export const DEFAULT_MESSAGE_BYTES = 1_048_576;

/** What this side tells. */
export interface HelloRequest {
  readonly client: { readonly name: string; readonly version: string };
  readonly token: string | undefined;
  /** The fingerprints of the services that this client uses, by their names. */
  readonly contract: Readonly<Record<string, string>>;
}

/** What the server told. */
export interface Hello {
  /** The session's id; undefined for a plain peer. */
  readonly session: string | undefined;
  /** Whose session it is, where somebody is logged in. */
  readonly user: string | undefined;
  /** The server is never silent for longer. */
  readonly pingMs: number;
  /** Calls that may be open at a time. */
  readonly maxCalls: number;
  /** Bytes that a message to the server may have. */
  readonly maxMessageBytes: number;
}

/** What holds for a plain peer, which has no hello: no limits, no pings. */
export const PLAIN_HELLO: Hello = {
  session: undefined,
  user: undefined,
  pingMs: Number.POSITIVE_INFINITY,
  maxCalls: Number.POSITIVE_INFINITY,
  maxMessageBytes: Number.POSITIVE_INFINITY,
};

/** The params of `rpc.hello`. */
export function helloParams({ client, token, contract }: HelloRequest): unknown {
  const limits = {
    max_message_bytes: DEFAULT_MESSAGE_BYTES,
    buffer_bytes: 4 * DEFAULT_MESSAGE_BYTES,
  };
  return { client, token, limits, contract };
}

/** Reads hello's result; undefined when it is none. Members that are not known are ignored. */
export function readHello(result: unknown): Hello | undefined {
  const { session, user, ping_ms, limits } = isRecord(result) ? result : {};
  if (typeof session !== "string") return undefined;
  const { max_calls, max_message_bytes } = isRecord(limits) ? limits : {};
  return {
    session,
    user: typeof user === "string" ? user : undefined,
    pingMs: positive(ping_ms, 25_000),
    maxCalls: positive(max_calls, 64),
    maxMessageBytes: positive(max_message_bytes, DEFAULT_MESSAGE_BYTES),
  };
}

/** A limit of zero or of another type would stop everything, so the protocol's default holds. */
function positive(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 1 ? value : otherwise;
}
