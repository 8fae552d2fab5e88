// Errors: from the wire to classes, and back.

import { expect, test } from "vitest";
import { toError, toWire, wireError } from "../src/errors.ts";
import * as wirecall from "../src/index.ts";
import { decodeBytes, encodeBytes, RpcError, ValidationError } from "../src/index.ts";
import { MutedError, RoomNotFoundError } from "./fixtures/chat.ts";

/** The protocol's table: code, kind, class. */
const TABLE = [
  [-32700, "parse_error", wirecall.ParseError],
  [-32600, "invalid_request", wirecall.InvalidRequestError],
  [-32601, "method_not_found", wirecall.MethodNotFoundError],
  [-32602, "validation_error", wirecall.ValidationError],
  [-32603, "internal_error", wirecall.InternalError],
  [-32001, "unauthenticated", wirecall.UnauthenticatedError],
  [-32002, "permission_denied", wirecall.PermissionDeniedError],
  [-32003, "rate_limited", wirecall.RateLimitedError],
  [-32004, "deadline_exceeded", wirecall.DeadlineExceededError],
  [-32005, "cancelled", wirecall.CancelledError],
  [-32006, "unavailable", wirecall.UnavailableError],
  [-32007, "not_found", wirecall.NotFoundError],
  [-32008, "too_large", wirecall.TooLargeError],
  [-32009, "resource_exhausted", wirecall.ResourceExhaustedError],
] as const;

test.each(TABLE)("%i is %s, and has a class of that name", (code, kind, Class) => {
  const error = toError({ code, message: "m", data: { kind } });
  expect(error).toBeInstanceOf(Class);
  expect(error).toMatchObject({ name: Class.name, code, kind, message: "m" });
  expect(toError({ code, message: "m" })).toBeInstanceOf(Class);
});

test("a service's error comes before the protocol's", () => {
  class OwnNotFoundError extends RpcError {
    static readonly code = -32007;
    static readonly kind = "not_found";
  }
  const error = { code: -32007, message: "", data: { kind: "not_found" } };
  expect(toError(error, [OwnNotFoundError])).toBeInstanceOf(OwnNotFoundError);
});

test("a code without a kind is enough for a class: an existing API has none", () => {
  const error = toError({ code: 1001, message: "m", data: 7 }, [RoomNotFoundError]);
  expect(error).toBeInstanceOf(RoomNotFoundError);
  expect(error.data).toBe(7);
});

test("an unknown error keeps all that was sent", () => {
  const data = { kind: "new_kind", details: { a: 1 }, retryable: true, retry_after_ms: 5 };
  const error = toError({ code: 77, message: "m", data });
  expect(error.constructor).toBe(RpcError);
  expect(error).toMatchObject({ code: 77, kind: "new_kind", details: { a: 1 }, data });
  expect(error).toMatchObject({ retryable: true, retryAfterMs: 5, name: "RpcError" });
});

test("an error of this side crosses the wire and comes back as it was", () => {
  const error = new MutedError({ details: { until: "noon" }, message: "hush", retryAfterMs: 9 });
  const wire = JSON.parse(JSON.stringify(toWire(error)));
  expect(wire).toEqual({
    code: 1002,
    message: "hush",
    data: { kind: "muted", retry_after_ms: 9, details: { until: "noon" } },
  });
  expect(toError(wire, [RoomNotFoundError, MutedError])).toMatchObject({
    name: "MutedError",
    details: { until: "noon" },
    retryAfterMs: 9,
  });
});

test("an error with data of its own form keeps it on the wire", () => {
  const error = new RpcError({ code: 3, message: "reverted", data: "0x08" });
  expect(toWire(error)).toEqual({ code: 3, message: "reverted", data: "0x08" });
});

test("a validation error without a list has none", () => {
  for (const details of [undefined, null, 7, { errors: "no" }, { errors: [1, null] }]) {
    expect(new ValidationError({ details }).errors).toEqual([]);
  }
});

test("names do not come from the names of classes, which minifiers change", () => {
  const a = class extends RpcError {
    static readonly code = 5;
    static readonly kind = "room_is_full";
  };
  expect(new a().name).toBe("RoomIsFullError");
  expect(String(toError(wireError(wirecall.UnavailableError, "later")))).toBe(
    "UnavailableError: later",
  );
});

test("details in a form of their own are decoded, encoded, and never hide the error", () => {
  class BrokenError extends RpcError<{ readonly found: Uint8Array }> {
    static readonly code = 1;
    static readonly kind = "broken";
    static decode(wire: unknown) {
      return { found: decodeBytes((wire as { found: unknown }).found) };
    }
    static encode(details: { readonly found: Uint8Array }) {
      return { found: encodeBytes(details.found) };
    }
  }
  const found = Uint8Array.of(7);
  const wire = JSON.parse(JSON.stringify(toWire(new BrokenError({ details: { found } }))));
  expect(wire.data.details).toEqual({ found: "Bw==" });
  expect(toError(wire, [BrokenError])).toMatchObject({ kind: "broken", details: { found } });
  const strange = { ...wire, data: { kind: "broken", details: { found: 1 } } };
  expect(toError(strange, [BrokenError])).toMatchObject({ code: 1, details: { found: 1 } });
  expect(toError({ code: 1, message: "m" }, [BrokenError])).toBeInstanceOf(BrokenError);
});

test("an error that is declared retryable is sent so by a handler, unless it says otherwise", () => {
  class BusyError extends RpcError {
    static readonly code = 2002;
    static readonly kind = "busy";
    static readonly retryable = true;
  }
  const retryable = (error: RpcError) => (toWire(error).data as { retryable?: boolean }).retryable;
  expect(retryable(new BusyError())).toBe(true);
  expect(retryable(new BusyError({ retryable: false }))).toBe(undefined);
  // What arrives says itself what it is.
  const data = { kind: "busy", retryable: false };
  expect(toError({ code: 2002, message: "", data }, [BusyError]).retryable).toBe(false);
});
