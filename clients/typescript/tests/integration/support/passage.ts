// A way to a server that a test can cut, or let go silent, at any moment.

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Passes bytes on, both ways, as long as it is told to. */
export class Passage {
  /** How many connections were cut. */
  cuts = 0;
  private readonly server: Server;
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(target: URL) {
    this.server = createServer((here) => this.join(here, target));
  }

  /** A proxy before the server of that URL. */
  static async before(url: string): Promise<Passage> {
    const proxy = new Passage(new URL(url));
    proxy.server.listen(0, "127.0.0.1");
    await once(proxy.server, "listening");
    return proxy;
  }

  /** Where clients connect. */
  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Ends every connection without a word; new ones are passed on. */
  cut(): void {
    this.cuts += this.pairs.size > 0 ? 1 : 0;
    for (const pair of this.pairs) for (const socket of pair) socket.resetAndDestroy();
    this.pairs.clear();
  }

  /** Swallows whatever comes on the connections that are there. */
  fallSilent(): void {
    for (const pair of this.pairs) {
      for (const socket of pair) socket.unpipe().resume();
    }
  }

  /** Cuts and listens no more. */
  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }

  private join(here: Socket, { hostname, port }: URL): void {
    const there = connect(Number(port), hostname);
    const pair = [here, there] as const;
    this.pairs.add(pair);
    for (const [from, to] of [pair, [there, here] as const]) {
      from.setNoDelay();
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => {
        to.destroy();
        this.pairs.delete(pair);
      });
    }
  }
}
