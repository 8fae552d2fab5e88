// The way onto the wire of all that this side sends. Tracked messages enter the session's replay
// buffer, the one place where numbers are given; untracked ones overtake. A plain peer has no session:
// its messages are written at once.

import { byteLength, type Codec, type Frame } from "./codec.ts";
import type { Hello } from "./hello.ts";
import { isRecord, type Meta, membersOf } from "./message.ts";
import type { Takes } from "./phase.ts";
import { Pings } from "./pings.ts";
import { Replay } from "./replay.ts";

/** What the way out is told once. */
export interface OutboxSettings {
  readonly codec: Codec;
  readonly plain: boolean;
  /** Bytes that are kept for the server at most, until it acknowledges them. */
  readonly bufferBytes: number;
  /** The first number that is given; tests let it be a later one than 1. */
  readonly firstSeq?: number;
}

/** An encoded message without its number. */
export interface Body {
  readonly frame: Frame;
  readonly bytes: number;
}

/** What a number may add to a message: `,"seq":9007199254740991`. */
const SEAL_BYTES = 23;
/** *What the reader itself must answer enters without waiting, above the bound by at most 1 MiB.* */
const EXCESS_BYTES = 1_048_576;

/** The way out. `Tag` is told of when its message is written for the first time. */
export class Outbox<Tag> {
  /** The session's tracked messages; undefined for plain peers, and before the first hello. */
  replay: Replay<Tag | undefined> | undefined;
  /** What the present connection takes. */
  takes: Takes = "nothing";
  /** The last number that the application, and not the protocol alone, has an interest in. */
  wanted = 0;
  readonly pings: Pings = new Pings();
  /** The numbers are used up, or the peer lets pile up what the reader has to answer. */
  private fault: "exhausted" | "overfull" | undefined;
  /** Something was refused for want of room; since then it waits. */
  private isWaited = false;
  private readonly settings: OutboxSettings;
  private readonly write: (frame: Frame) => void;
  private readonly wrote: (tag: Tag) => void;
  private maxMessageBytes = Number.POSITIVE_INFINITY;
  private firstSeq: number;

  constructor(settings: OutboxSettings, write: (frame: Frame) => void, wrote: (tag: Tag) => void) {
    this.settings = settings;
    this.write = write;
    this.wrote = wrote;
    this.firstSeq = settings.firstSeq ?? 1;
  }

  /** Hello was answered: its limits bind. */
  limit(hello: Hello): void {
    this.maxMessageBytes = hello.maxMessageBytes;
    this.replay?.peerKeeps(hello.bufferBytes);
    this.pings.startOver();
  }

  /** A fresh session: both numberings start at 1. */
  startOver(): void {
    this.fault = undefined;
    this.isWaited = false;
    this.wanted = 0;
    if (this.settings.plain) return;
    this.replay = new Replay(this.settings.bufferBytes, this.firstSeq);
    this.firstSeq = 1;
  }

  /** Encodes params, once: what their owner does to them later changes nothing. */
  encodeParams(params: unknown): Frame | undefined {
    return params === undefined ? undefined : this.settings.codec.encodeMember(params);
  }

  /** `meta` as it goes out, in a copy for the same reason: what is left of the time limit joins it later. */
  copyMeta(meta: Meta | undefined): Meta | undefined {
    if (meta === undefined) return undefined;
    const { codec } = this.settings;
    const copy = codec.decode(codec.encode(meta));
    return isRecord(copy) ? copy : undefined;
  }

  /** Encodes a message; undefined when it is larger than the server takes. *The size is checked before
   * the number is given.* */
  encode(message: Readonly<Record<string, unknown>>, params?: Frame): Body | undefined {
    const body = this.encodeAny(message, params);
    return body.bytes + SEAL_BYTES > this.maxMessageBytes ? undefined : body;
  }

  /** Encodes a message of whatever size. */
  encodeAny(message: Readonly<Record<string, unknown>>, params?: Frame): Body {
    const { codec } = this.settings;
    const envelope = codec.encode({ jsonrpc: "2.0", ...message });
    const frame = params === undefined ? envelope : codec.append(envelope, "params", params);
    return { frame, bytes: byteLength(frame) };
  }

