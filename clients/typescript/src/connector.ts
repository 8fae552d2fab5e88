// Keeps a session connected: joins the pure session to a WebSocket, a clock and the backoff. One
// timer, one connection at a time; whatever comes from an older connection is ignored.

import { Backoff } from "./backoff.ts";
import type { Request } from "./calls.ts";
import type { Frame } from "./codec.ts";
import { CloseCode, type Disconnect, disconnect } from "./disconnect.ts";
import type { Environment } from "./environment.ts";
import { ConnectionLostError, ResourceExhaustedError, wireError } from "./errors.ts";
import { connectError, isNoSubprotocol, NO_SUBPROTOCOL } from "./failure.ts";
import type { Incoming } from "./incoming.ts";
import type { Settings } from "./options.ts";
import type { Outcome, Output } from "./output.ts";
import type { Served } from "./served.ts";
import { Session } from "./session.ts";
import type { State } from "./states.ts";
import { Tokens } from "./tokens.ts";
import { onWake } from "./wake.ts";
import { type Connection, closeReason, openConnection } from "./websocket.ts";

/** Whoever awaits a call. */
export interface Owner {
  /** How it ended; once. */
  settle(outcome: Outcome): void;
  /** Items of its stream. */
  items?(items: readonly unknown[]): void;
  /** Its upload may go on. */
  room?(): void;
}

/** What the connector needs of its client. */
export interface ConnectorHost {
  readonly incoming: Incoming;
  /** The fingerprints of the services that are used, for hello. */
  readonly contract: Readonly<Record<string, string>>;
  /** A new state. `error` says why, where it is the end and there was a failure. */
  changed(state: State, error?: Error): void;
}

/** Handed to the WebSocket and not sent yet; more notifications are refused. */
const MAX_UNSENT_BYTES = 16 * 1_048_576;
/** At so much the peer reads nothing, and the connection is given up: 64 calls of 1 MiB fit. */
const GIVE_UP_UNSENT_BYTES = 4 * MAX_UNSENT_BYTES;
/** How long `close()` waits for the other side's farewell, when that has all that was written. */
const FAREWELL_MS = 3_000;
/** A timer that is younger is left alone, when it only fires too early: most messages set none. */
const TIMER_AGE_MS = 1_000;

/** Connects, and connects again. */
export class Connector {
  private readonly url: URL;
  private readonly settings: Settings;
  private readonly environment: Environment;
  private readonly host: ConnectorHost;
  private readonly session: Session<Owner>;
  private readonly backoff: Backoff;
  private readonly tokens: Tokens;
  private readonly stopWaking: () => void;
  private connection: Connection | undefined;
  /** Counts attempts; an awaited token of an older one is thrown away. */
  private attempt = 0;
  /** Whether the present connection has been open. */
  private isOpen = false;
  /** No failure is final for a lazy client, nor for one that has been open. */
  private mayRetry: boolean;
  private retryAt = Number.POSITIVE_INFINITY;
  private isActing = false;
  /** Whether `onError` knows that the server finds the client's contract incompatible. */
  private hasWarned = false;
  private cancelTimer: (() => void) | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private timerSetAt = 0;
  /** Set by `close()`: what to do when the connection is gone, */
  private farewell: (() => void) | undefined;
  /** and, while the WebSocket closes, what stops the wait for it. */
  private stopFarewell: (() => void) | undefined;
  private closed: Promise<void> | undefined;

  constructor(url: URL, settings: Settings, environment: Environment, host: ConnectorHost) {
    this.url = url;
    this.settings = settings;
    this.environment = environment;
    this.host = host;
    this.session = new Session(settings, (method) => host.incoming.handles(method));
    this.backoff = new Backoff(settings.reconnect, () => environment.random());
    this.tokens = new Tokens(settings, environment, {
      connection: () => this.connection,
      now: () => this.now(),
      refreshed: (token, now) => {
        this.session.authenticate(token, now);
        this.act(now);
      },
      failed: (delayMs, now) => {
        this.session.authentication.failed(delayMs, now);
        this.act(now);
      },
    });
    this.mayRetry = settings.lazy;
    this.stopWaking = onWake(() => this.wake());
  }

  /** Makes an attempt. Never rejects. */
  async connect(): Promise<void> {
    this.attempt += 1;
    const { attempt, session, settings } = this;
    const now = this.environment.now();
    this.retryAt = Number.POSITIVE_INFINITY;
    session.connecting(settings.connectTimeoutMs, now);
    this.act(now);
    try {
      const token = await this.tokens.ask();
      if (attempt !== this.attempt) return;
      this.connection = openConnection(
        settings.webSocket,
        this.url.href,
        settings.codec.subprotocol,
        {
          opened: (protocol) => this.opened(protocol, token),
          received: (frame) => this.received(frame),
          closed: (code, reason, error) => this.hungUp(code, reason, error),
        },
      );
    } catch (error) {
      if (attempt !== this.attempt) return;
      this.lost(CloseCode.abnormal, error instanceof Error ? error.message : "", error);
    }
  }

