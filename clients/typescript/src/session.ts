// The session: what the protocol says on a connection, as a pure state machine. Inputs are methods,
// given the time; outputs are taken with `take`. It does no I/O, has no clock and starts no timer:
// its owner connects, writes, runs handlers, and calls `tick` at `wakeAt`.

import type { Request } from "./calls.ts";
import type { Frame } from "./codec.ts";
import { CloseCode, type Disconnect, disconnect, readClose } from "./disconnect.ts";
import {
  CancelledError,
  DeadlineExceededError,
  InternalError,
  InvalidRequestError,
  MethodNotFoundError,
  methodNotFound,
  ParseError,
  RateLimitedError,
  ResourceExhaustedError,
  TooLargeError,
  UnavailableError,
  wireError,
} from "./errors.ts";
import { Heartbeat, type HeartbeatSettings } from "./heartbeat.ts";
import { type HelloRequest, helloParams, PLAIN_HELLO, readHello } from "./hello.ts";
import { type Id, isRecord, type Message, readMessage, type WireError } from "./message.ts";
import { Outgoing, type OutgoingSettings } from "./outgoing.ts";
import type { Output } from "./output.ts";
import { type Answer, MAX_SERVED, type Served, ServedCalls } from "./served.ts";

/** What a session is told once. */
export interface SessionSettings extends OutgoingSettings {
  readonly heartbeat: HeartbeatSettings;
}

/**
 * Where the connection is. `refused`: hello was answered with an error, and the close is to come.
 * `draining`: nothing new is started. `closing`: nothing is written any more.
 */
type Phase =
  | "away"
  | "connecting"
  | "greeting"
  | "refused"
  | "open"
  | "draining"
  | "closing"
  | "ended";

const HELLO_ID = 0;
/** In these nothing is read: what still arrives is from a connection that is over. */
const DEAF: readonly Phase[] = ["away", "connecting", "ended"];
/** How long the server has to close after it refused the hello, before this side does. */
const REFUSAL_MS = 1_000;

/** The state machine of one client, over all its connections. `Owner` is whoever awaits a call. */
export class Session<Owner> {
  /** The error that hello was answered with on this connection. */
  refusal: WireError | undefined;
  private readonly settings: SessionSettings;
  private readonly outgoing: Outgoing<Owner>;
  private readonly served: ServedCalls = new ServedCalls();
  private readonly heartbeat: Heartbeat;
  private outputs: Output<Owner>[] = [];
  private phase: Phase = "away";
  /** What `rpc.close` told; it counts more than the WebSocket close code. */
  private verdict: Disconnect | undefined;
  private final: Disconnect | undefined;
  /** By then the connection must be open, or over, as the phase says. */
  private due = Number.POSITIVE_INFINITY;

  constructor(settings: SessionSettings) {
    this.settings = settings;
    this.outgoing = new Outgoing(settings, (output) => this.outputs.push(output));
    this.heartbeat = new Heartbeat(settings.heartbeat);
  }

  /** Takes the outputs so far, in their order. */
  take(): Output<Owner>[] {
    const outputs = this.outputs;
    if (outputs.length > 0) this.outputs = [];
    return outputs;
  }

  /** When `tick` has something to do; infinite for never. */
  wakeAt(): number {
    const calls = Math.min(this.outgoing.wakeAt(), this.served.wakeAt());
    return Math.min(this.due, this.heartbeat.wakeAt(), calls);
  }

  /** An attempt begins. Connecting, token and hello's answer share one limit. */
  connecting(limitMs: number, now: number): void {
    this.phase = "connecting";
    this.verdict = undefined;
    this.refusal = undefined;
    this.due = now + limitMs;
  }

  /** The connection stands. Nothing but hello is written until its answer is there. */
  connected(hello: HelloRequest, now: number): void {
    if (this.settings.plain) {
      this.open(PLAIN_HELLO, now);
      return;
    }
    this.phase = "greeting";
    this.write({ id: HELLO_ID, method: "rpc.hello", params: helloParams(hello) });
  }

  /** The connection takes no more, though it has not been reported lost yet. */
  hold(): void {
    if (this.phase === "open" || this.phase === "draining") this.phase = "closing";
  }

  /** A frame arrived. Never throws, whatever it holds. */
  received(frame: Frame, now: number): void {
    if (DEAF.includes(this.phase)) return;
    this.heartbeat.heard(now);
    if (!this.settings.codec.fits(frame)) {
      this.drop(CloseCode.wrongFrame, "a frame of the wrong type for the subprotocol");
      return;
    }
    let message: Message;
    try {
      message = readMessage(this.settings.codec.decode(frame));
    } catch (error) {
      this.invalid(wireError(ParseError, "the frame cannot be decoded"), error);
      return;
    }
    if (this.phase === "greeting") this.greeted(message, now);
    else this.dispatch(message, now);
  }

