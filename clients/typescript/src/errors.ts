// Errors as applications meet them: one class for each kind, made from what crossed the wire.

import { type Disconnect, describe } from "./disconnect.ts";
import { isRecord, type WireError } from "./message.ts";

/** What an {@link RpcError} is made of. In a class with a `code` and a `kind` of its own, as generated
 * ones are, `details` is all that a handler needs to give. */
export interface RpcErrorInit<Details = unknown> {
  /** Default: the class's own. */
  readonly code?: number | undefined;
  /** Default: the class's own. */
  readonly kind?: string | undefined;
  /** For people. Default: the kind. */
  readonly message?: string | undefined;
  /** Default: the class's own, else false. */
  readonly retryable?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly details?: Details | undefined;
  /** The raw member `data`, where it is not the protocol's own form. */
  readonly data?: unknown;
  readonly cause?: unknown;
}

/** A class that stands for one error code. */
export interface RpcErrorClass {
  new (init: RpcErrorInit<never>): RpcError;
  readonly code: number;
  readonly kind: string;
  /** What it is declared to be, where it is answered by this side. */
  readonly retryable?: boolean;
  /** For details whose form on the wire differs from their type. */
  readonly decode?: (wire: unknown) => unknown;
  /** The same, where this side answers with the error. */
  readonly encode?: (details: never) => unknown;
}

/**
 * The other side answered with an error. Every kind of the protocol has a subclass, and so has every
 * error that a service declares; an error of no known class is an `RpcError` itself.
 */
export class RpcError<Details = unknown> extends Error {
  /** Negative: one of the protocol's. Positive: one of the service's. */
  readonly code: number;
  /** The name to switch on; `unknown` when a plain peer gave none. */
  readonly kind: string;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before that, where the other side said so. */
  readonly retryAfterMs: number | undefined;
  /** The fields of the service's error. */
  readonly details: Details;
  /** The member `data` as it came, for peers that put their own form there. */
  readonly data: unknown;

  constructor(init: RpcErrorInit<Details> = {}) {
    // Subclasses have them as statics; this class has none, so that theirs need no `override`.
    const own = new.target as unknown as Partial<RpcErrorClass>;
    const kind = init.kind ?? own.kind ?? "unknown";
    super(init.message || kind, "cause" in init ? { cause: init.cause } : undefined);
    // Not the name of the class: a minifier changes that.
    this.name = own.kind ? className(own.kind) : "RpcError";
    this.code = init.code ?? own.code ?? -32603;
    this.kind = kind;
    this.retryable = init.retryable ?? own.retryable ?? false;
    this.retryAfterMs = init.retryAfterMs;
    this.details = init.details as Details;
    this.data = init.data;
  }
}

const NONE: Readonly<Record<string, unknown>> = {};

/** `room_not_found` → `RoomNotFoundError`. */
function className(kind: string): string {
  const words = kind.replace(/_error$/, "").split("_");
  return `${words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("")}Error`;
}

/** The other side could not read what was sent. */
export class ParseError extends RpcError {
  static readonly code = -32700;
  static readonly kind = "parse_error";
}

/** What was sent is no valid request. */
export class InvalidRequestError extends RpcError {
  static readonly code = -32600;
  static readonly kind = "invalid_request";
}

/** The other side knows no such method: is the generated client newer than the server? */
export class MethodNotFoundError extends RpcError {
  static readonly code = -32601;
  static readonly kind = "method_not_found";
}

/** One broken check. */
export interface FieldError {
  /** JSON Pointer into the params, in wire names. */
  readonly path: string;
  /** The check's name, such as `length`. */
  readonly rule: string;
  readonly message: string;
}

/** The params do not fit their type or break a check. */
export class ValidationError extends RpcError {
  static readonly code = -32602;
  static readonly kind = "validation_error";

  /** All broken checks at once; empty when the other side named none. */
  get errors(): readonly FieldError[] {
    const { errors } = isRecord(this.details) ? this.details : NONE;
    return Array.isArray(errors) ? errors.filter((one): one is FieldError => isRecord(one)) : [];
  }
}

/** The handler failed unexpectedly. The other side's log has the cause. */
export class InternalError extends RpcError {
  static readonly code = -32603;
  static readonly kind = "internal_error";

  /** Names the entry in the other side's log. */
  get incident(): string | undefined {
    const { incident } = isRecord(this.details) ? this.details : NONE;
    return typeof incident === "string" ? incident : undefined;
  }
}

/** Nobody is logged in. */
export class UnauthenticatedError extends RpcError {
  static readonly code = -32001;
  static readonly kind = "unauthenticated";
}

/** The user may not do this. */
export class PermissionDeniedError extends RpcError {
  static readonly code = -32002;
  static readonly kind = "permission_denied";
}

/** Too many calls; `retryAfterMs` may say when to come back. */
export class RateLimitedError extends RpcError {
  static readonly code = -32003;
  static readonly kind = "rate_limited";
}

