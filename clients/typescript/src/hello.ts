// The first exchange on a connection: what the client says of itself, and what it learns.

import { membersOf } from "./message.ts";

/** Bytes that a message may have when nothing else was agreed. */
export const DEFAULT_MESSAGE_BYTES = 1_048_576;

/** Bytes that a side keeps for the other until it acknowledges them, when nothing else is set. */
export const DEFAULT_BUFFER_BYTES: number = 4 * DEFAULT_MESSAGE_BYTES;

/** *A `ping_ms` is taken for a day at most.* */
const LONGEST_PING_MS = 86_400_000;

/** Why a session was lost: it waited too long, had to keep too much, the server does not know it, its
 * numbers broke, it made no progress, or it belongs to somebody else. */
export type LostReason = "expired" | "overflow" | "unknown" | "sequence" | "stalled" | "denied";

/** The session that is to be taken up again. */
export interface ResumeRequest {
  readonly session: string;
  readonly secret: string;
  /** Counts up with every hello that resumes this session. */
  readonly attempt: number;
  /** The last number that was received in it. */
  readonly received: number;
}

/** What this side tells. */
export interface HelloRequest {
  readonly client: { readonly name: string; readonly version: string };
  readonly token: string | undefined;
  /** The fingerprints of the services that this client uses, by their names. */
  readonly contract: Readonly<Record<string, string>>;
}

/** What a session tells of itself besides. */
export interface HelloLimits {
  readonly maxMessageBytes: number;
  readonly bufferBytes: number;
}

/** What the server told. */
export interface Hello {
  /** The session's id; undefined for a plain peer. */
  readonly session: string | undefined;
  /** What takes it up again. */
  readonly secret: string | undefined;
  /** Whether the session is the one that was asked for. */
  readonly resumed: boolean;
  /** Why it is not. */
  readonly reason: LostReason | undefined;
  /** The last number that the server has received in this session. */
  readonly received: number;
  /** The last number that it had received in the session that ended, where it knows. */
  readonly endedReceived: number | undefined;
  /** The last number that it has given in this session. */
  readonly sent: number;
  /** Whose session it is, where somebody is logged in. */
  readonly user: string | undefined;
  /** The services that this client was generated from too old a contract of. */
  readonly incompatible: readonly string[];
  /** For how long the credentials are good; infinite where they do not expire. */
  readonly authExpiresInMs: number;
  /** The server is never silent for longer. */
  readonly pingMs: number;
  /** Calls that may be open at a time. */
  readonly maxCalls: number;
  /** Streams that may be open at a time. */
  readonly maxStreams: number;
  /** Bytes that a message to the server may have. */
  readonly maxMessageBytes: number;
  /** Bytes that the server keeps for this side. */
  readonly bufferBytes: number;
}

/** What holds for a plain peer, which has no hello: no limits, no pings. */
export const PLAIN_HELLO: Hello = {
  session: undefined,
  secret: undefined,
  resumed: false,
  reason: undefined,
  received: 0,
  endedReceived: undefined,
  sent: 0,
  user: undefined,
  incompatible: [],
  authExpiresInMs: Number.POSITIVE_INFINITY,
  pingMs: Number.POSITIVE_INFINITY,
  maxCalls: Number.POSITIVE_INFINITY,
  maxStreams: Number.POSITIVE_INFINITY,
  maxMessageBytes: Number.POSITIVE_INFINITY,
  bufferBytes: Number.POSITIVE_INFINITY,
};

/** The params of `rpc.hello`. */
export function helloParams(
  { client, token, contract }: HelloRequest,
  { maxMessageBytes, bufferBytes }: HelloLimits,
  resume: ResumeRequest | undefined,
): unknown {
  const limits = { max_message_bytes: maxMessageBytes, buffer_bytes: bufferBytes };
  return { client, token, limits, contract, resume };
}

/** What the server may say before it answers. */
export function isControl(method: string): boolean {
  return method === "rpc.close" || method === "rpc.ping";
}

/** Reads hello's result; undefined when it is none. Members that are not known are ignored. */
export function readHello(result: unknown): Hello | undefined {
  const told = membersOf(result);
  const { session, secret, resumed, reason, user, ping_ms, limits } = told;
  const { received, ended_received, sent, auth_expires_in_ms, contract } = told;
  if (typeof session !== "string") return undefined;
  const { max_calls, max_streams, max_message_bytes, buffer_bytes } = membersOf(limits);
  return {
    session,
    secret: typeof secret === "string" ? secret : undefined,
    resumed: resumed === true,
    reason: LOST_REASONS.find((known) => known === reason),
    received: count(received) ?? 0,
    endedReceived: count(ended_received),
    sent: count(sent) ?? 0,
    user: typeof user === "string" ? user : undefined,
    incompatible: Object.entries(membersOf(contract))
      .filter(([, word]) => word === "incompatible")
      .map(([service]) => service),
    authExpiresInMs: positive(auth_expires_in_ms, Number.POSITIVE_INFINITY),
    pingMs: Math.min(positive(ping_ms, 25_000), LONGEST_PING_MS),
    maxCalls: positive(max_calls, 64),
    maxStreams: positive(max_streams, 128),
    maxMessageBytes: positive(max_message_bytes, DEFAULT_MESSAGE_BYTES),
    bufferBytes: positive(buffer_bytes, DEFAULT_BUFFER_BYTES),
  };
}

/** For how long refreshed credentials are good, as the result of `rpc.auth` tells. */
export function readAuth(result: unknown): number {
  const { auth_expires_in_ms } = membersOf(result);
  return positive(auth_expires_in_ms, Number.POSITIVE_INFINITY);
}

/** A number of received messages. */
export function count(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

/** The reasons that a server gives; `stalled` only a client gives. */
const LOST_REASONS: readonly LostReason[] = [
  "expired",
  "overflow",
  "unknown",
  "sequence",
  "stalled",
  "denied",
];

/** A limit of zero or of another type would stop everything, so the protocol's default holds. */
function positive(value: unknown, otherwise: number): number {
  return typeof value === "number" && value >= 1 ? value : otherwise;
}
