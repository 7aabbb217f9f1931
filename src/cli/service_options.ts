/**
 * The options that only `install-service` has. Part of the option table.
 *
 * @module
 */

import type { OptionSpec } from "./option_spec.ts";

/** Its own options; those of master and slave are taken besides. */
export const SERVICE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "dry-run",
    metavar: null,
    commands: ["install-service master", "install-service slave"],
    help: "Print the unit, say what else would be done, and do nothing. Needs no root.",
  },
];
