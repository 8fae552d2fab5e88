// Plays conformance vectors against the pure session: brings its outputs into the form of
// clients/conformance/README.md. It decides nothing.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Codec, Frame } from "../../src/codec.ts";
import { disconnect } from "../../src/disconnect.ts";
import type { Outcome, Output } from "../../src/output.ts";
import type { Answer, Served } from "../../src/served.ts";
import { Session } from "../../src/session.ts";
import { type Expected, isJson, type Json, Names } from "./names.ts";

const FOLDER = fileURLToPath(new URL("../../../conformance/vectors", import.meta.url));

/** One step: its verb and what must come out of it. */
interface Step extends Json {
  readonly writes?: Expected;
  readonly tells?: Expected;
  readonly loose?: boolean;
  readonly times?: number;
  readonly every_ms?: number;
}

/** The members of what a verb is given. */
interface Given extends Json {
  readonly as?: unknown;
  readonly call?: unknown;
  readonly code?: unknown;
  readonly credit?: unknown;
  readonly error?: unknown;
  readonly id?: unknown;
  readonly idempotent?: unknown;
  readonly items?: unknown;
  readonly limits?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly stream?: unknown;
  readonly timeout_ms?: unknown;
  readonly upload?: unknown;
}

/** The settings of the machine. */
interface VectorSettings {
  readonly buffer_bytes?: number;
  readonly call_grace_ms?: number;
  readonly call_silence_ms?: number;
  readonly connect_timeout_ms?: number;
  readonly first_seq?: number;
  readonly grace_ms?: number;
  readonly heartbeat_timeout_ms?: number;
  readonly max_message_bytes?: number;
  readonly queue?: number;
}

/** A vector, and where it is. */
export interface Vector {
  readonly path: string;
  readonly side: "client" | "both" | "server";
  readonly settings?: VectorSettings;
  readonly steps: readonly Step[];
}

/** The vectors that a client plays. */
export function vectors(): Vector[] {
  const paths = readdirSync(FOLDER, { recursive: true, encoding: "utf8" });
  return paths
    .filter((path) => path.endsWith(".json"))
    .sort()
    .map((path) => ({ ...JSON.parse(readFileSync(`${FOLDER}/${path}`, "utf8")), path }))
    .filter(({ side }) => side !== "server");
}

/** The answer to hello that the verb `open` uses. */
const ANSWER = {
  session: "s-1",
  secret: "k-1",
  resumed: false,
  received: 0,
  user: "ada",
  contract: {},
  channels: {},
  ping_ms: 25_000,
  session_ttl_ms: 60_000,
  limits: {
    max_message_bytes: 1_048_576,
    max_calls: 64,
    max_waiting: 256,
    max_streams: 128,
    max_batch: 32,
    buffer_bytes: 4_194_304,
  },
};

const HELLO = { client: { name: "vectors", version: "1" }, token: undefined, contract: {} };

/** What the application has a handler for. */
const HANDLED = "demo.echo";

/** An upload's producer: what it has and has not handed over. */
interface Producer {
  readonly items: unknown[];
  isEnded: boolean;
}

/** One vector at play. */
export class Player {
  private readonly codec: Codec;
  private readonly vector: Vector;
  private readonly session: Session<string>;
  private readonly connectTimeoutMs: number;
  private now = 1_000_000;
  private readonly names = new Names();
  private readonly calls = new Map<string, number>();
  private readonly served = new Map<unknown, Served>();
  private readonly producers = new Map<string, Producer>();
  private written: Json[] = [];
  private told: Json[] = [];

  constructor(vector: Vector, codec: Codec) {
    const { settings = {} } = vector;
    this.vector = vector;
    this.codec = codec;
    this.connectTimeoutMs = settings.connect_timeout_ms ?? 10_000;
    const machine = {
      codec,
      plain: false,
      queue: settings.queue ?? 256,
      bufferBytes: settings.buffer_bytes ?? 4_194_304,
      maxMessageBytes: settings.max_message_bytes ?? 1_048_576,
      firstSeq: settings.first_seq ?? 1,
      heartbeat: {
        graceMs: settings.grace_ms ?? 10_000,
        callSilenceMs: settings.call_silence_ms ?? 10_000,
        callGraceMs: settings.call_grace_ms ?? 5_000,
        timeoutMs: settings.heartbeat_timeout_ms ?? 60_000,
      },
    };
    this.session = new Session(machine, (method) => method === HANDLED);
  }

