// A service as generated code uses it: a name, its errors, and the typed ways in and out.

import { encodeOr } from "./encoding.ts";
import type { RpcErrorClass } from "./errors.ts";
import type { Incoming, ServedMethod } from "./incoming.ts";
import type { OutgoingCall } from "./layers.ts";
import type { Meta } from "./message.ts";
import type { Unsubscribe } from "./states.ts";
import { type CallStream, OwnStream, type Receiver } from "./stream.ts";
import { type Items, Producer } from "./upload.ts";

/** What one call may set for itself. */
export interface CallOptions {
  /** The time limit; it goes to the server too. With `Infinity` none does, and only the server's own holds:
   * the declared one, or its 30 s. Default: the call's own, else the client's; for streams and uploads none. */
  readonly timeoutMs?: number | undefined;
  /** Ends the call when it is aborted, here at once and at the server. */
  readonly signal?: AbortSignal | undefined;
  /** Sent beside the params, for layers of the server. */
  readonly meta?: Meta | undefined;
  /** How many items the server may be ahead of the loop over a stream. Default 64. */
  readonly credit?: number | undefined;
}

/** What the contract says of a service. */
export interface ServiceDeclaration {
  readonly name: string;
  /** The fingerprint of its wire shape, told in hello. */
  readonly contract?: string;
  /** The errors that any of its calls may answer. */
  readonly errors?: readonly RpcErrorClass[];
}

/** What the contract says of one call. `Item` comes from the server, `Chunk` goes to it. */
export interface CallDeclaration<Result, Params, Item = unknown, Chunk = unknown> {
  /** Safe to run twice: it is sent again when its session is lost. */
  readonly idempotent?: boolean;
  readonly timeoutMs?: number;
  /** Errors of this call only. */
  readonly errors?: readonly RpcErrorClass[];
  /** For params whose form on the wire differs from their type. */
  readonly encode?: (params: Params) => unknown;
  /** For results whose form on the wire differs from their type. */
  readonly decode?: (wire: unknown) => Result;
  /** For items of a stream whose form on the wire differs from their type. */
  readonly decodeItem?: (wire: unknown) => Item;
  /** For items of an upload whose form on the wire differs from their type. */
  readonly encodeItem?: (item: Chunk) => unknown;
}

/** The ways of one service. Generated code calls these. */
export interface ServiceClient {
  /** Calls a method. An array as `params` goes by position, without trailing undefined ones. */
  call<Result = unknown, Params = unknown>(
    method: string,
    params: Params,
    options?: CallOptions,
    declaration?: CallDeclaration<Result, Params>,
  ): Promise<Result>;
  /** Calls a method that answers with many items. */
  stream<Item = unknown, Result = void, Params = unknown>(
    method: string,
    params: Params,
    options?: CallOptions,
    declaration?: CallDeclaration<Result, Params, Item>,
  ): CallStream<Item, Result>;
  /** Calls a method that takes many items. */
  upload<Result = unknown, Params = unknown, Chunk = unknown>(
    method: string,
    params: Params,
    items: Items<Chunk>,
    options?: CallOptions,
    declaration?: CallDeclaration<Result, Params, unknown, Chunk>,
  ): Promise<Result>;
  /** Calls a method that takes many items and answers with many. */
  duplex<Item = unknown, Result = void, Params = unknown, Chunk = unknown>(
    method: string,
    params: Params,
    items: Items<Chunk>,
    options?: CallOptions,
    declaration?: CallDeclaration<Result, Params, Item, Chunk>,
  ): CallStream<Item, Result>;
  /**
   * Sends a notification; resolves when it is handed to the connection. While away it waits like a
   * call. It may be left without `await`: a failure then goes nowhere.
   */
  notify<Params>(
    method: string,
    params: Params,
    encode?: (params: Params) => unknown,
  ): Promise<void>;
  /** Hears an event. */
  on<Event>(
    event: string,
    listener: (event: Event) => void,
    decode?: (wire: unknown) => Event,
  ): Unsubscribe;
  /** Answers calls of the server. Throws when one of the methods is served already. */
  serve(methods: Readonly<Record<string, ServedMethod>>): Unsubscribe;
}

/** What the contract says of any call. */
export type AnyDeclaration = CallDeclaration<unknown, never, unknown, never>;

