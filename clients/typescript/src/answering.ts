// The server's calls and what becomes of them: who is let in, who answers, and how each answer goes
// out. Pure, like the session that it is a part of; it runs no handler.

import type { Entry } from "./calls.ts";
import {
  CancelledError,
  DeadlineExceededError,
  InternalError,
  InvalidRequestError,
  methodNotFound,
  ResourceExhaustedError,
  TooLargeError,
  wireError,
} from "./errors.ts";
import { type Id, type Message, membersOf, type WireError } from "./message.ts";
import type { Body, Outbox } from "./outbox.ts";
import type { Emit } from "./output.ts";
import { type Answer, MAX_RUNNING, MAX_WAITING, type Served, ServedCalls } from "./served.ts";

/** The server's calls, over all connections of a session. */
export class Answering<Owner> {
  private readonly outbox: Outbox<Entry<Owner>>;
  private readonly emit: Emit<Owner>;
  /** Whether a call, or a notification, has a handler, for which it takes its turn. */
  private readonly isHandled: (method: string) => boolean;
  private readonly served: ServedCalls = new ServedCalls();
  /** Answers that found no room. Their calls are open until then, and keep their places. */
  private waiting: { readonly call: Served; readonly body: Body }[] = [];

  constructor(
    outbox: Outbox<Entry<Owner>>,
    emit: Emit<Owner>,
    isHandled: (method: string) => boolean,
  ) {
    this.outbox = outbox;
    this.emit = emit;
    this.isHandled = isHandled;
  }

  /** A call arrived, in a message of so many bytes. */
  serve(message: Message & { type: "call" }, bytes: number, now: number): void {
    const { id, method, params, meta } = message;
    const { timeout_ms } = meta;
    // Also NaN is none.
    const timeoutMs = typeof timeout_ms === "number" && timeout_ms >= 0 ? timeout_ms : undefined;
    const deadline = now + (timeoutMs ?? Number.POSITIVE_INFINITY);
    const call = { id, method, params, meta, timeoutMs, deadline, bytes };
    if (method === "rpc.ping") {
      // *Not numbered are `rpc.ping` and its answer.*
      this.outbox.sendUntracked({ id, result: null });
      return;
    }
    // *What the reader itself must answer never waits*, not even for a place among the running.
    const begun = this.isHandled(method) ? this.served.begin(call) : "unknown";
    if (begun === "begun") this.start();
    else if (begun === "duplicate") this.refuse("the id is open");
    else if (begun === "unknown") this.respondAtOnce(id, { error: methodNotFound(method) });
    else this.respondAtOnce(id, { error: wireError(ResourceExhaustedError, FULL, true) });
  }

  /** A notification arrived. False, and nobody is told, when there is no room for its handler. */
  hear({ method, params }: Message & { type: "notification" }, bytes: number): boolean {
    if (this.isHandled(method)) {
      const deadline = Number.POSITIVE_INFINITY;
      const served = { id: undefined, method, params, meta: {}, timeoutMs: undefined, deadline };
      if (this.served.begin({ ...served, bytes }) !== "begun") return false;
    }
    this.emit({ type: "event", method, params });
    this.start();
    return true;
  }

  /** The server cancelled a call. */
  cancelled(params: unknown): void {
    const { id } = membersOf(params);
    const call = this.served.cancel(id);
    if (call) this.abort(call, wireError(CancelledError, "the caller cancelled the call"));
  }

  /** A handler has ended. Its answer goes out unless a cancel or the time limit was first. */
  answer(call: Served, answer: Answer): void {
    if (this.served.isOpen(call)) this.waiting.push({ call, body: this.encode(call, answer) });
    else this.release(call);
  }

  /** Lets in the answers that there is room for. False when one has to wait. */
  flush(): boolean {
    for (let first = this.waiting[0]; first; first = this.waiting[0]) {
      const { call, body } = first;
      if (this.served.isOpen(call)) {
        if (!this.outbox.fits(body.bytes) || this.outbox.push(body) === undefined) return false;
        this.served.finish(call);
      }
      this.waiting.shift();
      this.release(call);
    }
    return true;
  }

  /** Ends the calls whose time is over. */
  expire(now: number): void {
    const reason = wireError(DeadlineExceededError, "the time limit of the call is over");
    for (const call of this.served.expire(now)) this.abort(call, reason);
  }

  /** Nobody waits for any answer any more. */
  clear(reason: WireError): void {
    for (const { call } of this.waiting) {
      this.served.finish(call);
      this.served.release(call);
    }
    this.waiting = [];
    for (const call of this.served.clear()) this.emit({ type: "abort", call, reason });
  }

  /** Says what is wrong, with id null, as JSON-RPC wants it. */
  refuse(what: string): void {
    this.emit({ type: "fault", error: new TypeError(`ignored what the server sent: ${what}`) });
    this.respondAtOnce(null, { error: wireError(InvalidRequestError, what) });
  }

  /** An answer that the reader itself gives: it never waits for room. */
  respondAtOnce(id: Id, answer: Answer): void {
    this.outbox.pushAtOnce({ id, ...answer });
  }

  /** When `expire` has something to do. */
  wakeAt(): number {
    return this.served.wakeAt();
  }

  private start(): void {
    for (let call = this.served.start(); call; call = this.served.start()) {
      this.emit({ type: "serve", call });
    }
  }

  private release(call: Served): void {
    this.served.release(call);
    this.start();
  }

  private abort(call: Served, reason: WireError): void {
    // One that waited has no handler yet, and never will.
    if (this.served.isRunning(call)) this.emit({ type: "abort", call, reason });
    this.respondAtOnce(call.id ?? null, { error: reason });
  }

  private encode({ id, method }: Served, answer: Answer): Body {
    let body: Body | undefined;
    try {
      body = this.outbox.encode({ id, ...answer });
    } catch (error) {
      this.emit({ type: "fault", error });
      const inside = wireError(InternalError, `the result of ${method} cannot be encoded`);
      body = this.outbox.encode({ id, error: inside });
    }
    return body ?? this.outbox.encodeAny({ id, error: wireError(TooLargeError, TOO_LARGE) });
  }
}

const FULL = `${MAX_RUNNING} calls run and ${MAX_WAITING} wait: this one was not run`;
const TOO_LARGE = "the answer is larger than the server takes";