  /** Whether a message may enter. *New calls, notifications, answers and items wait at their source.* */
  fits(bytes: number): boolean {
    const fits = !this.replay || this.replay.fits(bytes);
    if (!fits) this.isWaited = true;
    return fits;
  }

  /** Whether somebody waits for room. It is forgotten, and found again when room is asked for. */
  takeIsWaited(): boolean {
    const isWaited = this.isWaited;
    this.isWaited = false;
    return isWaited;
  }

  /** What went wrong since the last time; then it is forgotten. */
  takeFault(): "exhausted" | "overfull" | undefined {
    const { fault } = this;
    this.fault = undefined;
    return fault;
  }

  /** A tracked message of the application enters. Undefined when there is no number left for it; a
   * plain peer's is 0. */
  push(body: Body, tag?: Tag): number | undefined {
    const seq = this.number(body, tag);
    this.wanted = seq ?? this.wanted;
    return seq;
  }

  /** A tracked message that cannot wait enters, room or not. */
  pushAtOnce(message: Readonly<Record<string, unknown>>): void {
    if (!this.replay && this.takes !== "all") return;
    const body = this.encode(message);
    if (!body) return;
    this.number(body);
    if (this.replay && this.replay.bytes > this.settings.bufferBytes + EXCESS_BYTES) {
      this.fault ??= "overfull";
    }
  }

  /** An untracked message leaves at once, or, where nothing can be written, not at all. */
  sendUntracked(message: Readonly<Record<string, unknown>>): void {
    const body = this.takes === "nothing" ? undefined : this.encode(message);
    if (body) this.write(body.frame);
  }

  /** Asks the other side for a sign of life. */
  ping(): void {
    if (this.takes === "nothing") return;
    this.pings.wrote();
    this.sendUntracked({ method: "rpc.ping" });
  }

  /** Whether the answer to a last ping shows that the server has received all that was written before. That
   * ping is written when all the rest is. */
  prove(): boolean {
    if (!this.isPending && this.pings.beginLast()) this.ping();
    return this.pings.isLastAnswered;
  }

  /** Whether there is something for the present connection. */
  get isPending(): boolean {
    return this.takes === "all" && this.replay?.isPending === true;
  }

  /** Writes what the present connection has not been given yet. */
  flush(): void {
    while (this.isPending) {
      const kept = this.replay?.next();
      if (!kept) return;
      this.write(this.settings.codec.seal(kept.body, kept.seq));
      if (kept.tag !== undefined) this.wrote(kept.tag);
    }
  }

  /** Acknowledges what was received, when that is due. */
  acknowledge(now: number): void {
    if (this.takes !== "all") return;
    const seq = this.replay?.takeAck(now);
    if (seq !== undefined) this.sendUntracked({ method: "rpc.ack", params: { seq } });
  }

  /** The server has received what it says. False when that cannot be, undefined when it says nothing. */
  acknowledged(params: unknown): boolean | undefined {
    if (!this.replay) return true;
    const { seq } = membersOf(params);
    // Also one that is rounded is above what was sent, and not none.
    const isNumber = typeof seq === "number" && Number.isInteger(seq) && seq >= 0;
    return isNumber ? this.replay.acked(seq) : undefined;
  }

  /** When `acknowledge` has something to do. */
  ackAt(): number {
    return (this.takes === "all" ? this.replay?.ackAt() : undefined) ?? Number.POSITIVE_INFINITY;
  }

  /** *The number is given in one place, where the message enters the session, connected or not.* */
  private number({ frame, bytes }: Body, tag?: Tag): number | undefined {
    if (this.replay) {
      const seq = this.replay.push(frame, bytes, tag);
      if (seq === undefined) this.fault = "exhausted";
      return seq;
    }
    if (this.takes !== "all") return 0;
    this.write(frame);
    if (tag !== undefined) this.wrote(tag);
    return 0;
  }
}
