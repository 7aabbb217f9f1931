/**
 * The options that name a slave's links.
 *
 * @module
 */

import type { OptionKey } from "./option_spec.ts";

/** These options mean something only together. */
export const LINK_OPTIONS: readonly OptionKey[] = [
  "proxies",
  "proxy-target",
  "targets",
  "interfaces",
];

/** Those that name links by themselves. */
export const LINK_NAMING: readonly OptionKey[] = ["proxies", "targets", "interfaces"];
