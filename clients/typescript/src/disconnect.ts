// How a connection ended, and whether that says to come back: one table of close codes, the same
// in all clients.

import type { LostReason } from "./hello.ts";
import { membersOf } from "./message.ts";

/** The end of a connection. */
export interface Disconnect {
  /** The code that `rpc.close` told, else the WebSocket close code; 1006 where there was none. */
  readonly code: number;
  /** For people. Empty when the server gave none and the code is not a known one. */
  readonly reason: string;
  /** Whether the code says to connect again. */
  readonly comeBack: boolean;
  /** The server asks its clients to spread their return over this time. */
  readonly retryWithinMs?: number;
  /** Why the session is lost, where that is what ended, and not a connection. */
  readonly lost?: LostReason;
}

/** The close codes that this client gives itself, or knows by name. */
export const CloseCode = {
  normal: 1000,
  protocolFault: 1002,
  wrongFrame: 1003,
  noStatus: 1005,
  abnormal: 1006,
  tooLarge: 1009,
  draining: 4000,
  heartbeatTimeout: 4008,
  tooSlow: 4013,
  sequenceBroken: 4050,
} as const;

const REASONS: ReadonlyMap<number, string> = new Map([
  [1001, "going away"],
  [1002, "protocol fault"],
  [1006, "the connection broke"],
  [1009, "message too large"],
  [4000, "draining"],
  [4001, "hello timeout"],
  [4008, "heartbeat timeout"],
  [4010, "credentials expired"],
  [4013, "too slow"],
  [4029, "rate limited"],
  [4050, "sequence broken"],
  [4501, "forbidden"],
  [4502, "revoked"],
  [4503, "superseded by a newer connection"],
]);

/** 1000 is a farewell; the others say that trying again would meet the same fault. */
const STAY_AWAY = [1000, 1002, 1003, 1007, 1008, 1009];

/**
 * Whether a close code says to come back. The range decides, so that an unknown code has a verdict:
 * 4500–4999 stay away, everything else comes back but the standard codes listed above.
 */
export function comesBack(code: number): boolean {
  return !STAY_AWAY.includes(code) && !(code >= 4500 && code <= 4999);
}

/** Describes the end of a connection by its code. */
export function disconnect(code: number, reason?: string, retryWithinMs?: number): Disconnect {
  return {
    code,
    reason: reason || REASONS.get(code) || "",
    comeBack: comesBack(code),
    ...(retryWithinMs === undefined ? {} : { retryWithinMs }),
  };
}

/** One line for messages: `heartbeat timeout (4008)`. A session that is lost has no code. */
export function describe({ code, reason, lost }: Disconnect): string {
  if (lost !== undefined) return reason;
  return reason ? `${reason} (${code})` : `close code ${code}`;
}

/** An end that the server announces. */
export interface Announced {
  readonly end: Disconnect;
  /** When it comes; undefined: now. */
  readonly inMs: number | undefined;
  /** The last message that the server has received in a session that ends with it. */
  readonly received: number | undefined;
}

/** Reads the params of `rpc.close`. What an earlier one said of the return still holds. */
export function readClose(params: unknown, earlier: Disconnect | undefined): Announced | undefined {
  const { code, reason, in_ms, retry_within_ms, received } = membersOf(params);
  if (!isNumber(code)) return undefined;
  const retryWithinMs = isNumber(retry_within_ms)
    ? Math.min(retry_within_ms, LONGEST_RETRY_MS)
    : earlier?.retryWithinMs;
  const text = typeof reason === "string" ? reason : "";
  return {
    end: disconnect(code, text, retryWithinMs),
    inMs: isNumber(in_ms) ? in_ms : undefined,
    received: isNumber(received) ? received : undefined,
  };
}

/** A day: a server that names more has no date in mind. */
const LONGEST_RETRY_MS = 86_400_000;

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
