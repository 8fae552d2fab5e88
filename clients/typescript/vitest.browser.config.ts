// How `npm run test:browser` runs: a page in a headless Chromium (WIRECALL_CHROMIUM, else /usr/bin/chromium) against
// a fixture server, with the client as it is built.
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    passWithNoTests: false,
    testTimeout: 30_000,
    dangerouslyIgnoreUnhandledErrors: false,
  },
});

export default config;