  /** The connection is over: decides the fate of every call and tells the verdict. */
  disconnected(code: number, reason: string): Disconnect {
    const end = this.verdict ?? this.refusedEnd(code) ?? disconnect(code, reason);
    this.phase = "away";
    this.due = Number.POSITIVE_INFINITY;
    this.heartbeat.closed();
    this.outgoing.disconnected(end);
    this.abort(this.served.clear(), wireError(CancelledError, "the connection is lost"));
    return end;
  }

  /** The end: every call that is left, and every later one, fails. */
  end(end: Disconnect): void {
    this.disconnected(end.code, end.reason);
    this.outgoing.clear(end);
    this.phase = "ended";
    this.final = end;
  }

  /** Makes a call, or sends a notification, whose outcome comes when it is written. The id is for
   * `cancel`. */
  send(request: Request, isCall: boolean, owner: Owner, now: number): number {
    const id = this.outgoing.add(request, isCall, owner, this.phase === "open", now);
    if (this.final) this.outgoing.clear(this.final);
    this.flush(now);
    return id;
  }

  /** Ends a call at once. */
  cancel(id: number, now: number): void {
    // A plain peer's server need not know the protocol's own notifications.
    if (this.outgoing.cancel(id) && !this.settings.plain) {
      this.write({ method: "rpc.cancel", params: { id } });
    }
    this.flush(now);
  }

  /** A handler has ended. Its answer goes out unless a cancel or the time limit was first. */
  answer(call: Served, answer: Answer): void {
    if (!this.served.finish(call)) return;
    try {
      this.respond(call.id, answer);
    } catch (error) {
      this.fault(error);
      const inside = wireError(InternalError, `the result of ${call.method} cannot be encoded`);
      this.respond(call.id, { error: inside });
    }
  }

  /** Does what is due. */
  tick(now: number): void {
    if (now >= this.due) {
      this.drop(CloseCode.abnormal, "no answer within the time limit");
      return;
    }
    this.outgoing.expire(now);
    const late = this.served.expire(now);
    const reason = wireError(DeadlineExceededError, "the time limit of the call is over");
    this.abort(late, reason);
    for (const call of late) this.respond(call.id, { error: reason });
    const beat = this.heartbeat.tick(now);
    if (beat === "drop") {
      this.drop(CloseCode.heartbeatTimeout);
      return;
    }
    if (beat === "ping") this.write({ method: "rpc.ping" });
    this.flush(now);
  }

  private flush(now: number): void {
    if (this.phase !== "open" || !this.outgoing.isWaiting) return;
    // Before it writes, a client that has slept drops the connection instead.
    if (this.heartbeat.isDead(now)) {
      this.drop(CloseCode.heartbeatTimeout);
      return;
    }
    if (this.outgoing.flush(now)) this.heartbeat.asked(now);
  }

  /** Until hello's answer only `rpc.close` and `rpc.ping` may come. */
  private greeted(message: Message, now: number): void {
    if (message.type === "result" && message.id === HELLO_ID) {
      const hello = readHello(message.result);
      if (hello) {
        this.open(hello, now);
        return;
      }
    } else if (message.type === "error" && message.id === HELLO_ID) {
      this.refused(message.error, now);
      return;
    } else if (message.type === "notification" && isControl(message.method)) {
      this.dispatch(message, now);
      return;
    }
    this.drop(CloseCode.protocolFault, "the server sent something else than the answer to hello");
  }

  /** The server explains the refusal by its close, so that is waited for. */
  private refused(error: WireError, now: number): void {
    if (error.code === MethodNotFoundError.code) {
      this.drop(CloseCode.protocolFault, NO_HELLO);
      return;
    }
    this.phase = "refused";
    this.refusal = error;
    this.due = Math.min(this.due, now + REFUSAL_MS);
  }

  /** The verdict of a refusal whose close, with its code, got lost on the way. */
  private refusedEnd(code: number): Disconnect | undefined {
    if (!this.refusal || (code !== CloseCode.noStatus && code !== CloseCode.abnormal)) return;
    const comeBack = PASSING.some((one) => one.code === this.refusal?.code);
    return { code, reason: this.refusal.message, comeBack };
  }

  private open(hello: typeof PLAIN_HELLO, now: number): void {
    this.phase = "open";
    this.due = Number.POSITIVE_INFINITY;
    this.heartbeat.opened(hello.pingMs, now);
    this.outputs.push({ type: "opened", hello });
    this.outgoing.opened(hello);
    this.flush(now);
  }

