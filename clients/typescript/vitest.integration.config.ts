// How `npm run test:integration` runs: against the server whose URL is in WIRECALL_URL.
import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const { WIRECALL_URL: url } = process.env;

if (!url) {
  throw new Error(
    "WIRECALL_URL is not set: start a server and pass its URL, " +
      "such as WIRECALL_URL=ws://127.0.0.1:3000/ws npm run test:integration",
  );
}

const config: ViteUserConfig = defineConfig({
  resolve: {
    alias: { "@wirecall/client": fileURLToPath(new URL("src/index.ts", import.meta.url)) },
  },
  test: { include: ["tests/integration/**/*.test.ts"], passWithNoTests: false },
});

export default config;