/** What a call has beside its params and its result. */
export interface CallParts {
  readonly receiver?: Receiver;
  /** What a stream opens with. */
  readonly credit?: number | undefined;
  readonly producer?: Pick<Producer<never>, "begin" | "check" | "pause" | "room">;
}

/** Makes a call, through all layers. */
export type MakeCall = (
  call: OutgoingCall,
  service: ServiceDeclaration,
  declaration: AnyDeclaration,
  parts: CallParts,
) => Promise<unknown>;

/** Sends a notification. */
export type Notify = (method: string, params: () => unknown) => Promise<void>;

/** What a service needs of its client. */
export interface ServiceHost {
  readonly timeoutMs: number;
  readonly incoming: Incoming;
  readonly makeCall: MakeCall;
  readonly notify: Notify;
}

const NOTHING = {};
const NEVER = Number.POSITIVE_INFINITY;

/** Binds a declaration to a client. */
export function bindService(host: ServiceHost, service: ServiceDeclaration): ServiceClient {
  /** A call as layers see it. Without a limit of its own it has the default one. */
  const describe = (
    kind: OutgoingCall["kind"],
    method: string,
    params: unknown,
    { meta, timeoutMs, signal }: CallOptions,
    declaration: AnyDeclaration,
  ): OutgoingCall => ({
    kind,
    method,
    params,
    meta,
    timeoutMs: timeoutMs ?? declaration.timeoutMs ?? (kind === "call" ? host.timeoutMs : NEVER),
    signal,
    idempotent: declaration.idempotent ?? false,
  });
  return {
    call<Result, Params>(
      method: string,
      params: Params,
      options: CallOptions = NOTHING,
      declaration: CallDeclaration<Result, Params> = NOTHING,
    ) {
      const call = describe("call", method, params, options, declaration);
      // The contract, and the decoder made from it, say that the result is one.
      return host.makeCall(call, service, declaration, NOTHING) as Promise<Result>;
    },
    stream<Item, Result, Params>(
      method: string,
      params: Params,
      options: CallOptions = NOTHING,
      declaration: CallDeclaration<Result, Params, Item> = NOTHING,
    ) {
      const call = describe("stream", method, params, options, declaration);
      return new OwnStream<Item, Result>(
        method,
        (signal, receiver) => {
          const made = host.makeCall({ ...call, signal }, service, declaration, {
            receiver,
            credit: options.credit,
          });
          return made as Promise<Result>;
        },
        options.signal,
        declaration.decodeItem,
      );
    },
    async upload<Result, Params, Chunk>(
      method: string,
      params: Params,
      items: Items<Chunk>,
      options: CallOptions = NOTHING,
      declaration: CallDeclaration<Result, Params, unknown, Chunk> = NOTHING,
    ) {
      const call = describe("upload", method, params, options, declaration);
      const producer = new Producer(method, items, declaration.encodeItem);
      const made = host.makeCall(call, service, declaration, { producer });
      return made.finally(() => producer.stop()) as Promise<Result>;
    },
    duplex<Item, Result, Params, Chunk>(
      method: string,
      params: Params,
      items: Items<Chunk>,
      options: CallOptions = NOTHING,
      declaration: CallDeclaration<Result, Params, Item, Chunk> = NOTHING,
    ) {
      const call = describe("duplex", method, params, options, declaration);
      return new OwnStream<Item, Result>(
        method,
        async (signal, receiver) => {
          const producer = new Producer(method, items, declaration.encodeItem);
          const parts = { receiver, producer, credit: options.credit };
          const made = host.makeCall({ ...call, signal }, service, declaration, parts);
          return made.finally(() => producer.stop()) as Promise<Result>;
        },
        options.signal,
        declaration.decodeItem,
      );
    },
    notify(method, params, encode) {
      return host.notify(method, () => prepare(method, params, encode));
    },
    on(event, listener, decode) {
      return host.incoming.on(service.name, event, listener, decode);
    },
    serve(methods) {
      return host.incoming.serve(service.name, methods);
    },
  };
}

/** The params as they go onto the wire. */
export function prepare<Params>(
  method: string,
  params: Params,
  encode: ((params: Params) => unknown) | undefined,
): unknown {
  const wire = encodeOr(`the params of ${method}`, params, encode);
  if (!Array.isArray(wire)) return wire;
  let length = wire.length;
  while (length > 0 && wire[length - 1] === undefined) length -= 1;
  return wire.slice(0, length);
}
