// Layers: async functions around every call, for timing, retrying, adding metadata.

import type { Meta } from "./message.ts";

/** A call on its way out, as layers see it. Hand a changed copy to `next` to change the call. */
export interface OutgoingCall {
  /** What goes beside the params and the result. Of all but `call`, `next` resolves at the end of the
   * last item, and must not be called again when items have passed. */
  readonly kind: "call" | "stream" | "upload" | "duplex";
  readonly method: string;
  /** As the application gave them, before they are encoded. */
  readonly params: unknown;
  readonly meta: Meta | undefined;
  /** Infinite for none. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Whether the client may send it again when its session is lost. */
  readonly idempotent: boolean;
}

/** The rest of the way: resolves to the decoded result, rejects with the typed error. */
export type Next = (call: OutgoingCall) => Promise<unknown>;

/** Wraps every call. It may call `next` several times: each is a call of its own. */
export type Layer = (call: OutgoingCall, next: Next) => Promise<unknown>;

/** Puts the layers around `next`; the first is outermost. */
export function wrap(layers: readonly Layer[], next: Next): Next {
  return layers.reduceRight<Next>((inner, layer) => (call) => layer(call, inner), next);
}
