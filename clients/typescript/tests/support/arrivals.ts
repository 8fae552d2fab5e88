// A queue that a test awaits: things that arrive one after the other, each taken once.

/** What arrives, in order. */
export class Arrivals<Value> {
  private readonly values: Value[] = [];
  private readonly takers: ((value: Value) => void)[] = [];

  /** Something arrived. */
  push(value: Value): void {
    const taker = this.takers.shift();
    if (taker) taker(value);
    else this.values.push(value);
  }

  /** The next one, as soon as it is there. */
  next(): Promise<Value> {
    const value = this.values.shift();
    if (value !== undefined) return Promise.resolve(value);
    return new Promise((resolve) => this.takers.push(resolve));
  }

  /** How many have arrived and were not taken. */
  get count(): number {
    return this.values.length;
  }
}
