// The table of this side's calls and queued notifications. Plain and synchronous: it knows who
// waits, who is under way, and what becomes of each when the session is lost; it writes nothing.

import type { Frame } from "./codec.ts";
import type { Meta } from "./message.ts";
import { Download, Upload } from "./streams.ts";

/** What is to be sent. */
export interface Request {
  readonly method: string;
  readonly params: unknown;
  readonly meta: Meta | undefined;
  /** How long the call may take from now; infinite for none. */
  readonly timeoutMs: number;
  /** Whether the call may be sent again when nobody knows whether it ran. */
  readonly idempotent: boolean;
  /** A call that answers items, and how many it allows to begin with; undefined there: any number. */
  readonly stream?: { readonly credit: number | undefined } | undefined;
  /** A call that takes items. */
  readonly upload?: boolean | undefined;
}

/** The three that take turns apart. */
export type Kind = "call" | "stream" | "notification";

/** A request whose params are encoded, and whose `meta` is a copy: what its caller does to them later changes
 * nothing. */
export interface Prepared extends Omit<Request, "params"> {
  readonly params: Frame | undefined;
}

/** A request in the table, and whoever awaits its outcome. */
export interface Entry<Owner> extends Prepared {
  readonly id: number;
  readonly kind: Kind;
  readonly deadline: number;
  readonly owner: Owner;
  readonly download: Download | undefined;
  readonly up: Upload | undefined;
  /** Its place in the order of all that wait. */
  turn: number;
  /** Its number in the present session, 0 for a plain peer; undefined while it waits. */
  seq: number | undefined;
  /** Whether a byte of it was written in the present session. */
  isWritten: boolean;
  /** Whether the owner of a notification was told that it left: it may have to leave again. */
  isTold: boolean;
  /** How often it was sent again without knowing whether it had run. */
  repeats: number;
}

/** How many calls may be under way. */
export interface CallLimits {
  readonly maxCalls: number;
  readonly maxStreams: number;
}

/** *Calls declared idempotent are sent again, too, at most three times.* */
const MAX_REPEATS = 3;

/** Notifications last: what is held back of the others decides on them. */
const KINDS: readonly Kind[] = ["call", "stream", "notification"];

/** The calls of one client, over all its connections. */
export class Calls<Owner> {
  /** Not in a session yet, in their order. */
  private readonly waiting: Record<Kind, Map<number, Entry<Owner>>> = {
    call: new Map(),
    stream: new Map(),
    notification: new Map(),
  };
  /** In the session, or written, and unanswered; in the order in which they entered. */
  private readonly open = new Map<number, Entry<Owner>>();
  private openStreams = 0;
  private lastId = 0;
  private lastTurn = 0;
  /** No deadline is earlier. It may be out of date; then `expire` finds nothing and corrects it. */
  private earliest = Number.POSITIVE_INFINITY;

  /** How many wait for their turn. */
  get waitingCount(): number {
    const { call, stream, notification } = this.waiting;
    return call.size + stream.size + notification.size;
  }

  /** An id that no call has had: they go on over sessions, so that a late answer meets no other. */
  newId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /** Takes a request in. */
  add(request: Prepared, isCall: boolean, owner: Owner, now: number): Entry<Owner> {
    const { stream, upload } = request;
    const added: Entry<Owner> = {
      ...request,
      id: this.newId(),
      kind: isCall ? (stream || upload ? "stream" : "call") : "notification",
      deadline: now + request.timeoutMs,
      owner,
      download: stream && new Download(stream.credit),
      up: upload ? new Upload() : undefined,
      turn: 0,
      seq: undefined,
      isWritten: false,
      isTold: false,
      repeats: 0,
    };
    this.wait(added);
    if (added.deadline < this.earliest) this.earliest = added.deadline;
    return added;
  }

  /**
   * The next to enter the session. *Calls and streams that are held back pass each other, a
   * notification passes neither.*
   */
  next({ maxCalls, maxStreams }: CallLimits): Entry<Owner> | undefined {
    const hasRoom = {
      call: this.open.size - this.openStreams < maxCalls,
      stream: this.openStreams < maxStreams,
    };
    let next: Entry<Owner> | undefined;
    let heldTurn = Number.POSITIVE_INFINITY;
    for (const kind of KINDS) {
      const [first] = this.waiting[kind].values();
      if (!first) continue;
      const isHeld = kind === "notification" ? heldTurn < first.turn : !hasRoom[kind];
      if (isHeld) heldTurn = Math.min(heldTurn, first.turn);
      else if (!(next && next.turn < first.turn)) next = first;
    }
    return next;
  }