  private dispatch(message: Message, now: number): void {
    switch (message.type) {
      case "result":
      case "error":
        if (this.outgoing.answered(message.id, message)) this.flush(now);
        return;
      case "notification":
        this.notified(message.method, message.params, now);
        break;
      case "call":
        this.serve(message, now);
        break;
      case "invalid":
        this.invalid(wireError(InvalidRequestError, "neither a request nor a response"));
    }
  }

  private notified(method: string, params: unknown, now: number): void {
    if (!method.startsWith("rpc.")) {
      this.outputs.push({ type: "event", method, params });
    } else if (method === "rpc.ping") {
      this.write({ method: "rpc.pong" });
    } else if (method === "rpc.close") {
      this.closing(params, now);
    } else if (method === "rpc.cancel" && hasId(params)) {
      const call = this.served.cancel(params.id);
      if (!call) return;
      const reason = wireError(CancelledError, "the caller cancelled the call");
      this.abort([call], reason);
      this.respond(call.id, { error: reason });
    }
  }

  /** The server says how this connection will end, and in drain from when on nothing new is taken. */
  private closing(params: unknown, now: number): void {
    const close = readClose(params, this.verdict);
    if (!close) {
      this.fault(new TypeError("rpc.close came without a code"));
      return;
    }
    this.verdict = close.end;
    this.due = Math.min(this.due, now + (close.inMs ?? 0) + this.settings.heartbeat.graceMs);
    const isDrain = close.inMs !== undefined && ["open", "draining"].includes(this.phase);
    this.phase = isDrain ? "draining" : "closing";
  }

  private serve(message: Message & { type: "call" }, now: number): void {
    // An answer could not be written, so the call is not run.
    if (this.phase !== "open" && this.phase !== "draining") return;
    const { id, method, params, meta } = message;
    const { timeout_ms } = meta;
    const timeoutMs = typeof timeout_ms === "number" ? timeout_ms : undefined;
    const deadline = now + (timeoutMs ?? Number.POSITIVE_INFINITY);
    const call = { id, method, params, meta, timeoutMs, deadline };
    const begun = method.startsWith("rpc.") ? "unknown" : this.served.begin(call);
    if (begun === "begun") this.outputs.push({ type: "serve", call });
    else if (begun === "duplicate") this.invalid(wireError(InvalidRequestError, "the id is open"));
    else if (begun === "unknown") this.respond(id, { error: methodNotFound(method) });
    else this.respond(id, { error: wireError(ResourceExhaustedError, FULL, true) });
  }

  private abort(calls: Served[], reason: WireError): void {
    for (const call of calls) this.outputs.push({ type: "abort", call, reason });
  }

  /** Says what is wrong, with id null, as JSON-RPC wants it; a plain peer's server expects no answers. */
  private invalid(error: WireError, cause?: unknown): void {
    this.fault(new TypeError(`ignored what the server sent: ${error.message}`, { cause }));
    if (this.phase === "greeting") {
      this.drop(CloseCode.protocolFault, error.message);
      return;
    }
    if (!this.settings.plain) this.respond(null, { error });
  }

  private fault(error: unknown): void {
    this.outputs.push({ type: "fault", error });
  }

  private respond(id: Id, answer: Answer): void {
    if (this.write({ id, ...answer })) return;
    this.write({
      id,
      error: wireError(TooLargeError, "the answer is larger than the server takes"),
    });
  }

  /** False when the message is too large. In a phase in which nothing is written it is dropped. */
  private write(message: Readonly<Record<string, unknown>>): boolean {
    if (this.phase !== "greeting" && this.phase !== "open" && this.phase !== "draining")
      return true;
    const frame = this.outgoing.encode({ jsonrpc: "2.0", ...message });
    if (frame !== undefined) this.outputs.push({ type: "write", frame });
    return frame !== undefined;
  }

  private drop(code: number, reason = ""): void {
    this.phase = "closing";
    this.due = Number.POSITIVE_INFINITY;
    this.outputs.push({ type: "drop", code, reason });
  }
}

/** Refusals that may not be met again. */
const PASSING = [
  InternalError,
  RateLimitedError,
  DeadlineExceededError,
  UnavailableError,
  ResourceExhaustedError,
];

const NO_HELLO =
  "it knows no rpc.hello; for a JSON-RPC 2.0 server that is none of wirecall pass plain";
const FULL = `${MAX_SERVED} handlers are at work already`;

function hasId(params: unknown): params is { readonly id: unknown } {
  return isRecord(params) && "id" in params;
}

function isControl(method: string): boolean {
  return method === "rpc.close" || method === "rpc.ping";
}
