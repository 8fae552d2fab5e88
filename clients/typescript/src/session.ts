// The session: what the protocol says on a connection, and over all of them, as a pure state machine.
// Inputs are methods, given the time; outputs are taken with `take`. It does no I/O, has no clock and
// starts no timer: its owner connects, writes, runs handlers, and calls `tick` at `wakeAt`.

import { Answering } from "./answering.ts";
import { Authentication } from "./authentication.ts";
import type { Entry, Request } from "./calls.ts";
import type { Codec, Frame } from "./codec.ts";
import { CloseCode, type Disconnect } from "./disconnect.ts";
import { Ending } from "./ending.ts";
import { CancelledError, MethodNotFoundError, wireError } from "./errors.ts";
import { NO_ANSWER, NO_HELLO } from "./faults.ts";
import { Heartbeat, type HeartbeatSettings } from "./heartbeat.ts";
import {
  type Hello,
  type HelloRequest,
  helloParams,
  isControl,
  type LostReason,
  PLAIN_HELLO,
  readHello,
} from "./hello.ts";
import { type Arrival, arrive } from "./inbox.ts";
import type { WireError } from "./message.ts";
import { Outbox, type OutboxSettings } from "./outbox.ts";
import { Outgoing, type OutgoingSettings } from "./outgoing.ts";
import type { Output } from "./output.ts";
import { isDeaf, isLive, isStarting, type Phase, takes } from "./phase.ts";
import { Reading } from "./reading.ts";
import { Resume } from "./resume.ts";
import { RoomWatch } from "./room.ts";
import type { Answer, Served } from "./served.ts";

/** What a session is told once. */
export interface SessionSettings extends OutgoingSettings, OutboxSettings {
  readonly codec: Codec;
  /** Bytes that a message to this side may have, as hello tells. */
  readonly maxMessageBytes: number;
  readonly heartbeat: HeartbeatSettings;
}

const HELLO_ID = 0;
/** How long the server has to close after it refused the hello, before this side does. */
const REFUSAL_MS = 1_000;
/** *A client that its application closes waits, for at most 3 s, until what it wrote is acknowledged.* */
const LEAVING_MS = 3_000;

/** The state machine of one client, over all its connections. `Owner` is whoever awaits a call. */
export class Session<Owner> {
  private readonly settings: SessionSettings;
  private readonly outbox: Outbox<Entry<Owner>>;
  private readonly outgoing: Outgoing<Owner>;
  private readonly answering: Answering<Owner>;
  readonly authentication: Authentication;
  private readonly heartbeat: Heartbeat;
  private readonly resume: Resume = new Resume();
  private outputs: Output<Owner>[] = [];
  private phase: Phase = "away";
  private readonly ending: Ending = new Ending();
  private readonly room: RoomWatch;
  private readonly reading: Reading<Owner>;
  private final: Disconnect | undefined;
  /** By then the connection must be open, or over, as the phase says. */
  private due = Number.POSITIVE_INFINITY;
  /** Whether a call was written since the heartbeat was told. */
  private hasAsked = false;

  /** `isHandled` says which calls and notifications a handler takes. */
  constructor(settings: SessionSettings, isHandled: (method: string) => boolean = () => false) {
    this.settings = settings;
    const emit = (output: Output<Owner>) => void this.outputs.push(output);
    const wrote = (entry: Entry<Owner>) => {
      this.hasAsked ||= entry.kind !== "notification";
      this.outgoing.wrote(entry);
    };
    this.outbox = new Outbox(settings, (frame) => emit({ type: "write", frame }), wrote);
    this.outgoing = new Outgoing(settings, this.outbox, emit);
    this.answering = new Answering(this.outbox, emit, isHandled);
    this.authentication = new Authentication(emit);
    this.heartbeat = new Heartbeat(settings.heartbeat);
    this.room = new RoomWatch(settings.heartbeat.timeoutMs);
    const { outbox, outgoing, answering, authentication, room } = this;
    const parts = { outbox, outgoing, answering, authentication, room, emit };
    this.reading = new Reading(settings.plain, parts, {
      isLive: () => this.isLive,
      isFinal: () => this.final !== undefined,
      closing: (params, now) => this.closing(params, now),
      drop: (code, reason) => this.drop(code, reason),
      lose: (reason, code) => this.lose(reason, code),
    });
  }

