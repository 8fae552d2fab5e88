// Nothing lost, nothing twice: what this side sent and the other has not acknowledged, and what this
// side received. The queue of a session is its replay buffer: a message is numbered where it enters,
// is written when its turn comes, and stays until it is acknowledged. A connection that takes the
// session up again only sets the place back from which messages are written.

import type { Frame } from "./codec.ts";

/** *Integers from 1 to 2^53−1*: what every language counts exactly. The last one is never given. */
export const LAST_SEQ: number = Number.MAX_SAFE_INTEGER;

/** *Each side acknowledges when 64 messages,* */
const ACK_MESSAGES = 64;
/** *or 64 KiB,* */
const ACK_BYTES = 65_536;
/** *and at the latest 1 s after the first of them.* */
const ACK_DELAY_MS = 1_000;

/** What a received number means: to be taken, to be dropped, or that a message is missing. */
export type Receipt = "new" | "repeated" | "gap";

/** A message that is kept. `tag` is whatever its sender wants to find again. */
export interface Kept<Tag> {
  readonly seq: number;
  readonly body: Frame;
  readonly bytes: number;
  readonly tag: Tag;
}

/** One side of a session's tracked messages, over all of its connections. */
export class Replay<Tag> {
  /** Bytes that are kept at most; an empty buffer takes any one message. */
  private readonly bound: number;
  /** Exactly the messages above `acked`, without gaps; those before `head` are acknowledged. */
  private kept: Kept<Tag>[] = [];
  private head = 0;
  private bytesKept = 0;
  private acked_: number;
  /** The last one that the current connection was given to write. */
  private written: number;
  /** The last one that any connection was given: what the other end may have received at most. */
  private sent_: number;
  private received_ = 0;
  /** The last one that the other end was told of, the bytes since, and when the first came. */
  private told = 0;
  private untoldBytes = 0;
  private untoldSince = Number.POSITIVE_INFINITY;
  private ackBytes = ACK_BYTES;

  /** Both numberings start at 1; tests let this side's start later. */
  constructor(bound: number, first = 1) {
    this.bound = bound;
    this.acked_ = first - 1;
    this.written = first - 1;
    this.sent_ = first - 1;
  }

  /** The other end keeps so many bytes: it is told at a quarter of them, so that it never stands
   * still for want of an ack. */
  peerKeeps(bytes: number): void {
    this.ackBytes = Math.min(ACK_BYTES, bytes / 4);
  }

  /** Whether there is room for a message of that size. *An empty buffer takes any one message.* */
  fits(bytes: number): boolean {
    return this.head === this.kept.length || this.bytesKept + bytes <= this.bound;
  }

  /** Numbers and keeps a message, room or not: who could wait has asked `fits`. Undefined when the
   * numbers are used up. */
  push(body: Frame, bytes: number, tag: Tag): number | undefined {
    const seq = this.numbered + 1;
    if (seq >= LAST_SEQ) return undefined;
    this.kept.push({ seq, body, bytes, tag });
    this.bytesKept += bytes;
    return seq;
  }

  /** What the current connection is to write next. *Tracked messages leave in the order of `seq`.* */
  next(): Kept<Tag> | undefined {
    const kept = this.kept[this.head + this.written - this.acked_];
    if (!kept) return undefined;
    this.written = kept.seq;
    this.sent_ = Math.max(this.sent_, kept.seq);
    return kept;
  }

  /** Whether the current connection has something to write. */
  get isPending(): boolean {
    return this.written < this.numbered;
  }

  /** Notes a number that arrived. *The receiver checks `seq` before the content.* */
  receive(seq: number, bytes: number, now: number): Receipt {
    if (seq <= this.received_) return "repeated";
    if (seq > this.received_ + 1) return "gap";
    this.received_ = seq;
    this.untoldBytes += bytes;
    this.untoldSince = Math.min(this.untoldSince, now);
    return "new";
  }

  /** The message that arrived last was not taken: *the resume brings it again.* */
  notTaken(): void {
    this.received_ = Math.max(this.received_ - 1, this.told);
    if (this.received_ === this.told) this.noteTold();
  }

  /** The other end has received everything up to `seq`. False when that cannot be; a lower one than
   * before is ignored. */
  acked(seq: number): boolean {
    if (seq > this.sent_) return false;
    this.forget(seq);
    return true;
  }

  /** The number to acknowledge now, if that is due; it counts as told. */
  takeAck(now: number): number | undefined {
    if (now < this.ackAt()) return undefined;
    this.noteTold();
    return this.received_;
  }

  /** When an ack is due, as things are. *Never when nothing is new.* */
  ackAt(): number {
    const isMuch = this.received_ - this.told >= ACK_MESSAGES || this.untoldBytes >= this.ackBytes;
    return this.untoldSince + (isMuch ? 0 : ACK_DELAY_MS);
  }

  /** A connection takes the session up again, and the other end has told how far it had received:
   * what comes after that is written again. False, and nothing changes, when that cannot be. */
  resume(peerReceived: number): boolean {
    if (peerReceived < this.acked_ || peerReceived > this.sent_) return false;
    this.forget(peerReceived);
    this.written = peerReceived;
    this.noteTold();
    return true;
  }

  /** All that is not acknowledged, in order. */
  unacknowledged(): readonly Kept<Tag>[] {
    return this.kept.slice(this.head);
  }

  /** The last number that arrived. */
  get received(): number {
    return this.received_;
  }

  /** The last number that the other end is known to have received. */
  get peerReceived(): number {
    return this.acked_;
  }

  /** The last number given to a message. */
  get numbered(): number {
    return this.acked_ + this.kept.length - this.head;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.bytesKept;
  }

  private forget(upTo: number): void {
    let kept = this.kept[this.head];
    while (kept && kept.seq <= upTo) {
      this.acked_ = kept.seq;
      this.bytesKept -= kept.bytes;
      this.head += 1;
      kept = this.kept[this.head];
    }
    this.written = Math.max(this.written, this.acked_);
    // Each message is moved at most once for every one that went, and what went is not held on to.
    if (this.head * 2 >= this.kept.length) {
      this.kept = this.kept.slice(this.head);
      this.head = 0;
    }
  }

  private noteTold(): void {
    this.told = this.received_;
    this.untoldBytes = 0;
    this.untoldSince = Number.POSITIVE_INFINITY;
  }
}
