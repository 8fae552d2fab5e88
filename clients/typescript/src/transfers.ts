// The items of this side's streams, on their way in and out: who may send, what is granted, and what
// happens to those who send more. Pure, like the session that it is a part of.

import type { Calls, Entry } from "./calls.ts";
import { ResourceExhaustedError, TooLargeError, wireError } from "./errors.ts";
import { membersOf, type WireError } from "./message.ts";
import type { Outbox } from "./outbox.ts";
import type { Emit } from "./output.ts";
import { readCredit, readItems } from "./streams.ts";

/** The streams of one client. */
export class Transfers<Owner> {
  private readonly calls: Calls<Owner>;
  private readonly outbox: Outbox<Entry<Owner>>;
  private readonly emit: Emit<Owner>;
  /** Ends a call with an error of this side, and tells the server. */
  private readonly fail: (entry: Entry<Owner>, error: WireError) => void;
  /** Uploads whose producer waits, for credit or for room. */
  private readonly waiting = new Set<Entry<Owner>>();

  constructor(
    calls: Calls<Owner>,
    outbox: Outbox<Entry<Owner>>,
    emit: Emit<Owner>,
    fail: (entry: Entry<Owner>, error: WireError) => void,
  ) {
    this.calls = calls;
    this.outbox = outbox;
    this.emit = emit;
    this.fail = fail;
  }

  /** A notification of the protocol arrived, which may be about a stream. */
  notified(method: string, params: unknown): void {
    if (method === "rpc.item") this.arrived(params);
    else if (method === "rpc.upload_credit") this.granted(params);
  }

  /** Items arrived. Those of an unknown or ended call are ignored. */
  private arrived(params: unknown): void {
    const entry = this.find(params);
    const items = readItems(params);
    if (!entry?.download || !items) return;
    if (!entry.download.receive(items.length)) {
      const message = `${entry.method} sent more items than there was credit for`;
      this.fail(entry, wireError(ResourceExhaustedError, message));
      return;
    }
    this.emit({ type: "items", owner: entry.owner, items });
  }

  /** The consumer took items of a stream: grants more when it is time. */
  take(id: number, items: number): void {
    const download = this.calls.find(id)?.download;
    for (let taken = 0; taken < items; taken += 1) {
      const credit = download?.take();
      if (credit) this.outbox.pushAtOnce({ method: "rpc.credit", params: { id, credit } });
    }
  }

  /** The callee takes more items of an upload. */
  private granted(params: unknown): void {
    const credit = readCredit(params);
    if (credit !== undefined) this.find(params)?.up?.grant(credit);
  }

  /** The call entered the session: its producer may be waiting already, or be done. */
  entered(entry: Entry<Owner>): void {
    if (entry.up?.isWaiting) this.waiting.add(entry);
    if (entry.up?.isEnded) this.sendEnd(entry.id);
  }

  /** An item of an upload. False when it has to wait until there is credit and room; the owner is told
   * when. Throws what the encoder throws. */
  push(id: number, item: unknown): boolean {
    const entry = this.calls.find(id);
    const upload = entry?.up;
    if (!entry || !upload) return false;
    if (!upload.hasCredit) return this.wait(entry, 0);
    const body = this.outbox.encode({ method: "rpc.upload", params: { id, items: [item] } });
    if (!body) {
      const message = `an item of ${entry.method} is too large (max_message_bytes of the server)`;
      this.fail(entry, wireError(TooLargeError, message));
      return false;
    }
    if (!this.outbox.fits(body.bytes)) return this.wait(entry, body.bytes);
    if (this.outbox.push(body) === undefined) return this.wait(entry, body.bytes);
    upload.spend();
    return true;
  }

  /** An upload has no more items. *The end needs no credit.* */
  end(id: number, entry: Entry<Owner> | undefined): void {
    if (!entry?.up || entry.up.isEnded) return;
    entry.up.isEnded = true;
    this.waiting.delete(entry);
    if (this.calls.find(id)) this.sendEnd(id);
  }

  /** Tells the producers that may go on. */
  flush(): void {
    for (const entry of this.waiting) {
      const { up, owner } = entry;
      if (this.calls.find(entry.id) !== entry || !up) this.waiting.delete(entry);
      else if (up.hasCredit && this.outbox.fits(up.needsBytes)) {
        this.waiting.delete(entry);
        up.isWaiting = false;
        this.emit({ type: "room", owner });
      }
    }
  }

  private wait(entry: Entry<Owner>, bytes: number): false {
    if (entry.up) Object.assign(entry.up, { isWaiting: true, needsBytes: bytes });
    this.waiting.add(entry);
    return false;
  }

  private sendEnd(id: number): void {
    this.outbox.pushAtOnce({ method: "rpc.upload_end", params: { id } });
  }

  private find(params: unknown): Entry<Owner> | undefined {
    const { id } = membersOf(params);
    return this.calls.find(id);
  }
}
