// This side's calls and notifications on their way out: who is let into the queue, how each becomes
// a frame, and how each ends. Pure, like the session that it is a part of.

import { Calls, type Entry, type Request } from "./calls.ts";
import { type Codec, type Frame, isLarger } from "./codec.ts";
import type { Disconnect } from "./disconnect.ts";
import {
  CancelledError,
  DeadlineExceededError,
  ResourceExhaustedError,
  TooLargeError,
  wireError,
} from "./errors.ts";
import { type Hello, PLAIN_HELLO } from "./hello.ts";
import type { WireError } from "./message.ts";
import type { Emit, Outcome } from "./output.ts";

/** What the way out is told once. */
export interface OutgoingSettings {
  readonly codec: Codec;
  /** A plain peer writes no `meta` of the protocol's own. */
  readonly plain: boolean;
  /** Calls and notifications that may wait while there is no open connection. */
  readonly queue: number;
}

/** Held back above `max_calls` on an open connection; only a runaway loop meets it. */
const MAX_HELD = 65_536;

/** The way out. */
export class Outgoing<Owner> {
  private readonly settings: OutgoingSettings;
  private readonly emit: Emit<Owner>;
  private readonly calls: Calls<Owner> = new Calls();
  /** The last hello: its limits bind, and its user owns what waits. */
  private hello: Hello = PLAIN_HELLO;

  constructor(settings: OutgoingSettings, emit: Emit<Owner>) {
    this.settings = settings;
    this.emit = emit;
  }

  /** Takes a request in, or refuses it when the queue is full. */
  add(request: Request, isCall: boolean, owner: Owner, isOpen: boolean, now: number): number {
    const limit = isOpen ? MAX_HELD : this.settings.queue;
    const isFull = this.calls.waitingCount >= limit;
    const entry = this.calls.add(request, isCall, owner, now);
    if (isFull) {
      const message = `the queue is full: ${limit} calls wait already (option queue)`;
      this.calls.remove(entry.id);
      this.fail(entry, wireError(ResourceExhaustedError, message, true));
    }
    return entry.id;
  }

  /** A connection is open. Nothing is carried from one user to another. */
  opened(hello: Hello): void {
    const before = this.hello;
    this.hello = hello;
    if (before.session === undefined || before.user === hello.user) return;
    const reason = "the connection came back with another user";
    this.clear({ code: 1000, reason, comeBack: true });
  }

  /** Whether anything waits. */
  get isWaiting(): boolean {
    return this.calls.waitingCount > 0;
  }

  /** Writes what may be written now. True when a call was. */
  flush(now: number): boolean {
    let asked = false;
    for (;;) {
      const entry = this.calls.next(this.hello.maxCalls);
      if (!entry) return asked;
      asked = this.write(entry, now) || asked;
    }
  }

  /** An answer arrived. False when nobody waits for it. */
  answered(id: unknown, outcome: Outcome): boolean {
    const entry = this.calls.answered(id);
    if (entry) this.settle(entry, outcome);
    return entry !== undefined;
  }

  /** Ends a call. True when the server may know of it and should be told. */
  cancel(id: number): boolean {
    const entry = this.calls.remove(id);
    if (!entry) return false;
    this.fail(entry, wireError(CancelledError, `${entry.method} was cancelled`));
    return entry.sends > 0;
  }

  /** Ends the calls whose time is over. */
  expire(now: number): void {
    for (const entry of this.calls.expire(now)) {
      const message = `${entry.method} took longer than ${entry.timeoutMs} ms`;
      this.fail(entry, wireError(DeadlineExceededError, message));
    }
  }

  /** The connection is lost: each call is carried or ends. */
  disconnected(end: Disconnect): void {
    for (const entry of this.calls.disconnected()) this.settle(entry, { type: "lost", end });
  }

  /** Ends everything. */
  clear(end: Disconnect): void {
    for (const entry of this.calls.clear()) {
      this.settle(entry, { type: entry.sends > 0 ? "lost" : "unsent", end });
    }
  }

  /** When `expire` has something to do. */
  wakeAt(): number {
    return this.calls.wakeAt();
  }

  /** Encodes a message; undefined when it is larger than the server takes. */
  encode(message: unknown): Frame | undefined {
    const frame = this.settings.codec.encode(message);
    return isLarger(frame, this.hello.maxMessageBytes) ? undefined : frame;
  }

  /** Writes one. A request that cannot be written ends alone. */
  private write(entry: Entry<Owner>, now: number): boolean {
    const { id, isCall, method, params } = entry;
    try {
      const meta = this.meta(entry, now);
      const frame = this.encode(
        isCall
          ? { jsonrpc: "2.0", id, method, params, meta }
          : { jsonrpc: "2.0", method, params, meta },
      );
      if (frame === undefined) return this.refuse(entry, this.tooLarge(method));
      this.calls.written(entry);
      this.emit({ type: "write", frame });
    } catch (error) {
      return this.refuse(entry, { type: "threw", error });
    }
    if (!isCall) this.settle(entry, { type: "result", result: undefined });
    return isCall;
  }

  private refuse(entry: Entry<Owner>, outcome: Outcome): false {
    this.calls.remove(entry.id);
    this.settle(entry, outcome);
    return false;
  }

  private tooLarge(method: string): Outcome {
    const limit = `the server takes ${this.hello.maxMessageBytes} bytes (max_message_bytes)`;
    return { type: "error", error: wireError(TooLargeError, `${method} is too large: ${limit}`) };
  }

  /** The time limit goes as what is left of it: it has run on while the call waited. */
  private meta({ meta, isCall, deadline }: Entry<Owner>, now: number): unknown {
    if (this.settings.plain || !isCall || deadline === Number.POSITIVE_INFINITY) return meta;
    return { ...meta, timeout_ms: Math.max(1, Math.ceil(deadline - now)) };
  }

  private fail(entry: Entry<Owner>, error: WireError): void {
    this.settle(entry, { type: "error", error });
  }

  private settle({ owner, method }: Entry<Owner>, outcome: Outcome): void {
    this.emit({ type: "settle", owner, method, outcome });
  }
}