  /** Sends a call or a notification; the id is for `cancel`. */
  send(request: Request, isCall: boolean, owner: Owner): number {
    if (!isCall && this.connection && this.connection.unsentBytes > MAX_UNSENT_BYTES) {
      const message = `the connection has ${MAX_UNSENT_BYTES} bytes to send already`;
      owner.settle({ type: "error", error: wireError(ResourceExhaustedError, message, true) });
      return 0;
    }
    const now = this.now();
    const id = this.session.send(request, isCall, owner, now);
    this.act(now);
    return id;
  }

  /** Ends a call at once. */
  cancel(id: number): void {
    const now = this.now();
    this.session.cancel(id, now);
    this.act(now);
  }

  /** The consumer of a stream took an item. */
  took(id: number): void {
    const now = this.now();
    this.session.took(id, 1, now);
    this.act(now);
  }

  /** An item of an upload. False when it has to wait until its owner is told of room. Throws what the
   * encoder throws. */
  push(id: number, item: unknown): boolean {
    const now = this.now();
    try {
      return this.session.push(id, item, now);
    } finally {
      this.act(now);
    }
  }

  /** An upload has no more items. */
  endUpload(id: number): void {
    const now = this.now();
    this.session.endUpload(id, now);
    this.act(now);
  }

  /** Ends it all. Resolves when the server has what was written, or after a few seconds. */
  close(): Promise<void> {
    if (this.closed) return this.closed;
    const end = disconnect(CloseCode.normal, "closed by this client");
    this.closed = new Promise((resolve) => {
      this.farewell = () => {
        this.stopFarewell?.();
        this.tokens.stop();
        this.connection?.abort();
        this.connection = undefined;
        this.session.end(end);
        this.act(this.environment.now());
        resolve();
      };
    });
    const now = this.now();
    this.stop();
    const isAwaited = this.session.close(end, now);
    this.host.changed({ type: "closed", gaveUp: false, disconnect: end });
    this.act(now);
    if (!isAwaited) this.farewell?.();
    return this.closed;
  }

  private opened(protocol: string, token: string | undefined): void {
    if (protocol !== this.settings.codec.subprotocol && !this.settings.plain) {
      this.connection?.abort();
      this.lost(CloseCode.protocolFault, NO_SUBPROTOCOL);
      return;
    }
    const now = this.environment.now();
    const { client } = this.settings;
    try {
      this.session.connected({ client, token, contract: this.host.contract }, now);
    } catch (error) {
      this.connection?.abort();
      this.lost(CloseCode.protocolFault, "hello cannot be encoded", error);
      return;
    }
    this.act(now);
  }

  private received(frame: Frame): void {
    const now = this.now();
    this.session.received(frame, now);
    this.act(now);
  }

  private hungUp(code: number, reason: string, error: string | undefined): void {
    if (this.farewell) {
      this.farewell();
      return;
    }
    if (isNoSubprotocol(error)) {
      this.lost(CloseCode.protocolFault, NO_SUBPROTOCOL);
      return;
    }
    this.lost(code, closeReason(code, reason, error));
  }

  /** The connection, or the attempt, has ended: try again, or stop. */
  private lost(code: number, reason: string, thrown?: unknown): void {
    // Closed by a listener, before the session's wish to drop was attended to.
    if (this.closed) return;
    const now = this.environment.now();
    const { isOpen, session } = this;
    // A token that is still awaited comes too late.
    this.attempt += 1;
    this.tokens.stop();
    this.connection = undefined;
    this.isOpen = false;
    const end = session.disconnected(code, reason);
    const error = isOpen
      ? new ConnectionLostError(end)
      : connectError(this.url, this.settings.plain, end, session.refusal, thrown);
    const isRetried = end.comeBack && this.mayRetry;
    const retry = isRetried ? this.backoff.next(end, now) : undefined;
    if (!retry) {
      this.finish(end, end.comeBack, error);
      return;
    }
    this.retryAt = now + retry.delayMs;
    const nextTryAt = new Date(this.retryAt);
    const state: State = {
      type: "reconnecting",
      attempt: retry.attempt,
      lastError: error,
      nextTryAt,
    };
    this.host.changed(state);
    this.act(now);
  }

  private finish(end: Disconnect, gaveUp: boolean, error?: Error): void {
    this.closed ??= Promise.resolve();
    this.stop();
    this.session.end(end);
    this.host.changed({ type: "closed", gaveUp, disconnect: end }, error);
    this.act(this.environment.now());
  }

