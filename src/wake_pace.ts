/**
 * When to look for packets again after all that were there are read. Pure.
 *
 * A wake-up costs more than a packet: the way through another thread, system calls that find one packet each, one system call
 * for each that goes on. Under steady load, then, a reader is better off asleep for a moment, and finds several. Not so
 * when nothing flows or little does: who waits for a single packet would wait longer. So a delay is only
 * taken while full packets come by the hundred a second, as in a transfer over phones (4 ms are little there), or small ones
 * by the ten thousand. A transfer of hundreds of Mbit/s needs none: there a look finds a run anyway, and a sleep costs a tenth of it.
 *
 * @module
 */

/** Load is looked at in windows of this length. */
const WINDOW_MS = 20;

/** A window that took longer than this, until something came, was idle. */
const IDLE_MS = 60;

/** What a transfer is: packets of this mean size, so many per ms: 3 to 110 Mbit/s. */
const BULK_BYTES = 700;
const BULK_PKTS_PER_MS = 0.25;
const FAST_PKTS_PER_MS = 10;
const BULK_DELAY_MS = 4;

/** So many small packets per ms are worth being read together. Who plays ping-pong with its peer stays below. */
const MANY_PKTS_PER_MS = 10;
const MANY_DELAY_MS = 1;

/** The load of all readers. */
export class WakePace {
  #delayMs = 0;
  #windowStartMs = 0;
  #pkts = 0;
  #bytes = 0;

  /** Hot. How long to sleep now before looking again, ms; 0: not at all. */
  delayAt(now: number): number {
    if (now - this.#windowStartMs > IDLE_MS) this.#delayMs = 0;
    return this.#delayMs;
  }

  /** Hot. So much was read at once. */
  add(pkts: number, bytes: number, now: number): void {
    this.#pkts += pkts;
    this.#bytes += bytes;
    const elapsedMs = now - this.#windowStartMs;
    if (elapsedMs < WINDOW_MS) return;
    this.#delayMs = elapsedMs > IDLE_MS ? 0 : this.#delayFor(this.#pkts / elapsedMs);
    this.#windowStartMs = now;
    this.#pkts = 0;
    this.#bytes = 0;
  }

  #delayFor(pktsPerMs: number): number {
    if (this.#bytes < BULK_BYTES * this.#pkts) {
      return pktsPerMs >= MANY_PKTS_PER_MS ? MANY_DELAY_MS : 0;
    }
    const isBulk = pktsPerMs >= BULK_PKTS_PER_MS && pktsPerMs < FAST_PKTS_PER_MS;
    return isBulk ? BULK_DELAY_MS : 0;
  }
}
