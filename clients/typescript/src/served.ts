// The table of the server's calls that this side is answering. Plain and synchronous; it runs no
// handler, it knows which call still has an answer to come, and by when.

import type { Id, Meta, WireError } from "./message.ts";

/** One call of the server. The object itself is its identity: ids may be used again. */
export interface Served {
  readonly id: Id;
  readonly method: string;
  readonly params: unknown;
  readonly meta: Meta;
  /** What the server allows for it; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly deadline: number;
}

/** How a handler of this side ended. */
export type Answer = { readonly result: unknown } | { readonly error: WireError };

/** Handlers at work at a time, also those that were cancelled and run on, and those whose answer waits
 * for room. One more is refused. */
export const MAX_SERVED = 256;

/** The server's calls of one session. */
export class ServedCalls {
  private readonly open = new Map<Id, Served>();
  private running = 0;

  /** Takes a call in, or says why not. */
  begin(call: Served): "begun" | "duplicate" | "full" {
    if (this.open.has(call.id)) return "duplicate";
    if (this.running >= MAX_SERVED) return "full";
    this.open.set(call.id, call);
    this.running += 1;
    return "begun";
  }

  /** Whether the answer of a call is still wanted. */
  isOpen(call: Served): boolean {
    return this.open.get(call.id) === call;
  }

  /** The answer is out. */
  finish(call: Served): void {
    if (this.isOpen(call)) this.open.delete(call.id);
  }

  /** A place is free: the handler has ended, and its answer is out or nobody wants it. */
  release(): void {
    this.running -= 1;
  }

  /** The call's answer is no longer wanted; its handler may run on. */
  cancel(id: unknown): Served | undefined {
    const call = this.open.get(id as Id);
    if (call) this.open.delete(call.id);
    return call;
  }

  /** Takes out the calls whose time is over. */
  expire(now: number): Served[] {
    const late = [...this.open.values()].filter((call) => call.deadline <= now);
    for (const call of late) this.open.delete(call.id);
    return late;
  }

  /** The session is lost, and nobody waits for these answers any more. */
  clear(): Served[] {
    const all = [...this.open.values()];
    this.open.clear();
    return all;
  }

  /** When `expire` has something to do. */
  wakeAt(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const call of this.open.values()) earliest = Math.min(earliest, call.deadline);
    return earliest;
  }
}
