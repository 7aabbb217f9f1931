/**
 * Looks at a slave's links many times a second while somebody asks for it, and keeps what it sees until it is asked for. To ask
 * as often would not do: under load each question waits for its turn behind the packets.
 *
 * @module
 */

import type { SnapshotSource } from "../snapshot.ts";
import { UsageError } from "../usage_error.ts";
import type { ControlRequest } from "./control_message.ts";
import { craftSample, SAMPLE_VERSION, type SampleReport } from "./sample_report.ts";

/** Time between two looks. What is measured of a link follows it over about a tenth of a second. */
export const SAMPLE_MS = 100;

/** So much is kept; and nobody having asked for so long, nobody will. */
const KEPT_MS = 5_000;

/** What is answered. */
export interface KeptSamples {
  readonly sampleVersion: typeof SAMPLE_VERSION;
  readonly version: string;
  /** In order of time. */
  readonly samples: readonly SampleReport[];
}

/** What a {@link SampleKeeper} works with. */
export interface SampleKeeperOptions {
  readonly source: SnapshotSource;
  readonly version: string;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** Keeps samples of one daemon. */
export class SampleKeeper implements Disposable {
  readonly #options: SampleKeeperOptions;
  #samples: SampleReport[] = [];
  #askedMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: SampleKeeperOptions) {
    this.#options = options;
  }

  /** Answers a request with `sinceMs`, the daemon's time of the newest sample that is known already. @throws UsageError */
  answer({ sinceMs = -1 }: ControlRequest): KeptSamples {
    if (typeof sinceMs !== "number") {
      throw new UsageError('Cannot read control request: "sinceMs" is malformed');
    }
    this.#askedMs = this.#options.clock();
    // A time that is still to come is that of a daemon before this one: who asks is to see it.
    const afterMs = sinceMs > this.#askedMs ? -1 : sinceMs;
    if (this.#timer === undefined) {
      this.#samples = [];
      this.#look();
      this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
    }
    return {
      sampleVersion: SAMPLE_VERSION,
      version: this.#options.version,
      samples: this.#samples.filter(({ atMs }) => atMs > afterMs),
    };
  }

  #look(): void {
    const { source, clock } = this.#options;
    const now = clock();
    if (now - this.#askedMs > KEPT_MS) return this[Symbol.dispose]();
    this.#samples = this.#samples.filter(({ atMs }) => now - atMs <= KEPT_MS);
    this.#samples.push(craftSample(source.snapshot(), now));
  }

  /** Stops looking; who asks begins anew. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#samples = [];
  }
}
