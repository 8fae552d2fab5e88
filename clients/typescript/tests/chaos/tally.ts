// What the client of a chaos run counts, in the form in which it is compared with the server's.

import { ConnectionLostError } from "@wirecall/client";

/** Numbers from 1 on, as they were received. */
export class Numbers {
  received = 0;
  last = 0;
  duplicated = 0;
  reordered = 0;

  readonly #seen = new Set<number>();

  take(number: number): void {
    this.received += 1;
    if (number <= this.last) this.duplicated += 1;
    else if (number > this.last + 1) this.reordered += 1;
    this.last = Math.max(this.last, number);
  }

  /** Takes one that may come in any order: calls are made at once. */
  takeAny(number: number): void {
    this.received += 1;
    if (this.#seen.has(number)) this.duplicated += 1;
    this.#seen.add(number);
    this.last = Math.max(this.last, number);
  }
}

/** The calls of one kind. Every failure but a lost session is a fault. */
export class Calls {
  made = 0;
  results = 0;
  readonly unknown: number[] = [];
  readonly failed: string[] = [];

  next(): number {
    this.made += 1;
    return this.made;
  }

  async outcome(number: number, answer: Promise<{ readonly number: number }>): Promise<void> {
    try {
      const added = await answer;
      if (added.number === number) this.results += 1;
      else this.failed.push(`${number} was answered ${added.number}`);
    } catch (error) {
      if (error instanceof ConnectionLostError) this.unknown.push(number);
      else this.failed.push(`${number}: ${error}`);
    }
  }
}

/** The items of the streams of one kind, each 1, 2, 3 …, as this end counts them. */
export class Items {
  sent = 0;
  received = 0;
  duplicated = 0;
  reordered = 0;

  /** Takes the item after `last` of the same stream, and tells what its last one is now. */
  take(last: number, item: number): number {
    this.received += 1;
    if (item <= last) this.duplicated += 1;
    else if (item > last + 1) this.reordered += 1;
    return Math.max(last, item);
  }
}

/** The streams of one kind. Every failure but a lost session is a fault. */
export class Streams {
  made = 0;
  complete = 0;
  unknown = 0;
  readonly items: Items = new Items();
  readonly failed: string[] = [];

  /** Runs the next one, which is given its number. */
  async outcome(run: (number: number) => Promise<string | undefined>): Promise<void> {
    this.made += 1;
    try {
      const fault = await run(this.made);
      if (fault === undefined) this.complete += 1;
      else this.failed.push(fault);
    } catch (error) {
      if (error instanceof ConnectionLostError) this.unknown += 1;
      else this.failed.push(String(error));
    }
  }
}
