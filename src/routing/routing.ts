/**
 * The port between the daemon and what it changes of its machine's routing: a slave's routes and kill switch, a master's exit, or
 * nothing.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { type LinkWays, OPEN_WAYS } from "../linkmap/link_ways.ts";

/** What is changed of the machine while a daemon runs. */
export interface Routing {
  /** What links ask before they send. */
  readonly ways: LinkWays;
  /** Aborts, with an Error as its reason, when the daemon cannot do any more what it was asked for. */
  readonly failed: AbortSignal;
  /** The daemon runs: what happens from now on is no failure to start. */
  handleRunning(): void;
  /** The tun has these addresses now. */
  handleAssigned(addresses: readonly Cidr[]): void;
  /** Undoes it all. @param isAsked whether the user ends the daemon, so that a kill switch is lifted */
  close(isAsked: boolean): Promise<void>;
}

/** Nothing is changed. */
export const NO_ROUTING: Routing = {
  ways: OPEN_WAYS,
  failed: new AbortController().signal,
  handleRunning: () => {},
  handleAssigned: () => {},
  close: () => Promise.resolve(),
};
