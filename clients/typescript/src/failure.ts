// Why no connection came about, in words that say what to do.

import { CloseCode, type Disconnect, describe } from "./disconnect.ts";
import {
  ConnectError,
  DeadlineExceededError,
  InternalError,
  RateLimitedError,
  ResourceExhaustedError,
  toError,
  UnavailableError,
} from "./errors.ts";
import type { WireError } from "./message.ts";

/** What is said when the server chose no subprotocol. */
export const NO_SUBPROTOCOL =
  "the server chose no wirecall subprotocol: for a server that only speaks JSON-RPC 2.0, pass plain: true";

const HINT = "Is the server running there, and is the URL right?";
const HINT_PLAIN = " (For a JSON-RPC 2.0 server that is none of wirecall's pass plain: true.)";

/** `ws` refuses such a server itself, and says so in the text of its error only. */
export function isNoSubprotocol(error: string | undefined): boolean {
  return error !== undefined && /no subprotocol/i.test(error);
}

const PASSING = [
  InternalError,
  RateLimitedError,
  DeadlineExceededError,
  UnavailableError,
  ResourceExhaustedError,
];

/** Whether a hello that was refused so may be accepted the next time. */
export function isPassing({ code }: WireError): boolean {
  return PASSING.some((one) => one.code === code);
}

/** The WebSocket URL. Throws a `ConnectError` when there is no making one. */
export function webSocketUrl(url: string | URL): URL {
  try {
    const parsed = new URL(url, globalThis.location?.href);
    parsed.protocol = parsed.protocol.replace(/^http/, "ws");
    // A WebSocket takes no fragment.
    parsed.hash = "";
    if (/^wss?:$/.test(parsed.protocol)) return parsed;
  } catch {
    // Said below, in one way for all that is no URL.
  }
  // Shown without its password and its query, where people put secrets.
  const [bare = ""] = String(url).split(/[?#]/);
  const shown = bare.replace(/^(\w+:)?(\/\/)?[^/]*@/, "$1$2");
  throw new ConnectError(
    `${shown} is not a WebSocket URL: write ws://host:port/path, or wss:// for an encrypted one`,
  );
}

/** The application's token function failed: neither the server nor the URL is at fault. */
export function tokenError(cause: unknown): ConnectError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ConnectError(`the token function failed: ${why}`, { cause });
}

/** An attempt failed. The URL is named without its query, where people put tokens. */
export function connectError(
  { origin, pathname }: URL,
  plain: boolean,
  end: Disconnect,
  refusal: WireError | undefined,
  thrown: unknown,
): ConnectError {
  if (thrown instanceof ConnectError) return thrown;
  const where = `${origin}${pathname}`;
  if (refusal) {
    const cause = toError(refusal);
    return new ConnectError(`${where} refused the connection: ${cause.message}`, { cause });
  }
  const message = `cannot connect to ${where}: ${describe(end)}`;
  // Browsers do not tell a server that is down from one that refuses the subprotocol.
  const hint = `${message}. ${HINT}${plain ? "" : HINT_PLAIN}`;
  return new ConnectError(
    end.code === CloseCode.abnormal ? hint : message,
    thrown === undefined ? undefined : { cause: thrown },
  );
}
