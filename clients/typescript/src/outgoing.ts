// This side's calls and notifications on their way out: who is let into the queue, how each enters
// the session, and how each ends. Pure, like the session that it is a part of.

import { Calls, type Entry, type Prepared, type Request } from "./calls.ts";
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
import type { Body, Outbox } from "./outbox.ts";
import type { Emit, Outcome } from "./output.ts";
import { Transfers } from "./transfers.ts";

/** What the way out is told once. */
export interface OutgoingSettings {
  /** A plain peer writes no `meta` of the protocol's own, but for streams. */
  readonly plain: boolean;
  /** Calls and notifications that may wait while there is no session, or no room in it. */
  readonly queue: number;
}

/** Held back above `max_calls` on an open connection; only a runaway loop meets it. */
const MAX_HELD = 65_536;

/** The way out. */
export class Outgoing<Owner> {
  readonly transfers: Transfers<Owner>;
  /** The last message that an answer shows to have been received. */
  confirmed = 0;
  private readonly settings: OutgoingSettings;
  private readonly outbox: Outbox<Entry<Owner>>;
  private readonly emit: Emit<Owner>;
  private readonly calls: Calls<Owner> = new Calls();
  /** The last hello: its limits bind. */
  private hello: Hello = PLAIN_HELLO;
  /** The size of the one that waits for room, before all others. */
  private blockedBytes: number | undefined;

  constructor(settings: OutgoingSettings, outbox: Outbox<Entry<Owner>>, emit: Emit<Owner>) {
    this.settings = settings;
    this.outbox = outbox;
    this.emit = emit;
    this.transfers = new Transfers(this.calls, outbox, emit, (entry, error) => {
      this.calls.remove(entry.id);
      this.end(entry, error);
    });
  }

  /** Takes a request in, or refuses it when the queue is full. */
  add(request: Request, isCall: boolean, owner: Owner, isOpen: boolean, now: number): number {
    const isHeld = isOpen && this.blockedBytes === undefined;
    const limit = isHeld ? MAX_HELD : this.settings.queue;
    const isFull = this.calls.waitingCount >= limit;
    const prepared = this.prepare(request, owner);
    if (!prepared) return this.newId();
    const entry = this.calls.add(prepared, isCall, owner, now);
    if (isFull) {
      const message = `the queue is full: ${limit} calls wait already (option queue)`;
      this.calls.remove(entry.id);
      this.fail(entry, wireError(ResourceExhaustedError, message, true));
    }
    return entry.id;
  }

  /** Undefined when it cannot be encoded, and whoever made it was told. */
  private prepare(request: Request, owner: Owner): Prepared | undefined {
    const { method, params, meta } = request;
    try {
      const encoded = this.outbox.encodeParams(params);
      return { ...request, params: encoded, meta: this.outbox.copyMeta(meta) };
    } catch (error) {
      this.emit({ type: "settle", owner, method, outcome: { type: "threw", error } });
      return undefined;
    }
  }

  /** Whether the server is known to have all that the application wrote. Where it is not, a ping asks:
   * messages are read in their order, so that its answer says so sooner than the ack, *1 s late.* */
  isConfirmed(): boolean {
    const { replay, wanted } = this.outbox;
    const received = Math.max(replay?.peerReceived ?? 0, this.confirmed);
    return received >= wanted || this.outbox.prove();
  }

  /** An id for a call that is not in this table. */
  newId(): number {
    return this.calls.newId();
  }

  /** Hello was answered: its limits bind. */
  limit(hello: Hello): void {
    this.hello = hello;
  }

  /** Lets in what may enter now, and tells the producers of uploads that may go on. */
  flush(mayStart: boolean, now: number): void {
    if (this.blockedBytes !== undefined && this.outbox.fits(this.blockedBytes)) {
      this.blockedBytes = undefined;
    }
    while (mayStart && this.blockedBytes === undefined) {
      const entry = this.calls.next(this.hello);
      if (!entry || !this.enter(entry, now)) break;
    }
    this.transfers.flush();
  }

  /** A byte of it was written. */
  wrote(entry: Entry<Owner>): void {
    entry.isWritten = true;
    if (entry.kind !== "notification" || entry.isTold) return;
    entry.isTold = true;
    this.settle(entry, { type: "result", result: undefined });
  }

  /** An answer arrived. Ignored when nobody waits for it. */
  answered(id: unknown, outcome: Outcome): void {
    const entry = this.calls.find(id);
    // What has not left yet cannot be answered.
    if (!entry?.isWritten) return;
    this.calls.remove(id);
    this.confirmed = Math.max(this.confirmed, entry.seq ?? 0);
    this.settle(entry, outcome);
  }

  /** Ends a call, and tells the server where it may know of it. */
  cancel(id: number): void {
    const entry = this.calls.remove(id);
    if (entry) this.end(entry, wireError(CancelledError, `${entry.method} was cancelled`));
  }

