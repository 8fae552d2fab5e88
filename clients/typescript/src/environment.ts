// What the client takes from the world besides the network: time, timers and chance. Tests hand in
// their own.

/** The world. */
export interface Environment {
  /** Milliseconds since the epoch; never goes back. */
  now(): number;
  /** Runs once after `delayMs`; returns what cancels it. */
  after(delayMs: number, run: () => void): () => void;
  /** From 0, up to but without 1. */
  random(): number;
}

/** Longer delays make the timers of browsers and Node fire at once. */
const LONGEST_MS = 2_147_483_647;

/**
 * The real world. The wall clock, and not a monotonic one, because that stands still in some
 * runtimes while a laptop sleeps; a clock that is set back is held.
 */
export function realEnvironment(): Environment {
  let behindMs = 0;
  let last = 0;
  return {
    now() {
      const now = Date.now() + behindMs;
      if (now < last) behindMs += last - now;
      last = Math.max(now, last);
      return last;
    },
    after(delayMs, run) {
      const timer = setTimeout(run, Math.min(delayMs, LONGEST_MS));
      return () => clearTimeout(timer);
    },
    random: Math.random,
  };
}
