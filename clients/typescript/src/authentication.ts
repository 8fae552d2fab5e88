// Credentials that expire while the connection lives: when to ask for new ones, and whose answer that
// of `rpc.auth` is.

import { toError } from "./errors.ts";
import { isPassing } from "./failure.ts";
import { readAuth } from "./hello.ts";
import type { Id, WireError } from "./message.ts";

/** New credentials are asked for so long before the old ones expire, or a quarter of their time. */
const AHEAD_MS = 60_000;

/** What comes of it, for the session's outputs. */
export type EmitExpiry = (
  output:
    | { readonly type: "expiring"; readonly isAgain: boolean }
    | { readonly type: "fault"; readonly error: unknown },
) => void;

/** The credentials of the present connection. */
export class Authentication {
  private readonly emit: EmitExpiry;
  private askAt = Number.POSITIVE_INFINITY;
  private expiresAt = Number.POSITIVE_INFINITY;
  private id: Id | undefined;

  constructor(emit: EmitExpiry) {
    this.emit = emit;
  }

  /** The credentials are good for so long. */
  opened(expiresInMs: number, now: number): void {
    this.expiresAt = now + expiresInMs;
    this.askAt = this.expiresAt - Math.min(AHEAD_MS, expiresInMs / 4);
    if (Number.isNaN(this.askAt)) this.askAt = Number.POSITIVE_INFINITY;
  }

  /** The connection is over: the next hello brings credentials of its own. */
  closed(): void {
    this.askAt = Number.POSITIVE_INFINITY;
    this.expiresAt = Number.NEGATIVE_INFINITY;
    this.id = undefined;
  }

  /** Asks for new ones when it is time; once. */
  tick(now: number): void {
    if (now < this.askAt) return;
    this.askAt = Number.POSITIVE_INFINITY;
    this.emit({ type: "expiring", isAgain: false });
  }

  /** There are none: they are asked for again after that time, while the old ones are good. */
  failed(delayMs: number, now: number): void {
    if (now + delayMs < this.expiresAt) this.askAt = now + delayMs;
  }

  /** `rpc.auth` goes out under that id. */
  sent(id: Id): void {
    this.id = id;
  }

  /** An answer arrived. False when it is another call's. An error changes nothing: the old
   * credentials are good until they expire, and then the server closes. One that passes is no
   * verdict on the new ones: it is tried again, after a pause. */
  answered(
    { id, result, error }: { id: Id; result?: unknown; error?: WireError },
    now: number,
  ): boolean {
    if (this.id === undefined || id !== this.id) return false;
    this.id = undefined;
    if (error) this.emit({ type: "fault", error: toError(error) });
    else this.opened(readAuth(result), now);
    if (error && isPassing(error)) this.emit({ type: "expiring", isAgain: true });
    return true;
  }

  /** When `tick` has something to do. */
  wakeAt(): number {
    return this.askAt;
  }
}
