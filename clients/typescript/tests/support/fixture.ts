// The peer of one test: listening before it, gone after it, with every client that the test opened.

import { test as base, type TestAPI } from "vitest";
import type { ConnectOptions } from "../../src/index.ts";
import { Clock } from "./clock.ts";
import { type Ends, open, openAt, Peer } from "./peer.ts";

type Opening = (
  options?: ConnectOptions,
  hello?: Readonly<Record<string, unknown>>,
) => Promise<Ends>;

/** What a test over a real socket is given. */
export interface World {
  readonly peer: Peer;
  readonly clock: Clock;
  /** Opens a client on the real clock. */
  readonly open: Opening;
  /** Opens a client on the moved clock. */
  readonly openAt: Opening;
}

/** A test over a real socket. */
export const test: TestAPI<World> = base.extend<World>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern what a fixture needs.
  peer: async ({}, use) => {
    const peer = await Peer.listen();
    await use(peer);
    await peer.close();
  },
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads from the pattern what a fixture needs.
  clock: async ({}, use) => use(new Clock()),
  open: async ({ peer }, use) => {
    const opened: Ends[] = [];
    await use(async (options, hello) => {
      const ends = await open(peer, options, hello);
      opened.push(ends);
      return ends;
    });
    await Promise.all(opened.map(({ client }) => client.close()));
  },
  openAt: async ({ peer, clock }, use) => {
    const opened: Ends[] = [];
    await use(async (options, hello) => {
      const ends = await openAt(clock, peer, options, hello);
      opened.push(ends);
      return ends;
    });
    const closing = opened.map(({ client }) => client.close());
    // Where the test has failed, the peer may owe an acknowledgement.
    clock.advance(10_000);
    await Promise.all(closing);
  },
});
