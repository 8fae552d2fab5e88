// The moments at which a browser knows better than a timer: the network is back, the page is seen
// again. Elsewhere nothing is listened to.

const PAGE_EVENTS = ["online", "pageshow"] as const;

/** Calls `listener` whenever it is worth looking at once. Returns a function that stops it. */
export function onWake(listener: () => void): () => void {
  // Not all that has one of these has the other: workers have no document.
  const page: Partial<EventTarget> = globalThis;
  const screen: Document | undefined = globalThis.document;
  const onVisible = () => {
    if (screen?.visibilityState === "visible") listener();
  };
  for (const event of PAGE_EVENTS) page.addEventListener?.(event, listener);
  screen?.addEventListener("visibilitychange", onVisible);
  return () => {
    for (const event of PAGE_EVENTS) page.removeEventListener?.(event, listener);
    screen?.removeEventListener("visibilitychange", onVisible);
  };
}
