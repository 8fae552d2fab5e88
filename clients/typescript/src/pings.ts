// The pings of the present connection, counted: an answer belongs to the oldest that has none.

/** What became of the pings. */
export class Pings {
  private sent = 0;
  private answered = 0;
  /** The one that was written after all that the application wrote. */
  private last: number | undefined;

  /** Another connection: nothing of the one before is answered there. */
  startOver(): void {
    this.sent = 0;
    this.answered = 0;
    this.last = undefined;
  }

  /** A ping was written. */
  wrote(): void {
    this.sent += 1;
  }

  /** The ping that is written now is the last. False when there is one already. */
  beginLast(): boolean {
    if (this.last !== undefined) return false;
    this.last = this.sent + 1;
    return true;
  }

  /** An answer arrived. One without a ping is none. */
  heard(): void {
    this.answered = Math.min(this.answered + 1, this.sent);
  }

  /** Whether the last one is answered. */
  get isLastAnswered(): boolean {
    return this.last !== undefined && this.answered >= this.last;
  }
}
