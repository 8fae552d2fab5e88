// The only file that touches WebSocket: opens one, and turns its events into three calls.

import type { Frame } from "./codec.ts";
import { CloseCode } from "./disconnect.ts";

/** What of a WebSocket is used; that of browsers, of Deno, Bun and Node ≥ 22, and `ws` have it. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly protocol: string;
  readonly readyState: number;
  addEventListener(type: "open", listener: () => void): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "error", listener: (event: object) => void): void;
  addEventListener(
    type: "close",
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  close(code?: number, reason?: string): void;
  send(data: Frame): void;
}

/** A class of WebSockets. */
export type WebSocketClass = new (url: string, protocols?: string[]) => WebSocketLike;

/** What a connection tells its owner. `closed` comes once, at the end; after `abort` nothing does. */
export interface ConnectionEvents {
  opened(protocol: string): void;
  received(frame: Frame): void;
  /** `error` is what the runtime says, where it says anything: browsers do not. */
  closed(code: number, reason: string, error: string | undefined): void;
}

/** One live WebSocket. */
export interface Connection {
  /** False as soon as the runtime would throw away what is sent. */
  readonly isWritable: boolean;
  /** Bytes that were handed over and have not left yet. */
  readonly unsentBytes: number;
  send(frame: Frame): void;
  /** Sends what was handed over, then says farewell; `closed` follows. */
  close(code: number, reason: string): void;
  /** Ends it without waiting for the other side, which is told the code where that can be. */
  abort(code?: number): void;
}

const OPEN = 1;

/** Opens a connection. Throws what the constructor throws, for a URL that it refuses. */
export function openConnection(
  WebSocket: WebSocketClass,
  url: string,
  subprotocol: string,
  events: ConnectionEvents,
): Connection {
  const socket = new WebSocket(url, subprotocol ? [subprotocol] : []);
  let isOver = false;
  let error: string | undefined;
  // Blobs, the default of browsers, could only be read asynchronously, and out of order.
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    if (!isOver) events.opened(socket.protocol);
  });
  socket.addEventListener("message", ({ data }) => {
    if (!isOver) events.received(data as Frame);
  });
  // Always heard, also when it is over: `ws` throws errors that nobody hears.
  socket.addEventListener("error", (event) => {
    if ("message" in event && typeof event.message === "string") error = event.message;
  });
  socket.addEventListener("close", ({ code, reason }) => {
    if (isOver) return;
    isOver = true;
    events.closed(code, reason, error);
  });
  return {
    get isWritable() {
      return socket.readyState === OPEN;
    },
    get unsentBytes() {
      return socket.bufferedAmount;
    },
    send(frame) {
      socket.send(frame);
    },
    close(code, reason) {
      socket.close(code, reason);
    },
    abort(code) {
      isOver = true;
      // Codes below are not an application's to give: browsers throw.
      if (code !== undefined && code >= 4000 && socket.readyState === OPEN) socket.close(code);
      // `ws` would wait half a minute for a peer that is gone, and keep the process up for it.
      if ("terminate" in socket && typeof socket.terminate === "function") socket.terminate();
      else socket.close();
    },
  };
}

/** What to tell people of a close that the runtime explained, or did not. */
export function closeReason(code: number, reason: string, error: string | undefined): string {
  return reason || (code === CloseCode.abnormal ? (error ?? "") : "");
}
