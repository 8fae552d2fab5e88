// The real clock, and what browsers know better than it.

import { expect, test, vi } from "vitest";
import { realEnvironment } from "../src/environment.ts";
import { onWake } from "../src/wake.ts";

test("a clock that is set back is held", () => {
  vi.useFakeTimers({ now: 10_000 });
  const { now } = realEnvironment();
  expect(now()).toBe(10_000);
  vi.setSystemTime(4_000);
  expect(now()).toBe(10_000);
  vi.setSystemTime(4_500);
  expect(now()).toBe(10_500);
  vi.useRealTimers();
});

test("a delay longer than timers can be does not fire at once", () => {
  vi.useFakeTimers();
  const run = vi.fn();
  const cancel = realEnvironment().after(1e12, run);
  vi.advanceTimersByTime(60_000);
  expect(run).not.toHaveBeenCalled();
  cancel();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

test("the network that is back and the page that is seen again wake the client", () => {
  const page = new EventTarget();
  const screen = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("document", screen);
  const woken = vi.fn();
  const stop = onWake(woken);
  page.dispatchEvent(new Event("online"));
  page.dispatchEvent(new Event("pageshow"));
  expect(woken).toHaveBeenCalledTimes(2);
  screen.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toHaveBeenCalledTimes(2);
  screen.visibilityState = "visible";
  screen.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toHaveBeenCalledTimes(3);
  stop();
  page.dispatchEvent(new Event("online"));
  screen.dispatchEvent(new Event("visibilitychange"));
  expect(woken).toHaveBeenCalledTimes(3);
  vi.unstubAllGlobals();
});