/** The time limit of the call is over. It may still have run. */
export class DeadlineExceededError extends RpcError {
  static readonly code = -32004;
  static readonly kind = "deadline_exceeded";
}

/** The call was cancelled, here (`cause` is the signal's reason) or there. */
export class CancelledError extends RpcError {
  static readonly code = -32005;
  static readonly kind = "cancelled";
}

/** The server does not take calls now. */
export class UnavailableError extends RpcError {
  static readonly code = -32006;
  static readonly kind = "unavailable";
}

/** What was asked for does not exist. */
export class NotFoundError extends RpcError {
  static readonly code = -32007;
  static readonly kind = "not_found";
}

/** A message is larger than the other side takes. */
export class TooLargeError extends RpcError {
  static readonly code = -32008;
  static readonly kind = "too_large";
}

/** A limit is reached; the message names it. */
export class ResourceExhaustedError extends RpcError {
  static readonly code = -32009;
  static readonly kind = "resource_exhausted";
}

const PROTOCOL_ERRORS: readonly RpcErrorClass[] = [
  ParseError,
  InvalidRequestError,
  MethodNotFoundError,
  ValidationError,
  InternalError,
  UnauthenticatedError,
  PermissionDeniedError,
  RateLimitedError,
  DeadlineExceededError,
  CancelledError,
  UnavailableError,
  NotFoundError,
  TooLargeError,
  ResourceExhaustedError,
];

/**
 * The session was lost (a plain peer's ends with its connection) after the call was written and before
 * its answer was there: it may have run or not. Calls that are idempotent, and calls that were never
 * received, do not meet this.
 */
export class ConnectionLostError extends Error {
  override readonly name = "ConnectionLostError";
  /** How the connection ended. */
  readonly disconnect: Disconnect;

  constructor(end: Disconnect, what = "the connection is lost") {
    super(`${what}: ${describe(end)}`);
    this.disconnect = end;
  }
}

/** No connection came about. The message says to where, why, and what to look at; `cause` has more. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

/**
 * The call never ran: the client was closed, by its `close()`, by the server, or because it gave up; or
 * it came back as another user, in whose name the call must not run.
 */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
  /** How the client, or the user's session, ended. */
  readonly disconnect: Disconnect;

  constructor(end: Disconnect, what = "the call") {
    super(`${what} was not sent: ${describe(end)}`);
    this.disconnect = end;
  }
}

/** A result, or the params of an event or a server's call, did not decode. `cause` says why. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** The error of the wire as the class that stands for it: the service's own first. */
export function toError(
  { code, message, data }: WireError,
  classes: readonly RpcErrorClass[] = [],
  cause?: unknown,
): RpcError {
  const { kind, retryable, retry_after_ms, details } = isRecord(data) ? data : NONE;
  const known = typeof kind === "string" ? kind : undefined;
  const init = {
    message,
    retryable: retryable === true,
    retryAfterMs: typeof retry_after_ms === "number" ? retry_after_ms : undefined,
    details: details as never,
    data,
    ...(cause === undefined ? {} : { cause }),
  };
  const fits = (one: RpcErrorClass) => one.code === code && (known ?? one.kind) === one.kind;
  const Class = classes.find(fits) ?? PROTOCOL_ERRORS.find((one) => one.code === code);
  const plain = () => new RpcError({ ...init, code, kind: known });
  if (!Class?.decode || details === undefined) return Class ? new Class(init) : plain();
  try {
    return new Class({ ...init, details: Class.decode(details) as never });
  } catch {
    // An error whose details do not fit is still an error.
    return plain();
  }
}

/** An error of this side in the form of the wire. */
export function toWire(error: RpcError): WireError {
  const { code, message, kind, retryable, retryAfterMs, details } = error;
  const { encode } = error.constructor as Partial<RpcErrorClass>;
  const data = error.data ?? {
    kind,
    retryable: retryable || undefined,
    retry_after_ms: retryAfterMs,
    details: encode ? encode(details as never) : details,
  };
  return { code, message, data };
}

/** An error of the protocol in the form of the wire. */
export function wireError(Class: RpcErrorClass, message: string, retryable = false): WireError {
  return {
    code: Class.code,
    message,
    data: { kind: Class.kind, retryable: retryable || undefined },
  };
}

/** The answer to a call that belongs to a service whose contract the server finds incompatible. */
export function incompatibleContract(service: string): WireError {
  const why = `generated from an older, incompatible contract of \`${service}\``;
  const message = `the client was ${why}; generate it again`;
  const { code, kind } = MethodNotFoundError;
  return { code, message, data: { kind, details: { service, contract: "incompatible" } } };
}

/** The answer to a call that nobody here handles. */
export function methodNotFound(method: string): WireError {
  return wireError(MethodNotFoundError, `no handler for ${method}`);
}
