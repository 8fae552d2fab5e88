// The pings that prove, when a client closes, that the server has all that was written: on the pure session.

import { expect, test } from "vitest";
import { json } from "../src/codec.ts";
import { Session } from "../src/session.ts";

const HEARTBEAT = { graceMs: 10_000, callSilenceMs: 10_000, callGraceMs: 5_000, timeoutMs: 60_000 };
const END = { code: 1000, reason: "", comeBack: false };

/** A session, and what was written to it and dropped since it was looked at. */
class Talk {
  private readonly session: Session<string>;

  constructor() {
    const settings = { codec: json, plain: false, heartbeat: HEARTBEAT, queue: 2 };
    const limits = { maxMessageBytes: 1_048_576, bufferBytes: 4_194_304 };
    this.session = new Session({ ...settings, ...limits });
  }

  /** A connection, on which hello is answered. */
  open(told: object = {}): void {
    const hello = { client: { name: "n", version: "1" }, token: undefined, contract: {} };
    this.session.connecting(10_000, 0);
    this.session.connected(hello, 0);
    this.receive({ id: 0, result: { session: "s-1", secret: "x", ...told } });
  }

  receive(message: object): void {
    this.session.received(JSON.stringify({ jsonrpc: "2.0", ...message }), 0);
  }

  notify(): void {
    const request = { method: "m", params: undefined, meta: undefined, idempotent: false };
    this.session.send({ ...request, timeoutMs: 30_000 }, false, "", 0);
  }

  /** The page is back: a ping looks whether the connection lives. */
  wake(): void {
    this.session.wake(0);
  }

  cut(): void {
    this.session.disconnected(1006, "");
  }

  close(): void {
    this.session.close(END, 0);
  }

  /** The methods that were written, and `drop`, since the last time. */
  get said(): string[] {
    return this.session.take().flatMap((output) => {
      if (output.type === "drop") return `drop ${output.code}`;
      return output.type === "write" ? JSON.parse(String(output.frame)).method : [];
    });
  }
}

const PONG = { method: "rpc.pong" };

test("the pong of an earlier ping does not end the wait of a client that closes", () => {
  const talk = new Talk();
  talk.open();
  talk.wake();
  talk.notify();
  talk.close();
  expect(talk.said).toEqual(["rpc.hello", "rpc.ping", "m", "rpc.ping"]);
  talk.receive(PONG);
  expect(talk.said).toEqual([]);
  talk.receive(PONG);
  expect(talk.said).toEqual(["drop 1000"]);
});

test("pings of a connection before are not waited for", () => {
  const talk = new Talk();
  talk.open();
  talk.wake();
  talk.notify();
  talk.cut();
  talk.open({ resumed: true, received: 0 });
  talk.close();
  expect(talk.said).toEqual(["rpc.hello", "rpc.ping", "m", "rpc.hello", "m", "rpc.ping"]);
  talk.receive(PONG);
  expect(talk.said).toEqual(["drop 1000"]);
});

test("pongs that nobody asked for prove nothing", () => {
  const talk = new Talk();
  talk.open();
  for (let pongs = 0; pongs < 3; pongs += 1) talk.receive(PONG);
  talk.notify();
  talk.close();
  expect(talk.said).toEqual(["rpc.hello", "m", "rpc.ping"]);
  talk.receive(PONG);
  expect(talk.said).toEqual(["drop 1000"]);
});
