// The session as the server knows it: what takes it up again, and how it is known to be lost.

import { CloseCode, type Disconnect } from "./disconnect.ts";
import type { Hello, LostReason, ResumeRequest } from "./hello.ts";
import type { Replay } from "./replay.ts";

/** A session that is lost. */
export interface Lost {
  readonly reason: LostReason;
  /** The last message that the server received in it, where anybody knows. */
  readonly received: number | undefined;
  /** Whether calls may go on into the next one. */
  readonly carries: boolean;
  /** What those calls are told that do not. */
  readonly end: Disconnect;
}

/** *After three resumes in a row … it says hello without `resume` and reports `stalled`.* */
const MAX_STALLS = 3;

const WHY: Readonly<Record<LostReason, string>> = {
  expired: "it was away for longer than the server keeps it",
  overflow: "more was to be kept for it than has room",
  unknown: "the server does not know it any more (was it restarted?)",
  sequence: "its numbers broke",
  stalled: "it made no progress over several connections",
  denied: "it belongs to somebody else",
};

const ANOTHER_USER = "the connection came back with another user";

/** What of a replay buffer is looked at here. */
type Numbers = Pick<Replay<unknown>, "received" | "peerReceived" | "numbered">;

/** The session of one client, from hello to hello. */
export class Resume {
  private session: Hello | undefined;
  private attempt = 0;
  private isAsked = false;
  /** Why this side does not want the session any more. */
  private broken: LostReason | undefined;
  /** What `rpc.close` said of the end: the last message that the server received. */
  private told: number | undefined;
  /** Resumes in a row that brought nothing forward, and where the last one found both sides. */
  private stalls = 0;
  private place: { readonly received: number; readonly peerReceived: number } | undefined;

  /** Whether there is a session that the next hello asks for. */
  get isHeld(): boolean {
    return this.session?.secret !== undefined && this.broken === undefined;
  }

  /** What the next hello shows; undefined for a fresh session. */
  ask(replay: Numbers | undefined): ResumeRequest | undefined {
    if (replay && this.stalls >= MAX_STALLS && !this.hasMoved(replay)) this.giveUp("stalled");
    this.isAsked = this.isHeld;
    const { session, secret } = this.session ?? {};
    if (!this.isAsked || session === undefined || secret === undefined || !replay) return undefined;
    this.attempt += 1;
    return { session, secret, attempt: this.attempt, received: replay.received };
  }

  /** The session is over for this side: the next hello does not ask for it. */
  giveUp(reason: LostReason): void {
    if (this.session) this.broken ??= reason;
  }

  /** `rpc.close` says how far the server had received. */
  closed(received: number | undefined): void {
    this.told = received ?? this.told;
  }

  /** Whether an answer takes the session up again, as it was asked to. */
  isTakenUp(hello: Hello): boolean {
    return hello.resumed && this.isAsked;
  }

  /** It was taken up again: counts when nothing had come of the last time, and there is something to
   * send again *on either side*. */
  resumed(hello: Hello, replay: Numbers): void {
    this.told = undefined;
    if (this.hasMoved(replay)) this.stalls = 0;
    this.place = { received: replay.received, peerReceived: replay.peerReceived };
    const isRepeated = replay.numbered > replay.peerReceived || hello.sent > replay.received;
    if (isRepeated) this.stalls += 1;
  }

  /** A fresh session is open; tells of the one that was lost, once. */
  opened(hello: Hello): Lost | undefined {
    const before = this.session;
    const reason = this.broken ?? hello.reason ?? "unknown";
    const received = hello.endedReceived ?? this.told;
    this.session = hello;
    this.attempt = 0;
    this.stalls = 0;
    this.broken = undefined;
    this.told = undefined;
    this.place = undefined;
    if (!before) return undefined;
    const carries = reason !== "denied" && before.user === hello.user;
    const why = carries ? `the session is lost: ${WHY[reason]}` : ANOTHER_USER;
    const end = { code: CloseCode.abnormal, reason: why, comeBack: true, lost: reason };
    return { reason, received, carries, end };
  }

  /** An ack, or a message, since the last resume is progress, too. */
  private hasMoved({ received, peerReceived }: Numbers): boolean {
    return received !== this.place?.received || peerReceived !== this.place.peerReceived;
  }
}
