// What can be set, with every default and its reason.

import type { ReconnectSettings } from "./backoff.ts";
import { type Codec, json, plainJson } from "./codec.ts";
import type { HeartbeatSettings } from "./heartbeat.ts";
import { DEFAULT_MESSAGE_BYTES } from "./hello.ts";
import type { Layer } from "./layers.ts";
import type { OnError } from "./states.ts";
import { CLIENT } from "./version.ts";
import type { WebSocketClass } from "./websocket.ts";

/** A token, or a function that is asked for one before every attempt. */
export type TokenProvider = string | (() => string | Promise<string>);

/** How to reconnect. */
export interface ReconnectOptions {
  /** Tries in a row before giving up. Default: unlimited, since a page that is left open overnight
   * should work in the morning. */
  readonly attempts?: number;
  /** Upper bound of the first delay, doubled with each try. Default 250. */
  readonly baseMs?: number;
  /** Upper bound of every delay; the real one is random below it, so that clients do not return in
   * step. Default 20,000. */
  readonly capMs?: number;
  /** Connecting, token and hello's answer together. Default 10,000. */
  readonly connectTimeoutMs?: number;
  /** How long a connection must last for the delays to start over. Default 10,000, so that a server
   * that crashes on hello is not met by a storm. */
  readonly resetAfterMs?: number;
}

/** When a connection is taken for dead. A plain peer has no heartbeat. */
export interface HeartbeatOptions {
  /** How long past the server's ping interval silence is borne. Default 10,000. */
  readonly graceMs?: number;
  /** How long after a call was written silence is borne before the client pings. Default 10,000. */
  readonly callSilenceMs?: number;
  /** How long that ping may stay unanswered. Default 5,000. */
  readonly callGraceMs?: number;
  /** How long a call may wait for room (`bufferBytes`) without a sign that the server has received
   * anything. Then the session is given up. Default 60,000. */
  readonly timeoutMs?: number;
}

/** The options of `connect`. */
export interface ConnectOptions {
  /** Sent in hello. A function is asked before every attempt, so that it can hand out a fresh one. */
  readonly token?: TokenProvider;
  /** False: the first lost connection is the end. */
  readonly reconnect?: ReconnectOptions | false;
  readonly heartbeat?: HeartbeatOptions;
  /** Calls and notifications that may wait while there is no session, or no room in it (`bufferBytes`); one
   * more fails at once with `ResourceExhaustedError`. Default 256. */
  readonly queue?: number;
  /** The largest message to accept, in bytes, told to the server: it answers `too_large` instead of
   * sending more. What comes all the same closes the connection with 1009. Default 1 MiB; a plain peer,
   * which can tell nobody, has no limit unless it is set. */
  readonly maxMessageBytes?: number;
  /** Bytes that are kept until the server has received them, so that a cut loses nothing. Calls that
   * find no room wait. Default four times `maxMessageBytes`, 4 MiB; at least 256 KiB. */
  readonly bufferBytes?: number;
  /** The time limit of calls that set none themselves. Default 30,000. With `Infinity` this side waits as
   * long as it takes and tells the server no limit, so that the server's own holds: the declared one, or its
   * 30 s. Streams and uploads have none unless they set it. */
  readonly timeoutMs?: number;
  /** Return at once and connect in the background; calls wait. Default false: `connect` resolves when
   * the connection is open, and rejects when the first attempt fails. */
  readonly lazy?: boolean;
  /** How messages are encoded. Default JSON; `msgpack` of `@wirecall/client/msgpack` is smaller, and
   * takes bytes as they are. */
  readonly codec?: Codec;
  /** Be a plain peer of any JSON-RPC 2.0 server: no subprotocol, no hello, no heartbeat. Default false. */
  readonly plain?: boolean;
  /** Wrapped around every call, the first outermost. */
  readonly layers?: readonly Layer[];
  /** The class to connect with. Default: the global one; Node 20 has none, pass the one of `ws`. */
  readonly webSocket?: WebSocketClass;
  /** How the application introduces itself in hello. Default: this package. */
  readonly name?: string;
  /** Goes with `name`. */
  readonly version?: string;
  /** Hears what has no caller to go to: a listener or handler that threw or rejected, a message that made no
   * sense. `where` says whose it is: `the listener of chat.posted`. Default: `console.error`. */
  readonly onError?: OnError;
}

/** The options with every default in place. */
export interface Settings {
  readonly token: TokenProvider | undefined;
  readonly reconnect: ReconnectSettings;
  readonly connectTimeoutMs: number;
  readonly heartbeat: HeartbeatSettings;
  readonly queue: number;
  readonly maxMessageBytes: number;
  readonly bufferBytes: number;
  readonly timeoutMs: number;
  readonly lazy: boolean;
  readonly codec: Codec;
  readonly plain: boolean;
  readonly layers: readonly Layer[];
  readonly webSocket: WebSocketClass;
  readonly client: { readonly name: string; readonly version: string };
  readonly onError: OnError;
}

const RECONNECT: ReconnectSettings = {
  attempts: Number.POSITIVE_INFINITY,
  baseMs: 250,
  capMs: 20_000,
  resetAfterMs: 10_000,
};

const HEARTBEAT: HeartbeatSettings = {
  graceMs: 10_000,
  callSilenceMs: 10_000,
  callGraceMs: 5_000,
  timeoutMs: 60_000,
};

const LEAST_BUFFER_BYTES = 262_144;

/** Completes the options. Throws a `TypeError` that says what to do when they cannot work. */
export function complete(options: ConnectOptions): Settings {
  const { token, plain = false, lazy = false, layers = [], onError = print } = options;
  const { name = CLIENT.name, version = CLIENT.version } = options;
  const webSocket: WebSocketClass | undefined = options.webSocket ?? globalThis.WebSocket;
  if (!webSocket) {
    throw new TypeError(
      "this runtime has no WebSocket of its own (Node 20 has none): npm install ws, then " +
        'import { WebSocket } from "ws" and connect(url, { webSocket: WebSocket })',
    );
  }
  if (plain && token !== undefined) {
    throw new TypeError("a plain peer says no hello that could carry `token`: put it into the URL");
  }
  if (plain && options.codec !== undefined) {
    throw new TypeError("a plain peer agrees on no `codec`: it speaks JSON");
  }
  const { reconnect = {}, heartbeat, queue = 256, timeoutMs = 30_000 } = options;
  const told = options.maxMessageBytes ?? DEFAULT_MESSAGE_BYTES;
  const { maxMessageBytes = plain ? Number.POSITIVE_INFINITY : told, bufferBytes = 4 * told } =
    options;
  const { connectTimeoutMs = 10_000, ...tries } = reconnect || { attempts: 0 };
  return {
    token,
    reconnect: withDefaults(RECONNECT, tries),
    connectTimeoutMs,
    heartbeat: withDefaults(HEARTBEAT, heartbeat),
    queue,
    maxMessageBytes,
    bufferBytes: Math.max(bufferBytes, LEAST_BUFFER_BYTES),
    timeoutMs,
    lazy,
    codec: plain ? plainJson : (options.codec ?? json),
    plain,
    layers,
    webSocket,
    client: { name, version },
    onError,
  };
}

function print(error: unknown, where: string): void {
  console.error(`wirecall, ${where}:`, error);
}

/** An option that is there but undefined is not set: most settings of tsc let that through. */
function withDefaults<Known extends object>(defaults: Known, given: Partial<Known> = {}): Known {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}
