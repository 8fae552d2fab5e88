// Why the present connection ends: what the server told before, which counts more than the code that
// the WebSocket gives.

import { type Announced, CloseCode, type Disconnect, disconnect, readClose } from "./disconnect.ts";
import { isPassing } from "./failure.ts";
import type { WireError } from "./message.ts";

/** What is known of the end of one connection. */
export class Ending {
  /** The error that hello was answered with. */
  refusal: WireError | undefined;
  /** What `rpc.close` told. */
  private announced: Disconnect | undefined;

  /** Another connection: nothing is known of its end. */
  startOver(): void {
    this.refusal = undefined;
    this.announced = undefined;
  }

  /** `rpc.close` arrived. Undefined when it says nothing. */
  announce(params: unknown): Announced | undefined {
    const announced = readClose(params, this.announced);
    this.announced = announced?.end ?? this.announced;
    return announced;
  }

  /** How the connection ended. */
  judge(code: number, reason: string): Disconnect {
    if (this.announced) return this.announced;
    // The close that explains the refusal got lost on the way.
    const isBare = code === CloseCode.noStatus || code === CloseCode.abnormal;
    if (!this.refusal || !isBare) return disconnect(code, reason);
    return { code, reason: this.refusal.message, comeBack: isPassing(this.refusal) };
  }
}