  /** It entered the session, or was written. */
  entered(entry: Entry<Owner>, seq: number): void {
    this.waiting[entry.kind].delete(entry.id);
    entry.seq = seq;
    if (entry.kind === "notification") return;
    this.open.set(entry.id, entry);
    if (entry.kind === "stream") this.openStreams += 1;
  }

  /** The call of that id that waits for its turn. */
  findWaiting(id: number): Entry<Owner> | undefined {
    return this.waiting.call.get(id) ?? this.waiting.stream.get(id);
  }

  /** The open call of that id. */
  find(id: unknown): Entry<Owner> | undefined {
    return this.open.get(id as number);
  }

  /** Takes out a call, open or not. */
  remove(id: unknown): Entry<Owner> | undefined {
    const entry = this.find(id);
    if (entry) return this.close(entry);
    for (const kind of KINDS) {
      const waiting = this.waiting[kind].get(id as number);
      if (waiting && this.waiting[kind].delete(waiting.id)) return waiting;
    }
    return undefined;
  }

  /** Takes out the calls whose time is over. */
  expire(now: number): Entry<Owner>[] {
    if (now < this.earliest) return [];
    this.earliest = Number.POSITIVE_INFINITY;
    const late: Entry<Owner>[] = [];
    for (const entry of this.all()) {
      if (entry.deadline <= now) late.push(entry);
      else this.earliest = Math.min(this.earliest, entry.deadline);
    }
    for (const entry of late) this.remove(entry.id);
    return late;
  }

  /**
   * The session is lost. *Into the new session go, in order, the calls and notifications that the old
   * one never received; calls declared idempotent are sent again, too.* They wait, before all that
   * waits already; the others are taken out. `notifications` are those that may have to go again.
   */
  carry(
    notifications: readonly Entry<Owner>[],
    isUnreceived: (entry: Entry<Owner>) => boolean,
  ): Entry<Owner>[] {
    const lost: Entry<Owner>[] = [];
    const carried: Entry<Owner>[] = [];
    const entries = [...this.open.values(), ...notifications];
    for (const entry of entries.sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0))) {
      if (isUnreceived(entry)) carried.push(entry);
      else if (mayRepeat(entry)) carried.push(Object.assign(entry, { repeats: entry.repeats + 1 }));
      else lost.push(entry);
    }
    const waiting = this.takeWaiting();
    this.open.clear();
    this.openStreams = 0;
    for (const entry of [...carried, ...waiting]) {
      Object.assign(entry, { seq: undefined, isWritten: false });
      entry.up?.startOver();
      this.wait(entry);
    }
    return lost;
  }

  /** Takes everything out. */
  clear(): Entry<Owner>[] {
    const all = this.all();
    this.takeWaiting();
    this.open.clear();
    this.openStreams = 0;
    this.earliest = Number.POSITIVE_INFINITY;
    return all;
  }

  /** When `expire` may have something to do. */
  wakeAt(): number {
    return this.earliest;
  }

  private wait(entry: Entry<Owner>): void {
    this.lastTurn += 1;
    entry.turn = this.lastTurn;
    this.waiting[entry.kind].set(entry.id, entry);
  }

  private close(entry: Entry<Owner>): Entry<Owner> {
    this.open.delete(entry.id);
    if (entry.kind === "stream") this.openStreams -= 1;
    return entry;
  }

  private all(): Entry<Owner>[] {
    return [...this.open.values(), ...this.inTurn()];
  }

  private inTurn(): Entry<Owner>[] {
    const { call, stream, notification } = this.waiting;
    const all = [...call.values(), ...stream.values(), ...notification.values()];
    return all.sort((one, other) => one.turn - other.turn);
  }

  private takeWaiting(): Entry<Owner>[] {
    const waiting = this.inTurn();
    for (const kind of KINDS) this.waiting[kind].clear();
    return waiting;
  }
}

/** *A stream only if it has delivered no item, an upload only if it has sent none.* */
function mayRepeat({ kind, idempotent, repeats, download, up }: Entry<unknown>): boolean {
  if (kind === "notification" || !idempotent || repeats >= MAX_REPEATS) return false;
  return (download?.delivered ?? 0) === 0 && (up?.sent ?? 0) === 0;
}
