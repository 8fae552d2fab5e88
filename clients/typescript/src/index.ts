// What the package gives, in two parts: what applications use, and what generated code uses.

// --- For applications ---------------------------------------------------------------------------

export { type Client, connect } from "./client.ts";
export type { Codec, Frame } from "./codec.ts";
export type { Disconnect } from "./disconnect.ts";
export {
  CancelledError,
  ClosedError,
  ConnectError,
  ConnectionLostError,
  DeadlineExceededError,
  DecodeError,
  type FieldError,
  InternalError,
  InvalidRequestError,
  MethodNotFoundError,
  NotFoundError,
  ParseError,
  PermissionDeniedError,
  RateLimitedError,
  ResourceExhaustedError,
  RpcError,
  type RpcErrorInit,
  TooLargeError,
  UnauthenticatedError,
  UnavailableError,
  ValidationError,
} from "./errors.ts";
export type { LostReason } from "./hello.ts";
export type { ServedCall } from "./incoming.ts";
export type { Layer, Next, OutgoingCall } from "./layers.ts";
export type {
  ConnectOptions,
  HeartbeatOptions,
  ReconnectOptions,
  TokenProvider,
} from "./options.ts";
export type { CallOptions } from "./service.ts";
export type { OnError, State, Unsubscribe } from "./states.ts";
export type { CallStream, ItemIterator } from "./stream.ts";
export type { WebSocketClass, WebSocketLike } from "./websocket.ts";

// --- For generated code -------------------------------------------------------------------------

export { decodeBytes, encodeBytes } from "./bytes.ts";
export type { RpcErrorClass } from "./errors.ts";
export type { ServedMethod } from "./incoming.ts";
export type { CallDeclaration, ServiceClient, ServiceDeclaration } from "./service.ts";
export type { Items } from "./upload.ts";
