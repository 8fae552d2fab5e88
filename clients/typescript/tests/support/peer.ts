// A scripted peer over a real socket: it does what a test tells it to, message by message.

import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { connectIn } from "../../src/client.ts";
import { type Codec, type Frame, json } from "../../src/codec.ts";
import type { Client } from "../../src/index.ts";
import { type ConnectOptions, connect } from "../../src/index.ts";
import { msgpack } from "../../src/msgpack.ts";
import { Arrivals } from "./arrivals.ts";
import type { Clock } from "./clock.ts";

/** A message as the peer reads it. */
export interface Wire {
  readonly jsonrpc: string;
  readonly id?: number | string | null;
  readonly method?: string;
  /** With the members that tests look at one by one. */
  readonly params?: {
    readonly text?: unknown;
    readonly token?: unknown;
    readonly contract?: unknown;
    readonly limits?: unknown;
    readonly resume?: unknown;
    readonly id?: unknown;
    readonly items?: readonly unknown[];
    readonly credit?: unknown;
  };
  readonly meta?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly error?: {
    readonly code: number;
    readonly message: string;
    readonly data?: Readonly<Record<string, unknown>>;
  };
}

/** What the peer sees of one connection. */
export class PeerConnection {
  /** How the client ended it. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly socket: WebSocket;
  /** The headers of the upgrade. */
  readonly headers: IncomingHttpHeaders;
  /** The last number that arrived on this connection. */
  received = 0;
  /** What the client chose. */
  codec: Codec = json;
  /** Whether what arrives is acknowledged; at once, then. */
  acknowledges = true;
  private readonly messages = new Arrivals<Wire>();

  constructor(socket: WebSocket, headers: IncomingHttpHeaders) {
    this.socket = socket;
    this.headers = headers;
    socket.on("message", (data) => this.take(this.read(data as Buffer)));
    if (socket.protocol === msgpack.subprotocol) this.codec = msgpack;
    socket.on("error", () => {});
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  /** The next message. */
  next(): Promise<Wire> {
    return this.messages.next();
  }

  /** Tests look at numbers only where those are what they are about. */
  private take({ seq, ...message }: Wire & { readonly seq?: number }): void {
    if (seq !== undefined) {
      this.received = seq;
      if (this.acknowledges) this.send({ method: "rpc.ack", params: { seq } });
    }
    // An ack is no news for a test, and when it comes depends on the clock.
    if (message.method !== "rpc.ack") this.messages.push(message);
  }

  /** Messages that have arrived and were not taken. */
  get unread(): number {
    return this.messages.count;
  }

  /** Takes the next message, which must be hello, and answers it. */
  async greet(result: Readonly<Record<string, unknown>> = {}): Promise<Wire> {
    const hello = await this.next();
    if (hello.method !== "rpc.hello") throw new Error(`no hello but ${JSON.stringify(hello)}`);
    this.send({ id: hello.id ?? null, result: { ...HELLO, ...result } });
    return hello;
  }

  /** Answers a call. */
  answer(call: Wire, result: unknown): void {
    this.send({ id: call.id ?? null, result });
  }

  /** Answers a call with an error. */
  fail(call: Wire, error: unknown): void {
    this.send({ id: call.id ?? null, error });
  }

  /** Sends a message. */
  send(message: Readonly<Record<string, unknown>>): void {
    this.raw(this.codec.encode({ jsonrpc: "2.0", ...message }));
  }

  private read(data: Buffer): Wire {
    if (this.codec === json) return JSON.parse(String(data)) as Wire;
    return this.codec.decode(Uint8Array.from(data)) as Wire;
  }

  /** Sends anything. */
  raw(frame: Frame | Buffer): void {
    this.socket.send(frame);
  }

  /** Resolves when the client has read all that was sent: it answers pings in order. */
  async settled(): Promise<void> {
    this.send({ method: "rpc.ping" });
    const { method } = await this.next();
    if (method !== "rpc.pong") throw new Error(`no pong but ${method}`);
  }

  /** Ends it as a killed process would. */
  kill(): void {
    this.socket.terminate();
  }
}

/** What the peer answers to hello, when a test says nothing else. */
export const HELLO = {
  session: "s-1",
  secret: "secret",
  resumed: false,
  received: 0,
  contract: {},
  channels: {},
  ping_ms: 25_000,
  session_ttl_ms: 0,
  limits: {
    max_message_bytes: 1_048_576,
    max_calls: 64,
    max_streams: 128,
    buffer_bytes: 4_194_304,
  },
};

/** A listening peer. */
export class Peer {
  private readonly server: WebSocketServer;
  private readonly connections = new Arrivals<PeerConnection>();

  private constructor(server: WebSocketServer) {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (socket, { headers }) => {
      this.connections.push(new PeerConnection(socket, headers));
    });
  }

  /** Listens on a free port, or on `port` again. It chooses the subprotocol that it is offered. */
  static async listen(port = 0, subprotocol?: false): Promise<Peer> {
    const handleProtocols = subprotocol === false ? { handleProtocols: () => false as const } : {};
    const server = new WebSocketServer({ host: "127.0.0.1", port, ...handleProtocols });
    await once(server, "listening");
    return new Peer(server);
  }

  readonly port: number;

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** The next connection of a client. */
  next(): Promise<PeerConnection> {
    return this.connections.next();
  }

  /** Connections that were made and not taken. */
  get unseen(): number {
    return this.connections.count;
  }

  /** Stops listening and kills every connection. */
  close(): Promise<void> {
    for (const socket of this.server.clients) socket.terminate();
    // Closed already, when a test did so itself.
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

/** Both ends of an open connection. */
export interface Ends {
  readonly client: Client;
  readonly connection: PeerConnection;
}

/** A client and the connection that it opened to the peer; the peer has said hello. */
export async function open(
  peer: Peer,
  options: ConnectOptions = {},
  hello: Readonly<Record<string, unknown>> = {},
): Promise<Ends> {
  const connecting = connect(peer.url, { webSocket: WebSocket, ...options });
  const connection = await peer.next();
  if (!options.plain) await connection.greet(hello);
  return { client: await connecting, connection };
}

/** The same with a clock that the test moves. */
export async function openAt(
  clock: Clock,
  peer: Peer,
  options: ConnectOptions = {},
  hello: Readonly<Record<string, unknown>> = {},
): Promise<Ends> {
  const connecting = connectIn(clock, peer.url, { webSocket: WebSocket, ...options });
  const connection = await peer.next();
  if (!options.plain) await connection.greet(hello);
  return { client: await connecting, connection };
}
