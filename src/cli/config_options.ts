/**
 * The options about configuration files, as data: a part of the table of options.
 *
 * @module
 */

import type { OptionSpec } from "./option_spec.ts";

/** In the order of the help. */
export const CONFIG_OPTIONS: readonly OptionSpec[] = [
  {
    name: "config",
    metavar: "FILE",
    commands: ["master", "slave", "doctor", "invite", "slaves", "revoke"],
    help:
      "Configuration file (TOML): options by their names, links as tables. Usually master.toml " +
      "or slave.toml in /etc/bindlink for root, in ~/.config/bindlink for others, when it is " +
      "there. Command line and environment win over it; invite, slaves and revoke take state-dir " +
      "of the master's, and doctor looks at the file of the end that it is asked about.",
  },
];