  /** Does every step, and compares what comes out of it. */
  play(): void {
    for (const [number, step] of this.vector.steps.entries()) {
      for (let turn = 0; turn < (step.times ?? 1); turn += 1) {
        if (step.every_ms !== undefined) this.advance(step.every_ms);
        this.perform(step, turn);
        this.collect();
      }
      this.compare(step, `step ${number}: ${JSON.stringify(step)}`);
    }
  }

  private compare(step: Step, where: string): void {
    const { written, told } = this;
    this.written = [];
    this.told = [];
    if (step.loose || "open" in step) return;
    this.names.compareWrites(step.writes ?? [], written, where);
    for (const [name, id] of this.calls) this.names.bind(`$${name}`, id);
    this.names.compareTells(step.tells ?? [], told, where);
  }

  private perform(step: Step, turn: number): void {
    const verb = Object.keys(step).find((name) => VERBS.includes(name));
    const given = verb === undefined ? undefined : this.names.fill(step[verb]);
    const members: Given = isJson(given) ? given : {};
    const { now, session } = this;
    const verbs: Record<string, () => void> = {
      open: () => this.open(members),
      connect: () => this.connect(),
      receive: () => this.receive(given, turn),
      receive_raw: () => session.received(String(given), now),
      lose: () => this.lose(Number(members.code ?? 1006)),
      call: () => this.call(members),
      notify: () => this.send(members, false, ""),
      cancel: () => session.cancel(this.id(given), now),
      take: () => session.took(this.id(members.call), Number(members.items), now),
      push: () => this.push(String(members.call), members.items as unknown[]),
      end_upload: () => this.endUpload(String(given)),
      answer: () => this.answer(members),
      advance: () => this.advance(Number(given)),
      sleep: () => this.sleep(Number(given)),
      close: () => this.close(),
    };
    const perform = verb === undefined ? undefined : verbs[verb];
    if (!perform) throw new Error(`no verb that is known in ${JSON.stringify(step)}`);
    perform();
  }

  private open(given: Given): void {
    this.connect();
    const limits = { ...ANSWER.limits, ...(given.limits as object) };
    const [hello] = this.session.take();
    if (hello?.type !== "write") throw new Error("no hello");
    const { id } = this.codec.decode(hello.frame) as { id: unknown };
    this.receive({ id, result: { ...ANSWER, ...given, limits } }, 0);
  }

  private connect(): void {
    this.session.connecting(this.connectTimeoutMs, this.now);
    this.session.connected(HELLO, this.now);
  }

  private receive(given: unknown, turn: number): void {
    const value = Array.isArray(given) ? given.map(withVersion) : withVersion(given);
    const { seq } = isJson(value) ? value : {};
    const frame =
      seq === undefined || turn === 0 ? value : { ...(value as Json), seq: Number(seq) + turn };
    this.session.received(this.encode(frame), this.now);
  }

  /** As a frame from the network: what is binary there is an `ArrayBuffer` of its own. */
  private encode(value: unknown): Frame {
    const frame = this.codec.encode(value as object);
    return frame instanceof Uint8Array ? frame.slice().buffer : frame;
  }

  private lose(code: number): void {
    const end = this.session.disconnected(code, "");
    if (end.comeBack) return;
    this.session.end(end);
    this.told.push({ ended: { code: end.code } });
  }

  private call(given: Given): void {
    const name = String(given.as);
    this.names.forget(`$${name}`);
    this.calls.set(name, this.send(given, true, name));
  }

  private send(given: Given, isCall: boolean, owner: string): number {
    const credit = given.credit === null ? undefined : Number(given.credit ?? 64);
    const request = {
      method: String(given.method),
      params: given.params,
      meta: undefined,
      timeoutMs: Number(given.timeout_ms ?? Number.POSITIVE_INFINITY),
      idempotent: given.idempotent === true,
      stream: given.stream ? { credit } : undefined,
      upload: given.upload === true,
    };
    return this.session.send(request, isCall, owner, this.now);
  }

