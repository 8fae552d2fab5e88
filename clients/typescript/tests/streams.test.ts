// The accounts of a stream's credit, which carry no item.

import { expect, test } from "vitest";
import { readCredit, Upload } from "../src/streams.ts";

const MAX_CREDIT = 2_147_483_647;

test("sums of credit saturate", () => {
  const upload = new Upload();
  upload.grant(MAX_CREDIT);
  upload.spend();
  for (let grants = 0; grants < 2; grants += 1) upload.grant(MAX_CREDIT);
  expect(upload).toMatchObject({ credit: MAX_CREDIT, hasCredit: true });
  expect(readCredit({ credit: 2 ** 40 })).toBe(MAX_CREDIT);
});
