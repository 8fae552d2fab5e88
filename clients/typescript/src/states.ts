// The states that a client tells of, and those who hear of them.

import type { Disconnect } from "./disconnect.ts";
import type { LostReason } from "./hello.ts";

/** Where a client is. */
export type State =
  /** The first attempt is under way. */
  | { readonly type: "connecting" }
  /** Calls go out. A plain peer has no `session`; `user` is there when somebody is logged in. */
  | {
      readonly type: "open";
      readonly session: string | undefined;
      readonly user: string | undefined;
      /** The session is the one from before the connection was lost: nothing was missed, and calls and
       * streams go on. */
      readonly resumed: boolean;
      /** Why the session before this one was lost, if there was one: what the server kept by session has
       * to be said again, and calls whose outcome nobody knows have failed. */
      readonly reason: LostReason | undefined;
    }
  /** The connection is lost; calls wait. */
  | {
      readonly type: "reconnecting";
      /** Counts from 1, and on until a connection has lasted. */
      readonly attempt: number;
      /** Why the last connection, or the last attempt, ended. */
      readonly lastError: Error;
      /** When the attempt begins; in the past while it is under way. */
      readonly nextTryAt: Date;
    }
  /** The end: no call succeeds any more. */
  | {
      readonly type: "closed";
      /** The attempts are used up, or reconnecting is switched off. */
      readonly gaveUp: boolean;
      readonly disconnect: Disconnect;
    };

/** Stops listening, or serving. Calling it again does nothing. */
export type Unsubscribe = () => void;

/** Hears of an error that has no caller, and where it happened. */
export type OnError = (error: unknown, where: string) => void;

/** What it returns may be a promise, of which only a rejection is looked at. */
type Listener<Value> = (value: Value) => unknown;

/** Functions that want to hear of something. */
export class Listeners<Value> {
  private readonly listeners = new Set<Listener<Value>>();
  private readonly onError: OnError;
  /** What they hear of. */
  private readonly what: string;

  constructor(what: string, onError: OnError) {
    this.what = what;
    this.onError = onError;
  }

  /** Adds a listener; the same function may be added twice and then hears twice. */
  add(listener: Listener<Value>): Unsubscribe {
    const own = (value: Value) => listener(value);
    this.listeners.add(own);
    return () => this.listeners.delete(own);
  }

  /** Tells all. One that throws does not keep the others from hearing, nor does one that is still at work. */
  tell(value: Value): void {
    for (const listener of [...this.listeners]) {
      try {
        const told = listener(value);
        if (told !== undefined) void this.settled(told);
      } catch (error) {
        this.report(error);
      }
    }
  }

  /** An `async` listener, which the type lets through, may fail later: nobody but `onError` would hear of
   * that, and it would end the process. */
  private async settled(told: unknown): Promise<void> {
    try {
      await told;
    } catch (error) {
      this.report(error);
    }
  }

  private report(error: unknown): void {
    this.onError(error, `the listener of ${this.what}`);
  }
}