  /** The producer of an upload has no more items. */
  endUpload(id: number): void {
    this.transfers.end(id, this.calls.find(id) ?? this.calls.findWaiting(id));
  }

  /** Ends the calls whose time is over. The server keeps the time, too, but from the arrival on: one that
   * arrives after a cut would run. */
  expire(now: number): void {
    for (const entry of this.calls.expire(now)) {
      const message = `${entry.method} took longer than ${entry.timeoutMs} ms`;
      this.end(entry, wireError(DeadlineExceededError, message));
    }
  }

  /**
   * The session is lost: each call goes into the next one, or ends. `received` is what the server had
   * received of it; without it, only what was never written was never received.
   */
  carry(received: number | undefined, end: Disconnect): void {
    this.blockedBytes = undefined;
    const lost = this.calls.carry(this.notifications(), (entry) => isUnreceived(entry, received));
    for (const entry of lost) {
      if (entry.kind !== "notification") this.settle(entry, { type: "lost", end });
    }
  }

  /** Ends everything. */
  clear(received: number | undefined, end: Disconnect): void {
    this.blockedBytes = undefined;
    for (const entry of [...this.calls.clear(), ...this.notifications()]) {
      if (entry.isTold) continue;
      entry.isTold = true;
      // One that is sent again has been received before.
      const isUnsent = entry.repeats === 0 && isUnreceived(entry, received);
      this.settle(entry, { type: isUnsent ? "unsent" : "lost", end });
    }
  }

  /** When `expire` has something to do. */
  wakeAt(): number {
    return this.calls.wakeAt();
  }

  /** Lets one in. False when it has to wait. A request that cannot be encoded ends alone. */
  private enter(entry: Entry<Owner>, now: number): boolean {
    let body: Body | undefined;
    try {
      body = this.outbox.encode(this.envelope(entry, now), entry.params);
    } catch (error) {
      return this.refuse(entry, { type: "threw", error });
    }
    if (!body) return this.refuse(entry, this.tooLarge(entry.method));
    if (!this.outbox.fits(body.bytes)) {
      this.blockedBytes = body.bytes;
      return false;
    }
    const seq = this.outbox.push(body, entry);
    if (seq === undefined) return false;
    this.calls.entered(entry, seq);
    this.transfers.entered(entry);
    return true;
  }

  private refuse(entry: Entry<Owner>, outcome: Outcome): true {
    this.calls.remove(entry.id);
    this.settle(entry, outcome);
    return true;
  }

  private tooLarge(method: string): Outcome {
    const limit = `the server takes ${this.hello.maxMessageBytes} bytes (max_message_bytes)`;
    return { type: "error", error: wireError(TooLargeError, `${method} is too large: ${limit}`) };
  }

  private envelope(entry: Entry<Owner>, now: number): Readonly<Record<string, unknown>> {
    const { id, kind, method } = entry;
    const meta = this.meta(entry, now);
    return kind === "notification" ? { method, meta } : { id, method, meta };
  }

  /** The time limit goes as what is left of it: it has run on while the call waited. */
  private meta({ meta, kind, deadline, download }: Entry<Owner>, now: number): unknown {
    if (kind === "notification" || (this.settings.plain && kind === "call")) return meta;
    const credit = download?.opening;
    const timeout_ms =
      deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(1, Math.ceil(deadline - now));
    if (credit === undefined && timeout_ms === undefined) return meta;
    return { ...meta, timeout_ms, credit };
  }

  private end(entry: Entry<Owner>, error: WireError): void {
    // It may be the one that was too large for the room that there is.
    if (entry.seq === undefined) this.blockedBytes = undefined;
    this.fail(entry, error);
    this.tellCancelled(entry);
  }

  /** One that never entered is not known; a plain peer's server need not know the protocol's own
   * notifications, but where it streams. */
  private tellCancelled({ id, seq, kind }: Entry<Owner>): void {
    if (seq !== undefined && !(this.settings.plain && kind === "call")) {
      this.outbox.pushAtOnce({ method: "rpc.cancel", params: { id } });
    }
  }

  /** Those that the server has not acknowledged; they are in no table any more. */
  private notifications(): Entry<Owner>[] {
    const kept = this.outbox.replay?.unacknowledged() ?? [];
    return kept.flatMap(({ tag }) => (tag?.kind === "notification" ? [tag] : []));
  }

  private fail(entry: Entry<Owner>, error: WireError): void {
    this.settle(entry, { type: "error", error });
  }

  private settle({ owner, method }: Entry<Owner>, outcome: Outcome): void {
    this.emit({ type: "settle", owner, method, outcome });
  }
}

function isUnreceived(entry: Entry<unknown>, received: number | undefined): boolean {
  return !entry.isWritten || (received !== undefined && (entry.seq ?? 0) > received);
}
