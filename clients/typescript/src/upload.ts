// The items that an application gives to a call: pulled one at a time, as the callee wants them.

import { encodeOr, nameOf } from "./encoding.ts";

/** What an upload takes its items from. Its iterator is told when no more are wanted. */
export type Items<Chunk> = AsyncIterable<Chunk> | Iterable<Chunk>;

/** Where the items of one call go. */
export interface UploadSink {
  /** False when the item has to wait, until `room` is told. */
  push(item: unknown): boolean;
  end(): void;
  /** The application's iterator, or the encoder, failed. */
  fail(error: unknown): void;
}

/** Pulls the items of one upload. At most one is pulled ahead of what the callee allows. */
export class Producer<Chunk> {
  private readonly method: string;
  private readonly iterator: AsyncIterator<Chunk> | Iterator<Chunk>;
  private readonly encode: ((item: Chunk) => unknown) | undefined;
  private sink: UploadSink | undefined;
  /** Pulled, and not sent yet. */
  private pulled: { readonly item: unknown } | undefined;
  private sent = 0;
  private state: "new" | "pulling" | "done" | "stopped" = "new";
  private hasRoom = false;
  /** What kept the items from being sent. */
  private failed: { readonly error: unknown } | undefined;
  private wake: () => void = () => {};

  /** Throws when the items are none. */
  constructor(method: string, items: Items<Chunk>, encode: ((item: Chunk) => unknown) | undefined) {
    this.method = method;
    this.iterator = iterate(method, items);
    this.encode = encode;
  }

  /** Throws when there are no items for a call any more: the source has failed, or another has sent some. */
  check(): void {
    if (this.failed) throw this.failed.error;
    if (this.sent > 0) throw new TypeError("an upload cannot be sent again: its items are gone");
  }

  /** A call takes the items. */
  begin(sink: UploadSink): void {
    this.sink = sink;
    if (this.state === "new") void this.run();
    else if (this.state === "done") sink.end();
    else this.room();
  }

  /** The callee takes more. */
  room(): void {
    this.hasRoom = true;
    this.wake();
  }

  /** No call wants any more of them: the iterator may tidy up. */
  stop(): void {
    this.sink = undefined;
    const { state } = this;
    this.state = "stopped";
    this.wake();
    if (state !== "done" && state !== "stopped") void this.finish();
  }

  /** The call is over, but another may take the items that are left. */
  pause(): void {
    this.sink = undefined;
  }

  private async run(): Promise<void> {
    this.state = "pulling";
    try {
      while (this.state === "pulling") await this.step();
    } catch (error) {
      // An item that cannot be sent: the iterator has not ended. One that threw is over by itself.
      if (this.state === "pulling") void this.finish();
      this.state = "done";
      this.failed = { error };
      this.sink?.fail(error);
    }
  }

  private async step(): Promise<void> {
    if (!this.pulled) {
      const next = await this.pull();
      if (this.state !== "pulling") return;
      if (next.done) {
        this.state = "done";
        this.sink?.end();
        return;
      }
      const what = `item ${this.sent + 1} of ${this.method}`;
      this.pulled = { item: encodeOr(what, next.value, this.encode) };
    }
    this.hasRoom = false;
    if (this.sink?.push(this.pulled.item)) {
      this.sent += 1;
      this.pulled = undefined;
    } else if (!this.hasRoom) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private async pull(): Promise<IteratorResult<Chunk>> {
    try {
      return await this.iterator.next();
    } catch (error) {
      this.state = "done";
      throw error;
    }
  }

  /** What the iterator says of its end interests nobody. */
  private async finish(): Promise<void> {
    try {
      await this.iterator.return?.();
    } catch {
      // The call has its outcome already.
    }
  }
}

/** Plain JavaScript may give anything. A text is refused: its letters are hardly the items. */
function iterate<Chunk>(
  method: string,
  items: Items<Chunk>,
): AsyncIterator<Chunk> | Iterator<Chunk> {
  const given: Partial<AsyncIterable<Chunk> & Iterable<Chunk>> = Object(items);
  const iterator = given[Symbol.asyncIterator]?.() ?? given[Symbol.iterator]?.();
  if (iterator && typeof items !== "string") return iterator;
  throw new TypeError(
    `${method} takes an iterable of items, async or not, and got: ${nameOf(items)}`,
  );
}
