// How `npm run test:integration` runs: against fixture servers that the tests start, each file in both codecs. WIRECALL_FIXTURE is
// the program; without it the one that `cargo build --package fixture` makes.
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
    include: ["tests/integration/**/*.test.ts"],
    passWithNoTests: false,
    testTimeout: 30_000,
    projects: ["json", "msgpack"].map((codec) => ({
      extends: true,
      test: { name: codec, env: { WIRECALL_CODEC: codec } },
    })),
    dangerouslyIgnoreUnhandledErrors: false,
  },
});

export default config;