  /** The error that hello was answered with on this connection. */
  get refusal(): WireError | undefined {
    return this.ending.refusal;
  }

  /** Takes the outputs so far, in their order. */
  take(): Output<Owner>[] {
    const outputs = this.outputs;
    if (outputs.length > 0) this.outputs = [];
    return outputs;
  }

  /** When `tick` has something to do; infinite for never. */
  wakeAt(): number {
    return Math.min(
      this.due,
      this.heartbeat.wakeAt(),
      this.outgoing.wakeAt(),
      this.answering.wakeAt(),
      this.authentication.wakeAt(),
      this.outbox.ackAt(),
      this.room.endsAt(),
    );
  }

  /** An attempt begins. Connecting, token and hello's answer share one limit. */
  connecting(limitMs: number, now: number): void {
    this.enter("connecting");
    this.ending.startOver();
    this.due = now + limitMs;
  }

  /** The connection stands. Nothing but hello is written until its answer is there. */
  connected(hello: HelloRequest, now: number): void {
    if (this.settings.plain) {
      this.open(PLAIN_HELLO, now);
      this.flush(now);
      return;
    }
    this.enter("greeting");
    const params = helloParams(hello, this.settings, this.resume.ask(this.outbox.replay));
    this.outbox.sendUntracked({ id: HELLO_ID, method: "rpc.hello", params });
  }

  /** The connection takes no more, though it has not been reported lost yet. */
  hold(): void {
    if (this.phase === "open" || this.phase === "draining") this.enter("closing");
  }

  /** A frame arrived. Never throws, whatever it holds. */
  received(frame: Frame, now: number): void {
    if (isDeaf(this.phase)) return;
    this.heartbeat.heard(now);
    const replay = this.phase === "greeting" ? undefined : this.outbox.replay;
    const arrival = arrive(frame, this.settings, replay, now);
    if (arrival.type === "fault") this.drop(arrival.code, arrival.reason);
    else if (this.phase === "greeting") this.greeted(arrival, now);
    else this.reading.arrived(arrival, now);
    this.flush(now);
  }

  /** The connection is over. In a session that can be resumed nothing is decided by that. */
  disconnected(code: number, reason: string): Disconnect {
    const end = this.ending.judge(code, reason);
    this.enter(this.final ? "ended" : "away");
    this.still();
    if (end.code === CloseCode.sequenceBroken) this.resume.giveUp("sequence");
    if (this.settings.plain) {
      this.outgoing.carry(undefined, end);
      this.answering.clear(wireError(CancelledError, "the connection is lost"));
    }
    return end;
  }

  /** The end: every call that is left, and every later one, fails. */
  end(end: Disconnect): void {
    this.disconnected(end.code, end.reason);
    this.finish(end);
    this.enter("ended");
  }

  /** The application closes. Everything ends as with `end`, but a connection that is open: that is
   * dropped with 1000, when the server has all that was written. True when there is one. */
  close(end: Disconnect, now: number): boolean {
    this.flush(now);
    if (!this.isLive) {
      this.end(end);
      return false;
    }
    this.enter("leaving");
    this.due = now + LEAVING_MS;
    this.finish(end);
    this.flush(now);
    return true;
  }

  /** Makes a call, or sends a notification, whose outcome comes when it is written. The id is for
   * `cancel` and the like. */
  send(request: Request, isCall: boolean, owner: Owner, now: number): number {
    const id = this.outgoing.add(request, isCall, owner, this.phase === "open", now);
    if (this.final) this.outgoing.clear(undefined, this.final);
    this.flush(now);
    return id;
  }

