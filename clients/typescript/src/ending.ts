// Why the present connection ends: a fault that this side found, or what the server told before, which
// counts more than the code that the WebSocket gives.

import { type Announced, CloseCode, type Disconnect, disconnect, readClose } from "./disconnect.ts";
import { isPassing } from "./failure.ts";
import type { WireError } from "./message.ts";

/** What is known of the end of one connection. */
export class Ending {
  /** The error that hello was answered with. */
  refusal: WireError | undefined;
  /** What `rpc.close` told. */
  private announced: Disconnect | undefined;
  /** What this side has ended it with, where that says to stay away. */
  private own: Disconnect | undefined;

  /** Another connection: nothing is known of its end. */
  startOver(): void {
    this.refusal = undefined;
    this.announced = undefined;
    this.own = undefined;
  }

  /** `rpc.close` arrived. Undefined when it says nothing. */
  announce(params: unknown): Announced | undefined {
    const announced = readClose(params, this.announced);
    this.announced = announced?.end ?? this.announced;
    return announced;
  }

  /** This side ends the connection. */
  drop(code: number, reason: string): void {
    const own = disconnect(code, reason);
    if (!own.comeBack) this.own ??= own;
  }

  /** How the connection ended. */
  judge(code: number, reason: string): Disconnect {
    // What the server said before this side found fault with it says nothing of that.
    const known = this.own ?? this.announced;
    if (known) return known;
    // The close that explains the refusal got lost on the way.
    const isBare = code === CloseCode.noStatus || code === CloseCode.abnormal;
    if (!this.refusal || !isBare) return disconnect(code, reason);
    return { code, reason: this.refusal.message, comeBack: isPassing(this.refusal) };
  }
}
