// What an open connection brings: every message goes to whom it concerns. Pure, like the session that it
// is a part of.

import type { Answering } from "./answering.ts";
import type { Authentication } from "./authentication.ts";
import type { Entry } from "./calls.ts";
import { CloseCode } from "./disconnect.ts";
import { InvalidRequestError, ParseError, toError, wireError } from "./errors.ts";
import { BATCH_REFUSED, FLOODED, NO_ACK, NO_BATCHES, UNREADABLE } from "./faults.ts";
import type { LostReason } from "./hello.ts";
import type { Arrival, ArrivedMessage } from "./inbox.ts";
import type { Message, WireError } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Emit } from "./output.ts";
import type { RoomWatch } from "./room.ts";

/** The parts of a session that hear of messages. */
export interface Parts<Owner> {
  readonly outbox: Outbox<Entry<Owner>>;
  readonly outgoing: Outgoing<Owner>;
  readonly answering: Answering<Owner>;
  readonly authentication: Authentication;
  readonly room: RoomWatch;
  readonly emit: Emit<Owner>;
}

/** What the session itself knows and does. */
export interface Link {
  /** Whether everything is written. */
  isLive(): boolean;
  /** Whether the client is at its end. */
  isFinal(): boolean;
  /** `rpc.close` arrived. */
  closing(params: unknown, now: number): void;
  /** Ends the connection. */
  drop(code: number, reason?: string): void;
  /** Ends the session, and its connection. */
  lose(reason: LostReason, code: number): void;
}

/** The reader of one client. */
export class Reading<Owner> {
  private readonly isPlain: boolean;
  private readonly parts: Parts<Owner>;
  private readonly link: Link;

  constructor(isPlain: boolean, parts: Parts<Owner>, link: Link) {
    this.isPlain = isPlain;
    this.parts = parts;
    this.link = link;
  }

  /** Something arrived. */
  arrived(arrival: Arrival, now: number): void {
    switch (arrival.type) {
      case "message":
        this.dispatch(arrival, now);
        return;
      case "gap":
        if (arrival.cause) this.ignored(UNREADABLE, arrival.cause);
        this.link.lose("sequence", CloseCode.sequenceBroken);
        return;
      case "unreadable":
        this.complain(wireError(ParseError, UNREADABLE), arrival.cause);
        return;
      case "batch":
        this.ignored(NO_BATCHES);
        // *Batches and their answers are not numbered.*
        if (!this.isPlain) this.parts.outbox.sendUntracked(BATCH_REFUSED);
    }
  }

  /** A message goes to whom it concerns. */
  dispatch({ message, bytes, isTracked }: ArrivedMessage, now: number): void {
    const { answering, outbox } = this.parts;
    const isFinal = this.link.isFinal();
    switch (message.type) {
      case "result":
      case "error":
        this.answered(message, now);
        return;
      case "notification":
        if (message.method.startsWith("rpc.")) this.notified(message.method, message.params, now);
        else if (!isFinal && !answering.hear(message, bytes)) this.flooded(isTracked);
        return;
      case "call":
        // One that was counted as received must be run: its answer goes out on the next connection.
        if (isFinal || !(this.link.isLive() || outbox.replay)) return;
        answering.serve(message, bytes, now);
        return;
      case "invalid":
        this.complain(wireError(InvalidRequestError, message.what));
    }
  }

  /** *A notification that finds no room is not taken: the connection is closed 4013, and in a session the
   * resume brings it again.* */
  private flooded(isTracked: boolean): void {
    if (isTracked) this.parts.outbox.replay?.notTaken();
    this.link.drop(CloseCode.tooSlow, FLOODED);
  }

  private answered(message: Message & { type: "result" | "error" }, now: number): void {
    if (this.parts.authentication.answered(message, now)) return;
    // What the server could not read has no id: its caller waits, and somebody has to know why.
    if (message.type === "error" && message.id === null) this.fault(toError(message.error));
    this.parts.outgoing.answered(message.id, message);
  }

  private notified(method: string, params: unknown, now: number): void {
    const { answering, outbox, outgoing } = this.parts;
    switch (method) {
      case "rpc.ping":
        outbox.sendUntracked({ method: "rpc.pong" });
        return;
      case "rpc.pong":
        outbox.pings.heard();
        return;
      case "rpc.ack":
        this.acknowledged(params);
        return;
      case "rpc.close":
        this.link.closing(params, now);
        return;
      case "rpc.cancel":
        answering.cancelled(params);
        return;
      default:
        outgoing.transfers.notified(method, params);
    }
  }

  /** *An ack above what was sent closes 4050 and ends the session.* *One whose `seq` is none closes 1002.* */
  private acknowledged(params: unknown): void {
    const isPossible = this.parts.outbox.acknowledged(params);
    if (isPossible) this.parts.room.reset();
    else if (isPossible === undefined) this.link.drop(CloseCode.protocolFault, NO_ACK);
    else this.link.lose("sequence", CloseCode.sequenceBroken);
  }

  /** Says what is wrong, with id null, as JSON-RPC wants it; a plain peer's server expects no answers. */
  private complain(error: WireError, cause?: unknown): void {
    this.ignored(error.message, cause);
    if (!this.isPlain) this.parts.answering.respondAtOnce(null, { error });
  }

  private ignored(what: string, cause?: unknown): void {
    this.fault(new TypeError(`ignored what the server sent: ${what}`, { cause }));
  }

  private fault(error: unknown): void {
    this.parts.emit({ type: "fault", error });
  }
}
