// The table of this side's calls and queued notifications. Plain and synchronous: it knows who
// waits, who was written, and what becomes of each when the connection is lost; it writes nothing.

import type { Meta } from "./message.ts";

/** What is to be sent. */
export interface Request {
  readonly method: string;
  readonly params: unknown;
  readonly meta: Meta | undefined;
  /** How long the call may take from now; infinite for none. */
  readonly timeoutMs: number;
  /** Whether the call may be sent again after a lost connection. */
  readonly idempotent: boolean;
}

/** A request in the table, and whoever awaits its outcome. */
export interface Entry<Owner> extends Request {
  readonly id: number;
  /** A notification is done once it is written. */
  readonly isCall: boolean;
  readonly deadline: number;
  readonly owner: Owner;
  /** How often it was written. */
  sends: number;
}

/** An idempotent call is written once and sent again at most three times. */
const MAX_SENDS = 4;

/** The calls of one client, over all its connections. */
export class Calls<Owner> {
  /** Not written yet, in the order in which they were made. */
  private waiting = new Map<number, Entry<Owner>>();
  /** Written and unanswered, in the order of writing. */
  private readonly open = new Map<number, Entry<Owner>>();
  private waitingNotifications = 0;
  private lastId = 0;
  /** No deadline is earlier. It may be out of date; then `expire` finds nothing and corrects it. */
  private earliest = Number.POSITIVE_INFINITY;

  /** How many wait to be written. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Takes a request in. Ids go on over connections: a late answer never meets another call. */
  add(request: Request, isCall: boolean, owner: Owner, now: number): Entry<Owner> {
    this.lastId += 1;
    const { method, params, meta, timeoutMs, idempotent } = request;
    const deadline = now + timeoutMs;
    const id = this.lastId;
    const entry = { id, isCall, method, params, meta, timeoutMs, idempotent, deadline, owner };
    const added: Entry<Owner> = Object.assign(entry, { sends: 0 });
    this.waiting.set(id, added);
    if (!isCall) this.waitingNotifications += 1;
    if (deadline < this.earliest) this.earliest = deadline;
    return added;
  }

  /**
   * The next to write. Calls above `maxCalls` are held back; notifications pass them, since a
   * notification may be what the open calls are waiting for.
   */
  next(maxCalls: number): Entry<Owner> | undefined {
    const hasRoom = this.open.size < maxCalls;
    if (this.waiting.size === 0 || !(hasRoom || this.waitingNotifications > 0)) return undefined;
    for (const entry of this.waiting.values()) {
      if (hasRoom || !entry.isCall) return entry;
    }
    return undefined;
  }

  /** It was handed to the connection. */
  written(entry: Entry<Owner>): void {
    entry.sends += 1;
    this.forget(entry);
    if (entry.isCall) this.open.set(entry.id, entry);
  }

  /** Takes out the written call that an answer is for; undefined when there is none. */
  answered(id: unknown): Entry<Owner> | undefined {
    const entry = this.open.get(id as number);
    if (entry) this.open.delete(entry.id);
    return entry;
  }

  /** Takes out a call, written or not. */
  remove(id: number): Entry<Owner> | undefined {
    const entry = this.waiting.get(id) ?? this.open.get(id);
    if (entry) this.forget(entry);
    this.open.delete(id);
    return entry;
  }

  /** Takes out the calls whose time is over. */
  expire(now: number): Entry<Owner>[] {
    if (now < this.earliest) return [];
    this.earliest = Number.POSITIVE_INFINITY;
    const late: Entry<Owner>[] = [];
    for (const entry of [...this.open.values(), ...this.waiting.values()]) {
      if (entry.deadline <= now) late.push(entry);
      else this.earliest = Math.min(this.earliest, entry.deadline);
    }
    for (const entry of late) this.remove(entry.id);
    return late;
  }

  /**
   * The connection is lost. What was never written waits for the next one, and so do idempotent
   * calls, before it and in their order; the other written calls are taken out.
   */
  disconnected(): Entry<Owner>[] {
    const written = [...this.open.values()];
    this.open.clear();
    const isCarried = (entry: Entry<Owner>) => entry.idempotent && entry.sends < MAX_SENDS;
    const carried = written.filter(isCarried).map((entry) => [entry.id, entry] as const);
    if (carried.length > 0) this.waiting = new Map([...carried, ...this.waiting]);
    return written.filter((entry) => !isCarried(entry));
  }

  /** Takes everything out. */
  clear(): Entry<Owner>[] {
    const all = [...this.open.values(), ...this.waiting.values()];
    this.open.clear();
    this.waiting.clear();
    this.waitingNotifications = 0;
    this.earliest = Number.POSITIVE_INFINITY;
    return all;
  }

  /** When `expire` may have something to do. */
  wakeAt(): number {
    return this.earliest;
  }

  private forget(entry: Entry<Owner>): void {
    if (this.waiting.delete(entry.id) && !entry.isCall) this.waitingNotifications -= 1;
  }
}
