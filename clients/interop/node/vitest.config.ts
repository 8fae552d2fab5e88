// How `npm test` runs: the servers are compiled first, then each file starts its own.
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/programs.ts"],
    // Generous: the machine may be busy. No test waits for time to pass.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});

export default config;
