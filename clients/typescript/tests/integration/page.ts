// The client's part in a browser: what a test calls in the page.

import { type Client, type ConnectOptions, connect, type State } from "@wirecall/client";
import { msgpack } from "@wirecall/client/msgpack";
import { FixtureClient } from "./generated/fixture.ts";

/** Keeps one client, and what its states told. */
class Page {
  states: State[] = [];
  private client: Client | undefined;
  private readonly open = new Map<string, Promise<string>>();

  async connect(codec: "json" | "msgpack", options: ConnectOptions): Promise<string | undefined> {
    this.states = [];
    const url = new URL("/", location.href);
    const chosen = codec === "msgpack" ? { codec: msgpack } : {};
    this.client = await connect(url, { ...options, ...chosen });
    this.client.onState((state) => this.states.push(state));
    return this.client.session;
  }

  /** Makes a call whose answer is asked for later. */
  ask(text: string): void {
    this.open.set(text, this.fixture.echoText({ text }));
  }

  answer(text: string): Promise<string> | undefined {
    return this.open.get(text);
  }

  /** Sends bytes out and back again. */
  async bytes(count: number): Promise<string> {
    const pieces = [Uint8Array.from({ length: count }, (_, index) => index % 256)];
    for await (const piece of this.fixture.echoPieces(pieces)) {
      return `${piece.constructor.name} ${piece.length} ${piece.at(-1)}`;
    }
    return "nothing";
  }

  /** Resolves when there is such a state, the present one included. */
  until(type: State["type"]): Promise<State> {
    return new Promise((resolve) => {
      const look = (state: State | undefined) => state?.type === type && resolve(state);
      this.client?.onState(look);
      look(this.client?.state);
    });
  }

  close(): Promise<void> | undefined {
    return this.client?.close();
  }

  private get fixture(): FixtureClient {
    if (!this.client) throw new Error("not connected");
    return new FixtureClient(this.client);
  }
}

declare global {
  var page: Page;
}

globalThis.page = new Page();
