// One call of an application, from its params to its typed outcome.

import type { Connector, Owner } from "./connector.ts";
import { CancelledError, ClosedError, ConnectionLostError, toError } from "./errors.ts";
import { decodeOr } from "./incoming.ts";
import type { OutgoingCall } from "./layers.ts";
import type { Outcome } from "./output.ts";
import {
  type AnyDeclaration,
  type CallParts,
  prepare,
  type ServiceDeclaration,
} from "./service.ts";
import { STREAM_CREDIT } from "./streams.ts";

/** Makes a call. Resolves to its decoded result. */
export function makeCall(
  connector: Connector,
  call: OutgoingCall,
  service: ServiceDeclaration,
  declaration: AnyDeclaration,
  { receiver, producer, credit = STREAM_CREDIT }: CallParts,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { method, timeoutMs, signal, meta, idempotent } = call;
    // Also NaN is none.
    if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs of ${method} must be above 0`);
    if (signal?.aborted) {
      throw new CancelledError({ message: `${method} was cancelled`, cause: signal.reason });
    }
    if (!(Number.isInteger(credit) && credit > 0)) {
      throw new RangeError(`credit of ${method} must be an integer above 0`);
    }
    producer?.check();
    const params = prepare(method, call.params as never, declaration.encode);
    let id = 0;
    let isOver = false;
    const cancel = () => connector.cancel(id);
    const settle = (outcome: Outcome) => {
      isOver = true;
      signal?.removeEventListener("abort", cancel);
      producer?.pause();
      try {
        resolve(result(outcome, call, service, declaration));
      } catch (error) {
        reject(error);
      }
    };
    const owner: Owner = {
      settle,
      items: (wire) => receiver?.items(wire),
      room: () => producer?.room(),
    };
    const stream = receiver && { credit };
    const upload = producer !== undefined;
    const request = { method, params, meta, timeoutMs, idempotent, stream, upload };
    signal?.addEventListener("abort", cancel);
    id = connector.send(request, true, owner);
    receiver?.begin(() => connector.took(id));
    if (isOver) return;
    producer?.begin({
      push: (item) => connector.push(id, item),
      end: () => connector.endUpload(id),
      fail: (error) => {
        reject(error);
        cancel();
      },
    });
  });
}

/** The decoded result. Throws what the call rejects with. */
function result(
  outcome: Outcome,
  { method, signal }: OutgoingCall,
  service: ServiceDeclaration,
  { errors = [], decode }: AnyDeclaration,
): unknown {
  if (outcome.type !== "result") {
    throw failure(method, outcome, [...errors, ...(service.errors ?? [])], signal);
  }
  return decodeOr(method, outcome.result, decode);
}

/** What a call that did not succeed rejects with. */
export function failure(
  method: string,
  outcome: Exclude<Outcome, { type: "result" }>,
  classes: Parameters<typeof toError>[1] = [],
  signal?: AbortSignal,
): unknown {
  switch (outcome.type) {
    case "error":
      return toError(outcome.error, classes, signal?.aborted ? signal.reason : undefined);
    case "threw":
      return outcome.error;
    case "lost":
      return new ConnectionLostError(outcome.end, `the outcome of ${method} is unknown`);
    case "unsent":
      return new ClosedError(outcome.end, method);
  }
}
