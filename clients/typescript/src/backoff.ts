// When to try again: exponential backoff with full jitter, as a pure function of what happened.

import { CloseCode, type Disconnect } from "./disconnect.ts";

/** How reconnecting is tried. */
export interface ReconnectSettings {
  /** Tries before giving up. */
  readonly attempts: number;
  /** Upper bound of the first delay. */
  readonly baseMs: number;
  /** Upper bound of every delay. */
  readonly capMs: number;
  /** How long a connection must have been up for the delays to start over. */
  readonly resetAfterMs: number;
}

/** The next try. */
export interface Retry {
  /** Counts from 1, and on until a connection has lasted. */
  readonly attempt: number;
  readonly delayMs: number;
}

/** Counts the tries. */
export class Backoff {
  private readonly settings: ReconnectSettings;
  private readonly random: () => number;
  private attempt = 0;
  private openedAt = Number.POSITIVE_INFINITY;

  constructor(settings: ReconnectSettings, random: () => number) {
    this.settings = settings;
    this.random = random;
  }

  /** A connection is open. Only one that lasts ends the count: else a server that crashes right
   * after each hello would be met by a storm of first tries. */
  opened(now: number): void {
    this.openedAt = now;
  }

  /** A connection, or a try, has ended. Undefined when the tries are used up. */
  next(end: Disconnect, now: number): Retry | undefined {
    const { attempts, baseMs, capMs, resetAfterMs } = this.settings;
    if (now - this.openedAt >= resetAfterMs) this.attempt = 0;
    this.openedAt = Number.POSITIVE_INFINITY;
    if (this.attempt >= attempts) return undefined;
    // The exponent is bounded so that the product stays finite.
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.attempt, 50));
    this.attempt += 1;
    const chance = this.random();
    const own = chance * bound;
    const told = end.retryWithinMs ?? 0;
    // Who drains is come back to spread over its own time, everybody else no sooner than told.
    const delayMs = end.code === CloseCode.draining ? Math.max(own, chance * told) : own + told;
    return { attempt: this.attempt, delayMs };
  }
}
