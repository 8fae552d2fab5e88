// How `npm test` runs: everything but the tests that need a running wirecall server.
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: {
      "@wirecall/client/msgpack": fileURLToPath(new URL("src/msgpack.ts", import.meta.url)),
      "@wirecall/client": fileURLToPath(new URL("src/index.ts", import.meta.url)),
    },
  },
  test: {
    include: ["tests/**/*.test.ts"],
    // Generous: the machine may be busy. No test waits for time to pass.
    testTimeout: 30_000,
    exclude: ["tests/browser/**", "tests/integration/**"],
    // An unhandled rejection fails the run: input from the network must never cause one.
    dangerouslyIgnoreUnhandledErrors: false,
  },
});

export default config;
