// What the server starts: its events go to listeners, its calls to handlers. Knows no connection.

import { Unreadable } from "./codec.ts";
import {
  DecodeError,
  InternalError,
  incompatibleContract,
  methodNotFound,
  RpcError,
  toError,
  toWire,
  ValidationError,
  wireError,
} from "./errors.ts";
import type { Meta, WireError } from "./message.ts";
import type { Answer, Served } from "./served.ts";
import { Listeners, type OnError, type Unsubscribe } from "./states.ts";

/** A call of the server, beside its params. */
export interface ServedCall {
  readonly method: string;
  /** Aborted when nobody waits for the answer any more: cancelled, too late, or session lost. */
  readonly signal: AbortSignal;
  /** What the server allows for it; undefined for no limit. */
  readonly timeoutMs: number | undefined;
  readonly meta: Meta;
}

/** How a call of the server is answered. Generated code makes these. */
export interface ServedMethod {
  /** Returns the result, or a promise of it. An `RpcError` that it throws is answered as it is,
   * anything else as an internal error, without its text. */
  readonly handle: (params: never, call: ServedCall) => unknown;
  readonly decode?: (wire: unknown) => unknown;
  readonly encode?: (result: never) => unknown;
}

/** A handler, and the service for which it answers. */
interface Bound {
  readonly service: string;
  readonly method: ServedMethod;
}

/** The listeners and handlers of one client. */
export class Incoming {
  private readonly events = new Map<string, Listeners<unknown>>();
  private readonly methods = new Map<string, Bound>();
  /** The services that the server finds this client's contract of incompatible. */
  private incompatible: readonly string[] = [];
  private readonly running = new Map<Served, AbortController>();
  private readonly onError: OnError;

  constructor(onError: OnError) {
    this.onError = onError;
  }

  /** Hello was answered: from here on events of these services are not told, and the calls that belong to
   * them not run. */
  judged(incompatible: readonly string[]): void {
    this.incompatible = incompatible;
  }

  /** Adds a listener to an event of a service. */
  on<Event>(
    service: string,
    event: string,
    listener: (event: Event) => unknown,
    decode?: (wire: unknown) => Event,
  ): Unsubscribe {
    let listeners = this.events.get(event);
    if (!listeners) {
      listeners = new Listeners(event, this.onError);
      this.events.set(event, listeners);
    }
    return listeners.add((wire) => {
      if (this.incompatible.includes(service)) return undefined;
      return listener(decodeOr(event, wire, decode));
    });
  }

  /** Adds handlers for calls that belong to a service. Throws when one of the methods has one. */
  serve(service: string, methods: Readonly<Record<string, ServedMethod>>): Unsubscribe {
    const added = Object.entries(methods).map(
      ([name, method]) => [name, { service, method }] as const,
    );
    for (const [name] of added) {
      if (this.methods.has(name)) throw new Error(`${name} is served already: stop that first`);
    }
    for (const [name, bound] of added) this.methods.set(name, bound);
    return () => {
      for (const [name, bound] of added) {
        if (this.methods.get(name) === bound) this.methods.delete(name);
      }
    };
  }

  /** An event arrived. One that nobody listens to is dropped. */
  event(method: string, params: unknown): void {
    this.events.get(method)?.tell(params);
  }

  /** Whether a method has a handler. */
  handles(method: string): boolean {
    return this.methods.has(method);
  }

  /** A call arrived, or a notification for a handler. Resolves to its answer and never rejects. */
  async run(call: Served): Promise<Answer> {
    const { method, timeoutMs, meta } = call;
    const bound = this.methods.get(method);
    if (!bound) return { error: methodNotFound(method) };
    const { service, method: handler } = bound;
    if (this.incompatible.includes(service)) return { error: incompatibleContract(service) };
    const abort = new AbortController();
    this.running.set(call, abort);
    try {
      const params = decodeOr(method, call.params, handler.decode);
      const served: ServedCall = { method, signal: abort.signal, timeoutMs, meta };
      const result: unknown = await handler.handle(params as never, served);
      const wire = handler.encode ? handler.encode(result as never) : result;
      return { result: wire ?? null };
    } catch (error) {
      return { error: this.judge(call, error, abort.signal.aborted) };
    } finally {
      this.running.delete(call);
    }
  }

  /** A call's answer is not wanted any more. */
  abort(call: Served, reason: WireError): void {
    this.running.get(call)?.abort(toError(reason));
  }

  private judge({ id, method }: Served, error: unknown, wasAborted: boolean): WireError {
    // Of a notification nobody else hears.
    const isTold = id !== undefined;
    if (isTold && error instanceof RpcError) return toWire(error);
    if (isTold && error instanceof DecodeError) {
      return wireError(ValidationError, "the params do not decode");
    }
    // What a handler throws because it was told to stop is no news.
    if (!wasAborted) this.onError(error, `the handler of ${method}`);
    return wireError(InternalError, `the handler of ${method} failed`);
  }
}

/** Decodes, and says of what, when it does not work. */
export function decodeOr<Value>(
  what: string,
  wire: unknown,
  decode: ((wire: unknown) => Value) | undefined,
): Value {
  if (wire instanceof Unreadable) {
    throw new DecodeError(`${what}: what the server sent cannot be read: ${wire.message}`);
  }
  if (!decode) return wire as Value;
  try {
    return decode(wire);
  } catch (cause) {
    throw new DecodeError(`${what}: what the server sent does not decode: ${cause}`, { cause });
  }
}
