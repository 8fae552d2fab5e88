// The watchdog: decides from what was heard and written whether the connection still lives. Pure;
// whoever owns it calls `tick` at `wakeAt`, and hands in the time.

/** The times of the watchdog. */
export interface HeartbeatSettings {
  /** How long past the server's ping interval silence is borne. */
  readonly graceMs: number;
  /** How long after a call was written silence is borne before the client pings. */
  readonly callSilenceMs: number;
  /** How long after that ping the connection is given up. */
  readonly callGraceMs: number;
  /** How long something may wait for room in the session without an acknowledgement. */
  readonly timeoutMs: number;
}

/** Watches one connection at a time. */
export class Heartbeat {
  private readonly settings: HeartbeatSettings;
  /** The longest silence; infinite while nothing is watched. */
  private limitMs = Number.POSITIVE_INFINITY;
  private heardAt = 0;
  /** When the first call since the last message was written. */
  private askedAt = Number.POSITIVE_INFINITY;
  private pingedAt = Number.POSITIVE_INFINITY;

  constructor(settings: HeartbeatSettings) {
    this.settings = settings;
  }

  /** Starts to watch: the server has told how often it pings. */
  opened(pingMs: number, now: number): void {
    this.limitMs = pingMs + this.settings.graceMs;
    this.heard(now);
  }

  /** Stops to watch. */
  closed(): void {
    this.limitMs = Number.POSITIVE_INFINITY;
    this.heard(0);
  }

  /** Any message counts as life. */
  heard(now: number): void {
    this.heardAt = now;
    this.askedAt = Number.POSITIVE_INFINITY;
    this.pingedAt = Number.POSITIVE_INFINITY;
  }

  /** A call was written, so something should come back. */
  asked(now: number): void {
    if (now < this.askedAt) this.askedAt = now;
  }

  /** The connection may have died meanwhile: whether to ping now. That goes unanswered no longer than
   * after a call. */
  probe(now: number): boolean {
    if (this.limitMs === Number.POSITIVE_INFINITY || now >= this.pingedAt) return false;
    this.pingedAt = now;
    return true;
  }

  /** True when so long nothing was heard that the connection must be taken for dead. */
  isDead(now: number): boolean {
    return now >= Math.min(this.heardAt + this.limitMs, this.pingedAt + this.settings.callGraceMs);
  }

  /** What the silence asks for now. */
  tick(now: number): "ping" | "drop" | undefined {
    if (this.limitMs === Number.POSITIVE_INFINITY) return undefined;
    if (this.isDead(now)) return "drop";
    if (this.pingedAt !== Number.POSITIVE_INFINITY) return undefined;
    if (now < this.askedAt + this.settings.callSilenceMs) return undefined;
    this.pingedAt = now;
    return "ping";
  }

  /** When `tick` has something to do, if nothing is heard until then. */
  wakeAt(): number {
    if (this.limitMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const { callSilenceMs, callGraceMs } = this.settings;
    const asked =
      this.pingedAt === Number.POSITIVE_INFINITY
        ? this.askedAt + callSilenceMs
        : this.pingedAt + callGraceMs;
    return Math.min(this.heardAt + this.limitMs, asked);
  }
}
