// How long something waits for room in the session. *Where something waits for room on a connection,
// and no ack has come for the time of the heartbeat, the session ends.*

/** Watches one connection at a time. */
export class RoomWatch {
  private readonly limitMs: number;
  private since = Number.POSITIVE_INFINITY;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  /** Whether something waits now. */
  look(isWaiting: boolean, now: number): void {
    if (!isWaiting) this.reset();
    else if (now < this.since) this.since = now;
  }

  /** An ack came, or the connection is over. */
  reset(): void {
    this.since = Number.POSITIVE_INFINITY;
  }

  /** When the session has waited too long. */
  endsAt(): number {
    return this.since + this.limitMs;
  }
}
