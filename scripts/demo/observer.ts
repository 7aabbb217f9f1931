/**
 * The eyes of the demo at the laptop: gathers what came out of the tunnel, the slave's metrics and
 * the probes' round trips into reports.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import type { GoodputMeter } from "./goodput_meter.ts";
import { scrapeLinks } from "./link_scraper.ts";
import { PhoneProbe } from "./phone_probe.ts";
import { type Report, REPORT_INTERVAL_MS } from "./report.ts";

/** What an observer looks at. */
export interface ObserverOptions {
  readonly meter: GoodputMeter;
  /** Where the slave serves its metrics, on 127.0.0.1. */
  readonly metricsPort: number;
  /** The phones' SOCKS5 servers, by phone. */
  readonly proxies: readonly NetAddress[];
  /** The echo port at the server, as the phones reach it. */
  readonly echo: NetAddress;
  readonly onReport: (report: Report) => void;
}

/** A running observer. */
export class Observer implements AsyncDisposable {
  readonly #options: ObserverOptions;
  readonly #probes: readonly PhoneProbe[];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reporting: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** Starts it. */
  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#probes = options.proxies.map((proxy) => new PhoneProbe(proxy, options.echo));
    this.#arm(performance.now());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#reporting;
    for (const probe of this.#probes) await probe[Symbol.asyncDispose]();
  }

  #arm(lastMs: number): void {
    if (this.#isClosed) return;
    const dueMs = lastMs + REPORT_INTERVAL_MS;
    this.#timer = setTimeout(() => {
      this.#reporting = this.#report().finally(() =>
        this.#arm(Math.max(dueMs, performance.now() - REPORT_INTERVAL_MS))
      );
    }, Math.max(0, dueMs - performance.now()));
  }

  async #report(): Promise<void> {
    const { meter, metricsPort, onReport } = this.#options;
    const links = await scrapeLinks(metricsPort);
    if (this.#isClosed) return;
    const atMs = performance.now();
    onReport({
      atMs,
      receivedBytes: meter.receivedBytes,
      longestGapMs: meter.takeLongestGapMs(atMs),
      links,
      roundTripsMs: this.#probes.map((probe) => probe.roundTripMs),
    });
  }
}