  private answer(given: Given): void {
    const call = this.served.get(given.id);
    if (!call) throw new Error(`no call ${given.id} was served`);
    const { result, error } = given;
    const answer = error === undefined ? { result } : { error };
    this.session.answer(call, answer as Answer, this.now);
  }

  private advance(ms: number): void {
    const end = this.now + ms;
    for (let at = this.session.wakeAt(); at <= end; at = this.session.wakeAt()) {
      this.now = Math.max(this.now, at);
      this.session.tick(this.now);
      this.collect();
    }
    this.now = end;
  }

  private sleep(ms: number): void {
    this.now += ms;
  }

  private push(name: string, items: readonly unknown[]): void {
    this.producer(name).items.push(...items);
    this.offer(name);
  }

  private endUpload(name: string): void {
    this.producer(name).isEnded = true;
    this.offer(name);
  }

  private close(): void {
    const end = disconnect(1000, "closed by this client");
    if (!this.session.close(end, this.now)) this.told.push({ ended: { code: 1000 } });
  }

  private id(name: unknown): number {
    const id = this.calls.get(String(name));
    if (id === undefined) throw new Error(`no call ${name}`);
    return id;
  }

  private producer(name: unknown): Producer {
    const known = this.producers.get(String(name)) ?? { items: [], isEnded: false };
    this.producers.set(String(name), known);
    return known;
  }

  /** One at a time; what there is no credit or room for stays with the producer. */
  private offer(name: string): void {
    const producer = this.producer(name);
    while (producer.items.length > 0) {
      if (!this.session.push(this.id(name), producer.items[0], this.now)) return;
      producer.items.shift();
    }
    if (producer.isEnded) this.session.endUpload(this.id(name), this.now);
  }

  private collect(): void {
    for (let outputs = this.session.take(); outputs.length > 0; outputs = this.session.take()) {
      for (const output of outputs) this.note(output);
    }
  }

  private note(output: Output<string>): void {
    switch (output.type) {
      case "write":
        this.written.push(this.message(output.frame));
        return;
      case "settle":
        if (output.owner) this.told.push({ outcome: output.owner, ...outcome(output.outcome) });
        return;
      case "items":
        for (const value of output.items) this.told.push({ item: output.owner, value });
        return;
      case "room":
        this.offer(output.owner);
        return;
      case "opened": {
        const { resumed, reason } = output;
        this.told.push({ opened: reason === undefined ? { resumed } : { resumed, reason } });
        return;
      }
      case "event": {
        const { method, params } = output;
        // Of a notification that a handler takes it is told when that starts.
        if (method !== HANDLED) this.told.push({ event: { method, params } });
        return;
      }
      case "serve": {
        const { id, method, params } = output.call;
        this.served.set(id, output.call);
        this.told.push(
          id === undefined ? { event: { method, params } } : { serve: { id, method, params } },
        );
        return;
      }
      case "abort":
        this.told.push({ abort: { id: output.call.id } });
        return;
      case "drop":
        this.told.push({ drop: { code: output.code } });
        return;
    }
  }

  private message(frame: Frame): Json {
    const { jsonrpc, ...message } = this.codec.decode(frame) as Record<string, unknown>;
    if (jsonrpc !== "2.0") throw new Error("a message without its version");
    if ("seq" in message && Object.keys(message).at(-1) !== "seq") {
      throw new Error(`seq is not the last member of ${JSON.stringify(message)}`);
    }
    return message;
  }
}

const VERBS = [
  "open",
  "connect",
  "receive",
  "receive_raw",
  "lose",
  "call",
  "notify",
  "cancel",
  "take",
  "push",
  "end_upload",
  "answer",
  "advance",
  "sleep",
  "close",
];

function withVersion(message: unknown): unknown {
  if (!isJson(message) || "jsonrpc" in message) return message;
  return { jsonrpc: "2.0", ...message };
}

function outcome(outcome: Outcome): Json {
  switch (outcome.type) {
    case "result":
      return { result: outcome.result };
    case "error": {
      const { kind } = isJson(outcome.error.data) ? outcome.error.data : {};
      return { error: kind };
    }
    case "threw":
      return { error: String(outcome.error) };
    case "lost":
      return { error: "connection_lost" };
    case "unsent":
      return { error: "closed" };
  }
}
