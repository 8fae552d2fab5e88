// Checks the TypeScript of the README and the guide as their readers would: each piece is a file of its own, beside the
// clients that the quickstart's service has.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const EXAMPLES = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(EXAMPLES);
const FOLDER = join(EXAMPLES, "dist", "documents");

const guide = join(ROOT, "docs", "guide");
const pages = readdirSync(guide).filter((name) => name.endsWith(".md"));
const documents = [join(ROOT, "README.md"), ...pages.map((name) => join(guide, name))];

rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(join(FOLDER, "rpc"), { recursive: true });
cpSync(join(EXAMPLES, "quickstart", "clients", "typescript"), join(FOLDER, "rpc"), {
  recursive: true,
});

let pieces = 0;
for (const document of documents) {
  const text = readFileSync(document, "utf8");
  for (const [number, [, code]] of [...text.matchAll(/^```ts\n(.*?)^```$/gms)].entries()) {
    const name = document
      .slice(ROOT.length + 1)
      .replaceAll("/", "-")
      .replace(".md", "");
    writeFileSync(join(FOLDER, `${name}-${number + 1}.ts`), code ?? "");
    pieces += 1;
  }
}
const settings = {
  extends: join(EXAMPLES, "tsconfig.json"),
  // Each piece stands for itself, and uses only some of what it shows.
  compilerOptions: { noEmit: true, noUnusedLocals: false, rootDir: FOLDER, types: ["node"] },
  include: ["."],
  exclude: [],
};
writeFileSync(join(FOLDER, "tsconfig.json"), JSON.stringify(settings));

const tsc = join(EXAMPLES, "node_modules", ".bin", "tsc");
const { status } = spawnSync(tsc, ["-p", FOLDER], { stdio: "inherit" });
console.log(
  `${pieces} pieces of TypeScript in ${documents.length} documents: ${status === 0 ? "well" : "see above"}`,
);
process.exitCode = status ?? 1;
