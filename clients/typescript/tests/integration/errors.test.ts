// Errors as the generated client throws them.

import { afterAll, expect, test } from "vitest";
import {
  InternalError,
  PermissionDeniedError,
  UnauthenticatedError,
  ValidationError,
} from "../../src/index.ts";
import { rejection } from "../support/states.ts";
import { BusyError, GoneError, SulkingError } from "./generated/fixture.ts";
import { open, startServer } from "./support/server.ts";

const server = await startServer();
const { client, fixture } = await open(server);
afterAll(async () => {
  await client.close();
  await server.kill();
});

test("a service's errors are its classes, with their fields", async () => {
  const gone = await rejection(fixture.fail({ way: "gone" }));
  expect(gone).toBeInstanceOf(GoneError);
  expect(gone).toMatchObject({
    code: 1001,
    kind: "gone",
    details: { what: "the attic", since: 7 },
  });
  const busy = await rejection(fixture.fail({ way: "busy" }));
  expect(busy).toBeInstanceOf(BusyError);
  expect(busy).toMatchObject({ retryable: true });
});

test("a call's own error is its class", async () => {
  const sulking = await rejection(fixture.sulk());
  expect(sulking).toBeInstanceOf(SulkingError);
  expect(sulking).toMatchObject({ details: { degree: 9 } });
});

test("the protocol's errors are classes, and nothing of the inside is told", async () => {
  expect(await rejection(fixture.fail({ way: "denied" }))).toBeInstanceOf(PermissionDeniedError);
  expect(await rejection(fixture.mustBeSomebody())).toBeInstanceOf(UnauthenticatedError);
  for (const way of ["panic", "internal"]) {
    const error = await rejection(fixture.fail({ way }));
    expect(error).toBeInstanceOf(InternalError);
    expect(error).toMatchObject({ details: { incident: expect.stringMatching(/^[0-9a-f]{8}$/) } });
    expect(`${error} ${JSON.stringify(error)}`).not.toContain("inside");
  }
});

test("all broken checks are told at once, by their paths", async () => {
  const error = await rejection(fixture.check({ name: "x", count: 11, tags: ["long", "b", "c"] }));
  expect(error).toBeInstanceOf(ValidationError);
  const { errors } = error as ValidationError;
  expect(errors.map(({ path, rule }) => `${path} ${rule}`).sort()).toEqual([
    "/count range",
    "/name length",
    "/tags length",
    "/tags/0 length",
  ]);
});

test("a value of a wrong type is told by its path, without the value", async () => {
  const wrong = { name: 12_345, count: 1, tags: [] } as unknown as Parameters<
    typeof fixture.check
  >[0];
  const error = await rejection(fixture.check(wrong));
  expect(error).toBeInstanceOf(ValidationError);
  expect((error as ValidationError).errors.map(({ path }) => path)).toEqual(["/name"]);
  expect(JSON.stringify((error as ValidationError).errors)).not.toContain("12345");
});
