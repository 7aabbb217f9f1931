/**
 * What commands see and change of a running slave's links.
 *
 * @module
 */

import type { LinkSpec } from "./linkmap/link_spec.ts";
import type { LinkChange, LinkMode } from "./multiplexer/link_settings.ts";
import type { HostPort } from "./net_address.ts";

/** A link as a user names it for a slave that runs: what it leaves out is as with the others. */
export interface NewLink extends Pick<LinkSpec, "proxy" | "device" | "usageName"> {
  /** Null: called after where it leads. */
  readonly name: string | null;
  /** The master as this link's far end names it; empty: as the token says, or `--proxy-target`. */
  readonly targets: readonly HostPort[];
  /** What differs from the settings of a link of which nothing is said. */
  readonly settings: LinkChange;
}

/** What holds for links that are added to a running slave. */
export interface LinkDefaults {
  /** What `--mode` says. */
  readonly mode: LinkMode;
  /** The token's, at least one. */
  readonly endpoints: readonly HostPort[];
  /** The master as proxies reach it, at least one. */
  readonly proxyTargets: readonly HostPort[];
  /** Whether TCP may stand in where UDP does not get through. */
  readonly allowsTcp: boolean;
}

/** What became of a link that was asked for. */
export interface LinkOutcome {
  readonly name: string;
  /** False: it was so before. */
  readonly isChanged: boolean;
  /** No other link is switched on. */
  readonly isLast: boolean;
}

/** The links of a running slave. Names that are not known are a UsageError that lists those that are. */
export interface LiveLinks {
  /** What holds for links that say nothing themselves. */
  readonly mode: LinkMode;
  /** How they were last asked for, in the order they came. */
  readonly specs: readonly LinkSpec[];
  setMode(mode: LinkMode): void;
  /** What holds for links that are added from now on; their mode is {@link LiveLinks.setMode}'s. */
  setDefaults(defaults: LinkDefaults): void;
  /** Opens links. @returns their names. @throws UsageError: a name is taken, or there are too many; then none is added. */
  add(links: readonly NewLink[]): readonly string[];
  /** Hands what a link carries over to the others, closes it and forgets it. */
  remove(name: string): Promise<LinkOutcome>;
  /** Opens a link that was switched off. */
  switchOn(name: string): LinkOutcome;
  /** Hands what a link carries over to the others and closes it; it stays known. */
  switchOff(name: string): Promise<LinkOutcome>;
  /** Calls a link something else. @throws UsageError: that is another link's name. */
  rename(name: string, to: string): void;
  /** Changes a link's settings. */
  change(name: string, change: LinkChange): LinkOutcome;
}
