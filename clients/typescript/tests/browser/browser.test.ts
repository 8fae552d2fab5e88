// The client in a real browser: both codecs, and a page that goes offline and is back.

import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Server, startServer } from "../integration/support/server.ts";
import { Site } from "./site.ts";

const { WIRECALL_CHROMIUM: CHROMIUM } = process.env;

let server: Server;
let site: Site;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  server = await startServer();
  site = await Site.before(server.url);
  browser = await chromium.launch({
    executablePath: CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
}, 60_000);

afterAll(async () => {
  await browser.close();
  await site.close();
  await server.kill();
});

beforeEach(async () => {
  const context = await browser.newContext();
  page = await context.newPage();
  await page.goto(site.url);
  await page.waitForFunction("globalThis.page");
  return () => context.close();
});

/** Runs a line in the page; its values are those of `page.ts`. */
function run<Value>(line: string): Promise<Value> {
  return page.evaluate<Value>(line);
}

describe.each(["json", "msgpack"])("in %s", (codec) => {
  test("calls, and bytes out and back again", async () => {
    await run(`page.connect("${codec}", {})`);
    await run(`page.ask("hi")`);
    expect(await run(`page.answer("hi")`)).toBe("hi");
    expect(await run("page.bytes(70000)")).toBe("Uint8Array 70000 111");
    await run("page.close()");
  });

  test("a page that was offline goes on in its session as soon as it is online", async () => {
    // The next try is nearly a minute away, but for the browser's word.
    await run("void (Math.random = () => 0.99)");
    const options = "{ reconnect: { baseMs: 60_000, capMs: 60_000 } }";
    const session = await run(`page.connect("${codec}", ${options})`);
    await page.context().setOffline(true);
    site.cut();
    await run(`page.until("reconnecting")`);
    await run(`page.ask("made while away")`);
    await page.context().setOffline(false);
    expect(await run(`page.until("open")`)).toMatchObject({ resumed: true, session });
    expect(await run(`page.answer("made while away")`)).toBe("made while away");
    await run("page.close()");
  });
});

test("a page that is left and shown again from the cache goes on", async () => {
  await run("void (Math.random = () => 0.99)");
  await run(`page.connect("json", { reconnect: { baseMs: 60_000, capMs: 60_000 } })`);
  site.cut();
  await run(`page.until("reconnecting")`);
  await run(`void dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))`);
  expect(await run(`page.until("open")`)).toMatchObject({ resumed: true });
  site.cut();
  await run(`page.until("reconnecting")`);
  await run(`void document.dispatchEvent(new Event("visibilitychange"))`);
  expect(await run(`page.until("open")`)).toMatchObject({ resumed: true });
  await run("page.close()");
});
