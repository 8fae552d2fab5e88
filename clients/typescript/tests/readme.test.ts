// Every piece of TypeScript in the README is checked with the strictest settings of the package.

import { copyFile, readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { folder, ROOT, tsc } from "./support/programs.ts";

/** What the README takes from its reader's application. */
const APPLICATION = `
declare global {
  function fetchToken(): Promise<string>;
  function ask(prompt: string, signal: AbortSignal): Promise<boolean>;
}
export {};
`;

test("the code of the README is correct", { timeout: 30_000 }, async () => {
  const readme = await readFile(`${ROOT}/README.md`, "utf8");
  const blocks = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code ?? "");
  expect(blocks.length).toBeGreaterThan(5);
  const path = await folder("readme");
  await writeFile(`${path}/application.d.ts`, APPLICATION);
  await folder("readme/rpc");
  await copyFile(`${ROOT}/tests/fixtures/chat.ts`, `${path}/rpc/chat.ts`);
  for (const [number, code] of blocks.entries()) await writeFile(`${path}/${number}.ts`, code);
  const settings = {
    extends: `${ROOT}/tsconfig.json`,
    compilerOptions: {
      isolatedDeclarations: false,
      // Each piece stands for itself, and uses only some of what it shows.
      noUnusedLocals: false,
      paths: {
        "@wirecall/client": [`${ROOT}/src/index.ts`],
        "@wirecall/client/msgpack": [`${ROOT}/src/msgpack.ts`],
      },
    },
    include: ["."],
  };
  await writeFile(`${path}/tsconfig.json`, JSON.stringify(settings));
  await writeFile(`${path}/package.json`, '{"type":"module"}');
  expect(await tsc("-p", path)).toEqual({ code: 0, output: "" });
});
