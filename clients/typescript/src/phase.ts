// Where a connection is, from the first attempt to the last farewell, and what is done there.

/**
 * `refused`: hello was answered with an error, and the close is to come. `draining`: nothing new is
 * started. `closing`: nothing is written any more. `dropped`: nor read. `leaving`: the application has
 * closed, and what was written is waited for.
 */
export type Phase =
  | "away"
  | "connecting"
  | "greeting"
  | "refused"
  | "open"
  | "draining"
  | "closing"
  | "dropped"
  | "leaving"
  | "ended";

const DEAF: readonly Phase[] = ["away", "connecting", "dropped", "ended"];
const STARTING: readonly Phase[] = ["away", "connecting", "greeting", "open"];
const LIVE: readonly Phase[] = ["open", "draining", "leaving"];

/** In these nothing is read: what still arrives is from a connection that is over. */
export function isDeaf(phase: Phase): boolean {
  return DEAF.includes(phase);
}

/** In these calls enter the session, where there is one: *connected or not*. */
export function isStarting(phase: Phase): boolean {
  return STARTING.includes(phase);
}

/** In these everything is written. */
export function isLive(phase: Phase): boolean {
  return LIVE.includes(phase);
}

/** What the connection takes: hello and what answers pings first, then all. */
export type Takes = "nothing" | "untracked" | "all";

/** What the connection takes in a phase. */
export function takes(phase: Phase): Takes {
  if (isLive(phase)) return "all";
  return phase === "greeting" ? "untracked" : "nothing";
}
