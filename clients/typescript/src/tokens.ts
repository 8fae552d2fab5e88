// Where tokens come from: one for each attempt, and a fresh one on the live connection before the old one
// expires.

import { Backoff } from "./backoff.ts";
import { CloseCode, disconnect } from "./disconnect.ts";
import type { Environment } from "./environment.ts";
import { tokenError } from "./failure.ts";
import type { Settings } from "./options.ts";
import type { Connection } from "./websocket.ts";

/** What a refresh needs of the connector. */
export interface TokensHost {
  /** The present one: a token that was asked for on another counts no more. */
  connection(): Connection | undefined;
  now(): number;
  /** A fresh token is to be shown to the server. Throws what the encoder throws. */
  refreshed(token: string, now: number): void;
  /** There was none; it is to be asked for again after `delayMs`. */
  failed(delayMs: number, now: number): void;
}

/** The tokens of one client. */
export class Tokens {
  private readonly settings: Settings;
  private readonly environment: Environment;
  private readonly host: TokensHost;
  /** When to ask again for a token that is to take the place of one that is still good. */
  private backoff: Backoff | undefined;
  /** Stops the wait for a fresh token. */
  private stopWaiting: (() => void) | undefined;

  constructor(settings: Settings, environment: Environment, host: TokensHost) {
    this.settings = settings;
    this.environment = environment;
    this.host = host;
  }

  /** The token of an attempt. */
  async ask(): Promise<string | undefined> {
    const { token } = this.settings;
    try {
      return await (typeof token === "function" ? token() : token);
    } catch (cause) {
      throw tokenError(cause);
    }
  }

  /** Asks for a new token, and shows it on the live connection. */
  async refresh(): Promise<void> {
    const { host } = this;
    const connection = host.connection();
    if (typeof this.settings.token !== "function") return;
    try {
      const fresh = await this.inTime(this.ask());
      if (connection !== host.connection()) return;
      if (fresh === undefined) throw tokenError("it gave none");
      const now = host.now();
      this.backoff?.opened(now);
      host.refreshed(fresh, now);
    } catch (error) {
      this.settings.onError(error, "the connection");
      if (connection === host.connection()) this.refreshLater();
    }
  }

  /** One failure of whoever gives out tokens must not cost the connection, while the old one is good. */
  refreshLater(): void {
    const { settings, environment } = this;
    const endless = { ...settings.reconnect, attempts: Number.POSITIVE_INFINITY };
    this.backoff ??= new Backoff(endless, () => environment.random());
    const now = this.host.now();
    const { delayMs = 0 } = this.backoff.next(disconnect(CloseCode.abnormal), now) ?? {};
    this.host.failed(delayMs, now);
  }

  /** A connection is open: what failed on one before it counts no more. */
  startOver(): void {
    this.backoff = undefined;
  }

  /** The connection is gone: a token that is still awaited comes too late. */
  stop(): void {
    this.stopWaiting?.();
  }

  /** A token that takes longer than an attempt may is as good as none; one that comes later counts no more. */
  private async inTime<Token>(token: Promise<Token>): Promise<Token> {
    const { connectTimeoutMs } = this.settings;
    let stop = () => {};
    const late = new Promise<never>((_, reject) => {
      const error = tokenError(`nothing came within ${connectTimeoutMs} ms`);
      stop = this.environment.after(connectTimeoutMs, () => reject(error));
      this.stopWaiting = stop;
    });
    try {
      return await Promise.race([token, late]);
    } finally {
      stop();
    }
  }
}
