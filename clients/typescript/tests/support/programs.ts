// Runs the programs of the package's own tools, for tests that look at what is shipped.

import { execFile } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** The folder of the package. */
export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs a program to its end, which must come within 30 seconds. */
export function run(program: string, args: readonly string[], cwd: string = ROOT): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, timeout: 30_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === "number" ? error.code : -1) : 0;
      resolve({ code, output: stdout + stderr });
    });
  });
}

/** Runs the compiler. */
export function tsc(...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, [`${ROOT}/node_modules/typescript/bin/tsc`, ...args]);
}

/** An empty folder of a test, inside the package so that imports find its packages; git ignores it. */
export async function folder(name: string): Promise<string> {
  const path = `${ROOT}/node_modules/.tests/${name}`;
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  return path;
}
