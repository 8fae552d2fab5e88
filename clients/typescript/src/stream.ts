// A stream as applications hold it: items to loop over, and the result at their end.

/**
 * A call that answers with many items and then with its result.
 *
 * Looping over it takes the items; leaving the loop early cancels the call at the server. The server
 * is at most 64 items ahead of the loop. It can be looped over once.
 */
export interface CallStream<Item, Result = void> extends AsyncIterable<Item> {
  /**
   * The result, which comes after the last item: somebody must take the items for it to come. Rejects
   * with what the loop throws; left alone it does no harm.
   */
  readonly result: Promise<Result>;
  /** Ends the call, here at once and at the server. */
  cancel(): void;
}
