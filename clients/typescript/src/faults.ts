// What is said of a server that does not keep to the protocol.

import { InvalidRequestError, wireError } from "./errors.ts";

export const UNREADABLE = "the frame cannot be decoded";
export const NO_BATCHES = "a batch, in a session";
export const NO_ACK = "the server sent an rpc.ack without a number";
export const FLOODED = "too many notifications wait for their handlers";
export const NO_ANSWER = "the server sent something else than the answer to hello";
export const NO_HELLO =
  "it knows no rpc.hello; for a JSON-RPC 2.0 server that is none of wirecall pass plain";

/** The answer to a batch. */
export const BATCH_REFUSED: Readonly<Record<string, unknown>> = {
  id: null,
  error: wireError(InvalidRequestError, NO_BATCHES),
};
