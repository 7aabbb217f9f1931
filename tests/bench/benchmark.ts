/**
 * What a benchmark is, and what it gives.
 *
 * @module
 */

/** One number that was measured. */
export interface Figure {
  /** What it is of, e.g. `one TCP flow, two links`. */
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is to be read with: a spread, a count of rounds, a comparison. */
  readonly note?: string;
  /** It had to be another: then the run has failed. */
  readonly isMissed?: boolean;
}

/** How thorough to be. */
export interface BenchContext {
  /** Fewer and shorter rounds: to see that it runs, not to quote. */
  readonly isQuick: boolean;
  /** How long a benchmark runs that looks at what only time shows. */
  readonly minutes: number;
  /** Tells the person who waits what is going on. */
  readonly progress: (text: string) => void;
  /** A line that stays. */
  readonly report: (line: string) => void;
}

/** A benchmark. */
export interface Benchmark {
  /** For `--only`. */
  readonly name: string;
  readonly title: string;
  /** Why it can't run here, in words with the remedy; null when it can. */
  readonly findObstacle: () => Promise<string | null>;
  readonly run: (context: BenchContext) => Promise<Figure[]>;
}
