// The items that an application gives to a call: pulled one at a time, as the callee wants them.

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
  private readonly iterator: AsyncIterator<Chunk> | Iterator<Chunk>;
  private readonly encode: ((item: Chunk) => unknown) | undefined;
  private sink: UploadSink | undefined;
  /** Pulled, and not sent yet. */
  private pulled: { readonly item: unknown } | undefined;
  private sent = 0;
  private state: "new" | "pulling" | "done" | "stopped" = "new";
  private hasRoom = false;
  private wake: () => void = () => {};

  constructor(items: Items<Chunk>, encode: ((item: Chunk) => unknown) | undefined) {
    this.iterator =
      Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
    this.encode = encode;
  }

  /** Throws when the items that another call has sent would be missing. */
  check(): void {
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
      // An iterator that threw is over by itself.
      this.state = "done";
      this.sink?.fail(error);
    }
  }

  private async step(): Promise<void> {
    if (!this.pulled) {
      const next = await this.iterator.next();
      if (this.state !== "pulling") return;
      if (next.done) {
        this.state = "done";
        this.sink?.end();
        return;
      }
      this.pulled = { item: this.encode ? this.encode(next.value) : next.value };
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

  /** What the iterator says of its end interests nobody. */
  private async finish(): Promise<void> {
    try {
      await this.iterator.return?.();
    } catch {
      // The call has its outcome already.
    }
  }
}