  /** No attempt is made any more. */
  private stop(): void {
    this.attempt += 1;
    this.retryAt = Number.POSITIVE_INFINITY;
    this.stopWaking();
  }

  /** The time. What the WebSocket would throw away must not count as written. */
  private now(): number {
    if (this.connection && !this.connection.isWritable) this.session.hold();
    return this.environment.now();
  }

  /** Does what the session wants, in order; what comes meanwhile joins the end of the queue. */
  private act(now: number): void {
    if (this.isActing) return;
    this.isActing = true;
    for (let outputs = this.session.take(); outputs.length > 0; outputs = this.session.take()) {
      for (const output of outputs) this.attend(output, now);
    }
    this.isActing = false;
    this.setTimer(now);
  }

  /** A fault in acting on one output, such as a WebSocket class that throws, harms no other. */
  private attend(output: Output<Owner>, now: number): void {
    try {
      this.perform(output, now);
    } catch (error) {
      this.settings.onError(error, "the connection");
    }
  }

  private perform(output: Output<Owner>, now: number): void {
    switch (output.type) {
      case "write":
        this.write(output.frame);
        break;
      case "settle":
        output.owner.settle(output.outcome);
        break;
      case "items":
        output.owner.items?.(output.items);
        break;
      case "room":
        output.owner.room?.();
        break;
      case "opened": {
        const { session, user, incompatible } = output.hello;
        this.warn(incompatible);
        this.host.incoming.judged(incompatible);
        this.isOpen = true;
        this.mayRetry = true;
        this.backoff.opened(now);
        this.tokens.startOver();
        const { resumed, reason } = output;
        this.host.changed({ type: "open", session, user, resumed, reason });
        break;
      }
      case "event":
        this.host.incoming.event(output.method, output.params);
        break;
      case "serve":
        this.serve(output.call);
        break;
      case "abort":
        this.host.incoming.abort(output.call, output.reason);
        break;
      case "expiring":
        if (output.isAgain) this.tokens.refreshLater();
        else void this.tokens.refresh();
        break;
      case "drop":
        this.drop(output.code, output.reason);
        break;
      case "fault":
        this.settings.onError(output.error, "what the server sent");
        break;
    }
  }

  /** Says once why the calls of a service fail. */
  private warn(incompatible: readonly string[]): void {
    if (incompatible.length === 0 || this.hasWarned) return;
    this.hasWarned = true;
    const services = incompatible.join(", ");
    const message = `generated from an older, incompatible contract, generate again: ${services}`;
    this.settings.onError(new Error(message), "the contract");
  }

  private write(frame: Frame): void {
    // Gone: a drop among the outputs before.
    if (!this.connection) return;
    this.connection.send(frame);
    if (this.connection.unsentBytes > GIVE_UP_UNSENT_BYTES) this.drop(CloseCode.tooSlow, "");
  }

  private drop(code: number, reason: string): void {
    const { connection, farewell } = this;
    if (farewell) {
      // What was handed to the WebSocket leaves first; its farewell is waited for.
      if (code === CloseCode.normal && connection?.isWritable) {
        this.stopFarewell = this.environment.after(FAREWELL_MS, farewell);
        connection.close(code, "");
      } else farewell();
      return;
    }
    connection?.abort(code);
    this.lost(code, reason);
  }

  private serve(call: Served): void {
    void this.host.incoming.run(call).then((answer) => {
      const now = this.now();
      this.session.answer(call, answer, now);
      this.act(now);
    });
  }

  /** The browser says that it is worth trying now, and looking whether the connection still lives. */
  private wake(): void {
    if (this.retryAt !== Number.POSITIVE_INFINITY) return void this.connect();
    const now = this.now();
    this.session.wake(now);
    this.act(now);
  }

  private tick(): void {
    const now = this.now();
    if (now >= this.retryAt) return void this.connect();
    this.session.tick(now);
    this.act(now);
  }

  /** One timer for all. It is set anew from the receive path too: browsers slow down timers of
   * hidden pages that were set by timers. */
  private setTimer(now: number): void {
    const at = Math.min(this.session.wakeAt(), this.retryAt);
    const isYoung = now - this.timerSetAt < TIMER_AGE_MS;
    if (at !== Number.POSITIVE_INFINITY && at >= this.timerAt && isYoung) return;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerAt = at;
    this.timerSetAt = now;
    if (at === Number.POSITIVE_INFINITY) return;
    this.cancelTimer = this.environment.after(Math.max(0, at - now), () => {
      this.timerAt = Number.POSITIVE_INFINITY;
      this.tick();
    });
  }
}
