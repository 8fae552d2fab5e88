// The table of the server's calls that this side is answering: which run, which wait, and by when. Plain
// and synchronous; it runs no handler, it knows which call still has an answer to come.

import type { Id, Meta, WireError } from "./message.ts";

/** One call of the server, or a notification that a handler takes. The object itself is its identity: ids
 * may be used again. */
export interface Served {
  /** Undefined for a notification: nobody waits for its answer. */
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: unknown;
  readonly meta: Meta;
  /** What the server allows for it; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly deadline: number;
  /** The size of its message. */
  readonly bytes: number;
}

/** How a handler of this side ended. */
export type Answer = { readonly result: unknown } | { readonly error: WireError };

/** Handlers at work at a time, also those that were cancelled and run on, and those whose answer waits
 * for room. More calls wait. */
export const MAX_RUNNING = 64;
/** Calls that wait for that; one more is refused. */
export const MAX_WAITING = 256;
/** Bytes of the messages that wait; an empty line takes any one. */
const MAX_WAITING_BYTES = 1_048_576;

/** The server's calls of one session. */
export class ServedCalls {
  /** Those that have their answer to come. */
  private readonly open = new Map<Id, Served>();
  private readonly running = new Set<Served>();
  private readonly waiting = new Set<Served>();
  private waitingBytes = 0;

  /** Takes a call in, or says why not. */
  begin(call: Served): "begun" | "duplicate" | "full" {
    if (call.id !== undefined && this.open.has(call.id)) return "duplicate";
    if (!this.hasRoom(call)) return "full";
    if (call.id !== undefined) this.open.set(call.id, call);
    this.waiting.add(call);
    this.waitingBytes += call.bytes;
    return "begun";
  }

  /** The next call whose handler may run now. */
  start(): Served | undefined {
    const [call] = this.waiting;
    if (!call || this.running.size >= MAX_RUNNING) return undefined;
    this.leave(call);
    this.running.add(call);
    return call;
  }

  /** Whether the answer of a call is still wanted. */
  isOpen(call: Served): boolean {
    return call.id !== undefined && this.open.get(call.id) === call;
  }

  /** Whether the handler of a call was started and has not ended. */
  isRunning(call: Served): boolean {
    return this.running.has(call);
  }

  /** The answer is out, or no longer wanted; its handler may run on. One that only waited never starts. */
  finish(call: Served): void {
    if (call.id !== undefined && this.isOpen(call)) this.open.delete(call.id);
    this.leave(call);
  }

  /** A place is free: the handler has ended, and its answer is out or nobody wants it. */
  release(call: Served): void {
    this.running.delete(call);
  }

  /** The call's answer is no longer wanted. */
  cancel(id: unknown): Served | undefined {
    const call = this.open.get(id as Id);
    if (call) this.finish(call);
    return call;
  }

  /** Takes out the calls whose time is over. */
  expire(now: number): Served[] {
    const late = [...this.open.values()].filter((call) => call.deadline <= now);
    for (const call of late) this.finish(call);
    return late;
  }

  /** The session is lost, and nobody waits for these answers any more. Gives those whose handlers run. */
  clear(): Served[] {
    const stopped = [...this.running].filter((call) => call.id === undefined || this.isOpen(call));
    this.open.clear();
    this.waiting.clear();
    this.waitingBytes = 0;
    return stopped;
  }

  /** When `expire` has something to do. */
  wakeAt(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const call of this.open.values()) earliest = Math.min(earliest, call.deadline);
    return earliest;
  }

  private hasRoom({ bytes }: Served): boolean {
    const { size } = this.waiting;
    if (size >= MAX_WAITING) return false;
    return size === 0 || this.waitingBytes + bytes <= MAX_WAITING_BYTES;
  }

  private leave(call: Served): void {
    if (this.waiting.delete(call)) this.waitingBytes -= call.bytes;
  }
}
