// The credit of streams: how many items may still come, and how many may still go. Plain accounts
// of one call; they carry no item.

import { membersOf } from "./message.ts";

/** *Sums saturate at 2^31−1.* */
const MAX_CREDIT = 2_147_483_647;

/** How many items a caller of a stream allows ahead. */
export const STREAM_CREDIT = 64;

/** Credit as the wire has it; undefined for anything but an integer of at least 1. */
export function readCredit(params: unknown): number | undefined {
  const { credit } = membersOf(params);
  if (!Number.isInteger(credit) || (credit as number) < 1) return undefined;
  return Math.min(credit as number, MAX_CREDIT);
}

/** The items of a message; undefined when it has none. */
export function readItems(params: unknown): readonly unknown[] | undefined {
  const { items } = membersOf(params);
  return Array.isArray(items) && items.length > 0 ? items : undefined;
}

/** The items that answer a call before its result. */
export class Download {
  /** What the call opens with; undefined for no limit. */
  readonly opening: number | undefined;
  /** Items that came: a call that delivered one is not sent again. */
  delivered = 0;
  /** Allowed and not received. */
  private outstanding: number;
  /** Taken since the last grant. */
  private taken = 0;

  constructor(opening: number | undefined) {
    this.opening = opening;
    this.outstanding = opening ?? Number.POSITIVE_INFINITY;
  }

  /** Items came. False when they are more than were allowed. */
  receive(count: number): boolean {
    if (count > this.outstanding) return false;
    this.outstanding -= count;
    this.delivered += count;
    return true;
  }

  /** The consumer took an item: what to grant now. More is granted when half was taken, so that a
   * producer that is waited for never waits itself. */
  take(): number | undefined {
    if (this.opening === undefined) return undefined;
    this.taken += 1;
    if (this.taken < Math.ceil(this.opening / 2)) return undefined;
    const grant = this.taken;
    this.outstanding += grant;
    this.taken = 0;
    return grant;
  }
}

/** The items that follow a call. *It starts with no credit.* */
export class Upload {
  /** Items that left in the present session. */
  sent = 0;
  /** The producer has no more. */
  isEnded = false;
  /** The producer waits to be told that it may go on, */
  isWaiting = true;
  /** with an item of that size, where it had credit but found no room. */
  needsBytes = 0;
  private credit = 0;

  /** The callee allows more. */
  grant(more: number): void {
    this.credit = Math.min(this.credit + more, MAX_CREDIT);
  }

  /** Whether an item may go. */
  get hasCredit(): boolean {
    return this.credit > 0 && !this.isEnded;
  }

  /** An item goes. */
  spend(): void {
    this.credit -= 1;
    this.sent += 1;
  }

  /** Another session carries the call: there, nothing was sent and nothing granted. */
  startOver(): void {
    this.credit = 0;
    this.sent = 0;
    this.isWaiting = true;
    this.needsBytes = 0;
  }
}
