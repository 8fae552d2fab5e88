// What the session wants done: the values that its owner takes and acts on.

import type { Frame } from "./codec.ts";
import type { Disconnect } from "./disconnect.ts";
import type { Hello, LostReason } from "./hello.ts";
import type { WireError } from "./message.ts";
import type { Served } from "./served.ts";

/**
 * How a call or a notification ended. `lost`: nobody knows whether it ran. `unsent`: it never ran.
 * `threw`: it could not be encoded.
 */
export type Outcome =
  | { readonly type: "result"; readonly result: unknown }
  | { readonly type: "error"; readonly error: WireError }
  | { readonly type: "threw"; readonly error: unknown }
  | { readonly type: "lost" | "unsent"; readonly end: Disconnect };

/** One output. They are acted on in the order in which they were given. */
export type Output<Owner> =
  | { readonly type: "write"; readonly frame: Frame }
  | {
      readonly type: "settle";
      readonly owner: Owner;
      readonly method: string;
      readonly outcome: Outcome;
    }
  /** Items of a stream, for its consumer, who says `take` for each. */
  | { readonly type: "items"; readonly owner: Owner; readonly items: readonly unknown[] }
  /** The producer of an upload may go on. */
  | { readonly type: "room"; readonly owner: Owner }
  /** Hello is answered. `reason`: a session before this one was lost. */
  | {
      readonly type: "opened";
      readonly hello: Hello;
      readonly resumed: boolean;
      readonly reason: LostReason | undefined;
    }
  /** The credentials will expire: the owner gets new ones and says `authenticate`. `isAgain`: those
   * were refused for the moment, so it does so after a pause. */
  | { readonly type: "expiring"; readonly isAgain: boolean }
  | { readonly type: "event"; readonly method: string; readonly params: unknown }
  | { readonly type: "serve"; readonly call: Served }
  /** The answer is not wanted any more; the handler should stop. */
  | { readonly type: "abort"; readonly call: Served; readonly reason: WireError }
  /** The connection must be dropped; the owner then says `disconnected`. */
  | { readonly type: "drop"; readonly code: number; readonly reason: string }
  /** To be reported: a message made no sense and was ignored, or an answer could not be encoded. */
  | { readonly type: "fault"; readonly error: unknown };

/** Takes an output. */
export type Emit<Owner> = (output: Output<Owner>) => void;
