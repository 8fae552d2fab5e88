// The table of close codes.

import { expect, test } from "vitest";
import { comesBack, describe as describeEnd, disconnect, readClose } from "../src/disconnect.ts";

test.each([
  1001, 1005, 1006, 1011, 1012, 1013, 1014, 4000, 4001, 4008, 4010, 4013, 4029, 4050, 4321, 4499,
])("%i comes back", (code) => {
  expect(comesBack(code)).toBe(true);
});

test.each([1000, 1002, 1003, 1007, 1008, 1009, 4500, 4501, 4502, 4503, 4777, 4999])(
  "%i stays away",
  (code) => {
    expect(comesBack(code)).toBe(false);
  },
);

test("the server's reason counts more than the known one", () => {
  expect(describeEnd(disconnect(4501, "not from here"))).toBe("not from here (4501)");
  expect(describeEnd(disconnect(4501, ""))).toBe("forbidden (4501)");
  expect(describeEnd(disconnect(4321))).toBe("close code 4321");
});

test("rpc.close is read with its times", () => {
  const params = { code: 4000, reason: "bye", in_ms: 10, retry_within_ms: 20 };
  expect(readClose(params, undefined)).toEqual({
    end: { code: 4000, reason: "bye", comeBack: true, retryWithinMs: 20 },
    inMs: 10,
  });
});

test("a second rpc.close keeps the return that the first one spread", () => {
  const first = disconnect(4000, "draining", 60_000);
  expect(readClose({ code: 4000 }, first)?.end.retryWithinMs).toBe(60_000);
  expect(readClose({ code: 4000, retry_within_ms: 5 }, first)?.end.retryWithinMs).toBe(5);
});

test("a time to come back is at most a day away", () => {
  const close = readClose({ code: 4000, retry_within_ms: 1e18 }, undefined);
  expect(close?.end.retryWithinMs).toBe(86_400_000);
});

test("times that are none are left out", () => {
  const params = { code: 4000, in_ms: "soon", retry_within_ms: Number.POSITIVE_INFINITY };
  const close = readClose(params, undefined);
  expect(close).toEqual({ end: disconnect(4000), inMs: undefined });
});
