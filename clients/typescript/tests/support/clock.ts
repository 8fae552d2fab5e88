// A world whose time a test moves, and whose chance it sets.

import type { Environment } from "../../src/environment.ts";

/** The moved clock. */
export class Clock implements Environment {
  /** What `random` returns. */
  chance = 0.5;
  private time = 1_000_000;
  private readonly timers = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.time;
  }

  random(): number {
    return this.chance;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.time + delayMs, run };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** How many timers are set. */
  get timerCount(): number {
    return this.timers.size;
  }

  /** When the earliest timer fires, from now. */
  get nextInMs(): number {
    return Math.min(...[...this.timers].map((timer) => timer.at)) - this.time;
  }

  /** Lets time pass; timers fire in their order, each at its time. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (let next = this.due(end); next; next = this.due(end)) {
      this.time = Math.max(this.time, next.at);
      this.timers.delete(next);
      next.run();
    }
    this.time = end;
  }

  /** Lets time pass without a timer firing, as while a laptop sleeps. */
  sleep(ms: number): void {
    this.time += ms;
  }

  private due(end: number): { readonly at: number; readonly run: () => void } | undefined {
    const due = [...this.timers].filter((timer) => timer.at <= end);
    return due.sort((one, other) => one.at - other.at)[0];
  }
}
