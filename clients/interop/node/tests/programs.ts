// Compiles the servers once a run, and tells the tests where they are.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** Where each server's program is, by its name. */
    programs: Record<string, string>;
  }
}

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const args = "build --quiet --package interop --package ethereum --bins --message-format=json";

/** Cargo's word on one of the things it compiled. */
interface Artifact {
  readonly reason: string;
  readonly executable?: string | null;
  readonly target?: { readonly name: string };
}

export async function setup(project: TestProject): Promise<void> {
  const run = promisify(execFile);
  const { stdout } = await run("cargo", args.split(" "), { cwd: root, maxBuffer: 1 << 26 });
  const programs: Record<string, string> = {};
  for (const line of stdout.split("\n").filter((line) => line !== "")) {
    const artifact: Artifact = JSON.parse(line);
    if (artifact.target !== undefined && typeof artifact.executable === "string") {
      programs[artifact.target.name] = artifact.executable;
    }
  }
  project.provide("programs", programs);
}
