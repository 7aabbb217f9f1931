/**
 * What became of a daemon's configuration when it was read anew.
 *
 * @module
 */

/** What changed while the daemon runs, and what could not. */
export interface ReloadReport {
  /** What is different now, in words, one thing each; empty: nothing is. */
  readonly changes: readonly string[];
  /** Options that say something else than the daemon goes by, and hold from its next start on. */
  readonly waiting: readonly string[];
  /** What is to be warned of, in sentences. */
  readonly warnings: readonly string[];
}
