// A stream as applications hold it: items to loop over, and the result at their end.

import { DecodeError } from "./errors.ts";
import { decodeOr } from "./incoming.ts";

/**
 * A call that answers with many items and then with its result.
 *
 * Looping over it takes the items; leaving the loop early cancels the call at the server. The server
 * is at most 64 items ahead of the loop (option `credit`). It can be looped over once; a second
 * loop throws a `TypeError`.
 */
export interface CallStream<Item, Result = void> extends AsyncIterable<Item> {
  [Symbol.asyncIterator](): ItemIterator<Item>;
  /**
   * The result, which comes after the last item: somebody must take the items for it to come. Where they
   * are more than `credit` and no loop takes them, it never does. Rejects with what the loop throws; left
   * alone it does no harm.
   */
  readonly result: Promise<Result>;
  /** Ends the call, here at once and at the server. */
  cancel(): void;
}

/** The items of a stream, one by one. It is an `AsyncIterableIterator<Item>`, in words that TypeScript 5.4 knows. */
export interface ItemIterator<Item> extends AsyncIterator<Item, undefined> {
  [Symbol.asyncIterator](): ItemIterator<Item>;
}

/** Takes the items of a call, as they cross the wire. */
export interface Receiver {
  /** The call is made. `took` is to be told of each item that the application took. */
  begin(took: () => void): void;
  items(wire: readonly unknown[]): void;
}

/** Whoever awaits the next item. */
interface Waiter<Item> {
  resolve(next: IteratorResult<Item, undefined>): void;
  reject(error: unknown): void;
}

const DONE = { done: true, value: undefined } as const;

/** The stream of one call. */
export class OwnStream<Item, Result> implements CallStream<Item, Result>, Receiver {
  readonly result: Promise<Result>;
  private readonly method: string;
  private readonly decode: ((wire: unknown) => Item) | undefined;
  private readonly stop: AbortController = new AbortController();
  /** Arrived and not taken, from `head` on; never more than there is credit for. What was taken before it is
   * never more than that. */
  private arrived: unknown[] = [];
  private head = 0;
  private waiters: Waiter<Item>[] = [];
  private took: () => void = () => {};
  /** Nothing comes any more; after what has arrived the loop ends, or throws the error once. */
  private isOver = false;
  private isLooped = false;
  private failure: { readonly error: unknown } | undefined;

  /** `start` makes the call; the signal ends it. */
  constructor(
    method: string,
    start: (signal: AbortSignal, receiver: Receiver) => Promise<Result>,
    signal: AbortSignal | undefined,
    decode: ((wire: unknown) => Item) | undefined,
  ) {
    this.method = method;
    this.decode = decode;
    const abort = () => this.stop.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    this.result = this.await(start(this.stop.signal, this)).finally(() => {
      signal?.removeEventListener("abort", abort);
    });
    // Whoever only loops meets the error there.
    this.result.catch(() => {});
  }

  [Symbol.asyncIterator](): ItemIterator<Item> {
    // A second loop would take nothing, and look as if there had been nothing.
    if (this.isLooped) throw new TypeError(`the items of ${this.method} can be looped over once`);
    this.isLooped = true;
    return {
      next: () => this.next(),
      return: () => this.return(),
      // Who has taken the first items by hand may loop over the others.
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  cancel(): void {
    this.stop.abort();
  }

  begin(took: () => void): void {
    this.took = took;
  }

  items(wire: readonly unknown[]): void {
    // Left already: what is under way is ignored.
    if (this.isOver) return;
    for (const item of wire) this.arrived.push(item);
    this.serve();
  }

  private next(): Promise<IteratorResult<Item, undefined>> {
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject });
      this.serve();
    });
  }

  /** The loop was left. */
  private async return(): Promise<IteratorResult<Item, undefined>> {
    this.isOver = true;
    this.failure = undefined;
    this.arrived = [];
    this.head = 0;
    this.cancel();
    this.serve();
    return DONE;
  }

  /** Hands what there is to those who wait. */
  private serve(): void {
    while (this.waiters.length > 0 && (this.head < this.arrived.length || this.isOver)) {
      const waiter = this.waiters.shift();
      if (this.head < this.arrived.length) this.hand(waiter);
      else if (this.failure) {
        waiter?.reject(this.failure.error);
        this.failure = undefined;
      } else waiter?.resolve(DONE);
    }
  }

  private hand(waiter: Waiter<Item> | undefined): void {
    const wire = this.arrived[this.head];
    this.head += 1;
    // Each item is moved at most once for every one that went; a loop that lags never empties the array.
    if (this.head * 2 >= this.arrived.length) {
      this.arrived = this.arrived.slice(this.head);
      this.head = 0;
    }
    try {
      const value = decodeOr(this.method, wire, this.decode);
      this.took();
      waiter?.resolve({ done: false, value });
    } catch (error) {
      waiter?.reject(error);
      this.fail(error);
    }
  }

  /** An item does not decode: the call ends with that, and so does the loop. */
  private fail(error: unknown): void {
    this.arrived = [];
    this.head = 0;
    this.isOver = true;
    this.stop.abort(error);
  }

  private async await(started: Promise<Result>): Promise<Result> {
    try {
      return await started;
    } catch (error) {
      const { reason } = this.stop.signal;
      const failure = this.isOver && reason instanceof DecodeError ? reason : error;
      if (!this.isOver) this.failure = { error: failure };
      throw failure;
    } finally {
      this.isOver = true;
      this.serve();
    }
  }
}
