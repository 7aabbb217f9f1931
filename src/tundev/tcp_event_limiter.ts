/**
 * Holds back what the TCP stand-in has told before: an event comes with each connection, and a stranger
 * can make many. Pure.
 *
 * @module
 */

import type { TcpTundevEvent } from "./tcp_tundev_event.ts";

/** At most one event of a kind is told in this time, ms. */
const INTERVAL_MS = 10_000;

/** Passes the first event of each kind, then at most one in ten seconds, with the count of the others. */
export class TcpEventLimiter {
  readonly #kinds = new Map<TcpTundevEvent["kind"], { toldMs: number; heldBackCount: number }>();

  /** @returns the event to tell now, or null to say nothing. */
  pass(event: TcpTundevEvent, now: number): TcpTundevEvent | null {
    const known = this.#kinds.get(event.kind);
    if (known === undefined) {
      this.#kinds.set(event.kind, { toldMs: now, heldBackCount: 0 });
      return event;
    }
    if (now - known.toldMs < INTERVAL_MS) {
      known.heldBackCount++;
      return null;
    }
    const { heldBackCount } = known;
    known.toldMs = now;
    known.heldBackCount = 0;
    if (heldBackCount === 0) return event;
    return {
      ...event,
      message: `${event.message} (${heldBackCount} more since this was last told)`,
    };
  }
}