  /** Ends a call at once. */
  cancel(id: number, now: number): void {
    this.outgoing.cancel(id);
    this.flush(now);
  }

  /** The consumer of a stream took items. */
  took(id: number, items: number, now: number): void {
    this.outgoing.transfers.take(id, items);
    this.flush(now);
  }

  /** The producer of an upload has an item. False when it has to wait: `room` tells when to offer it
   * again. Throws what the encoder throws. */
  push(id: number, item: unknown, now: number): boolean {
    const isPushed = this.outgoing.transfers.push(id, item);
    this.flush(now);
    return isPushed;
  }

  /** The producer of an upload has no more items. */
  endUpload(id: number, now: number): void {
    this.outgoing.endUpload(id);
    this.flush(now);
  }

  /** A handler has ended. Its answer goes out unless a cancel or the time limit was first. */
  answer(call: Served, answer: Answer, now: number): void {
    this.answering.answer(call, answer);
    this.flush(now);
  }

  /** New credentials, asked for by `expiring`. A client that leaves gives them too: a server that
   * closed 4010 meanwhile would keep the session. */
  authenticate(token: string, now: number): void {
    if (!this.isLive) return;
    const id = this.outgoing.newId();
    this.authentication.sent(id);
    this.outbox.sendUntracked({ id, method: "rpc.auth", params: { token } });
    this.flush(now);
  }

  /** The network, or the page, is back: does what is due, and looks whether the connection lives. */
  wake(now: number): void {
    this.tick(now);
    if (this.isLive && this.heartbeat.probe(now)) this.outbox.ping();
  }

  /** Does what is due. */
  tick(now: number): void {
    if (now >= this.due) {
      if (this.phase === "leaving") this.drop(CloseCode.normal);
      else this.drop(CloseCode.abnormal, "no answer within the time limit");
      return;
    }
    this.outgoing.expire(now);
    this.answering.expire(now);
    this.authentication.tick(now);
    const beat = this.heartbeat.tick(now);
    if (beat === "drop") {
      this.drop(CloseCode.heartbeatTimeout);
      return;
    }
    if (beat === "ping") this.outbox.ping();
    this.flush(now);
  }

  /** After every input: lets in what may enter, and writes and acknowledges what is due. */
  private flush(now: number): void {
    const isOpen = this.phase === "open";
    const mayStart = this.outbox.replay ? isStarting(this.phase) : isOpen;
    this.outgoing.flush(this.answering.flush() && mayStart, now);
    this.room.look(this.outbox.takeIsWaited() && this.isLive, now);
    if (now >= this.room.endsAt()) this.lose("overflow", CloseCode.tooSlow);
    const fault = this.outbox.takeFault();
    if (fault === "exhausted") this.lose("sequence", CloseCode.sequenceBroken);
    else if (fault && this.isLive) this.drop(CloseCode.tooSlow, "too much to answer");
    // *Before it writes, a client that has heard nothing for so long drops the connection instead.*
    if (this.outbox.isPending && this.heartbeat.isDead(now)) this.drop(CloseCode.heartbeatTimeout);
    // *Only untracked messages overtake*: the server makes room by an ack, so that goes first.
    this.outbox.acknowledge(now);
    this.outbox.flush();
    if (this.hasAsked) this.heartbeat.asked(now);
    this.hasAsked = false;
    if (this.phase === "leaving" && this.outgoing.isConfirmed()) this.drop(CloseCode.normal);
  }

  /** Until hello's answer only `rpc.close` and `rpc.ping` may come. */
  private greeted(arrival: Arrival, now: number): void {
    const arrived = arrival.type === "message" ? arrival : undefined;
    const message = arrived?.message;
    if (message?.type === "result" && message.id === HELLO_ID) {
      const hello = readHello(message.result);
      if (hello) this.open(hello, now);
      else this.drop(CloseCode.protocolFault, NO_ANSWER);
    } else if (message?.type === "error" && message.id === HELLO_ID) {
      this.refused(message.error, now);
    } else if (arrived && message?.type === "notification" && isControl(message.method)) {
      this.reading.dispatch(arrived, now);
    } else this.drop(CloseCode.protocolFault, NO_ANSWER);
  }

  /** The server explains the refusal by its close, so that is waited for. */
  private refused(error: WireError, now: number): void {
    if (error.code === MethodNotFoundError.code) {
      this.drop(CloseCode.protocolFault, NO_HELLO);
      return;
    }
    this.enter("refused");
    this.ending.refusal = error;
    this.due = Math.min(this.due, now + REFUSAL_MS);
  }

  private open(hello: Hello, now: number): void {
    const { replay } = this.outbox;
    const resumed = replay !== undefined && this.resume.isTakenUp(hello);
    if (resumed && !replay.resume(hello.received)) {
      this.lose("sequence", CloseCode.sequenceBroken);
      return;
    }
    this.enter("open");
    this.due = Number.POSITIVE_INFINITY;
    this.heartbeat.opened(hello.pingMs, now);
    this.authentication.opened(hello.authExpiresInMs, now);
    this.outgoing.limit(hello);
    if (resumed) {
      this.resume.resumed(hello, replay);
      this.outputs.push({ type: "opened", hello, resumed, reason: undefined });
    } else this.startOver(hello);
    this.outbox.limit(hello);
  }

  /** A fresh session: the verdict on the calls of the one before it, where there was one. */
  private startOver(hello: Hello): void {
    const lost = this.resume.opened(hello);
    const reason = this.settings.plain ? undefined : lost?.reason;
    this.outputs.push({ type: "opened", hello, resumed: false, reason });
    if (lost) {
      if (lost.carries) this.outgoing.carry(lost.received, lost.end);
      else this.outgoing.clear(lost.received, lost.end);
      this.answering.clear(wireError(CancelledError, "the session is lost"));
    }
    this.outgoing.confirmed = 0;
    this.outbox.startOver();
  }

  /** The server says how this connection will end, and in drain from when on nothing new is taken. */
  private closing(params: unknown, now: number): void {
    const close = this.ending.announce(params);
    if (!close) {
      const error = new TypeError("rpc.close came without a code");
      this.outputs.push({ type: "fault", error });
      return;
    }
    this.resume.closed(close.received);
    this.due = Math.min(this.due, now + (close.inMs ?? 0) + this.settings.heartbeat.graceMs);
    const isDrain = close.inMs !== undefined && ["open", "draining"].includes(this.phase);
    if (isDrain) this.enter("draining");
    // A client that leaves is there until its own time is over, or the server says that now is the end.
    else if (close.inMs === undefined || this.phase !== "leaving") this.enter("closing");
  }

  private get isLive(): boolean {
    return isLive(this.phase);
  }

  private enter(phase: Phase): void {
    this.phase = phase;
    this.outbox.takes = takes(phase);
  }

  private finish(end: Disconnect): void {
    this.final ??= end;
    this.answering.clear(wireError(CancelledError, "the client is closed"));
    this.outgoing.clear(undefined, end);
  }

  /** The session is lost, as this side sees: the next hello does not ask for it. */
  private lose(reason: LostReason, code: number): void {
    this.resume.giveUp(reason);
    if (this.isLive || this.phase === "greeting") this.drop(code);
  }

  /** Nothing of this connection is waited for any more. */
  private still(): void {
    this.due = Number.POSITIVE_INFINITY;
    this.room.reset();
    this.heartbeat.closed();
    this.authentication.closed();
  }

  private drop(code: number, reason = ""): void {
    this.enter("dropped");
    this.ending.drop(code, reason);
    this.still();
    this.outputs.push({ type: "drop", code, reason });
  }
}
