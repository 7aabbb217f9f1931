/**
 * The options that only `bindlink invite` has, as data: a part of the table of options.
 *
 * @module
 */

import type { OptionSpec } from "./option_spec.ts";

/** In the order of the help. */
export const INVITE_OPTIONS: readonly OptionSpec[] = [
  {
    name: "endpoint",
    metavar: "HOST:PORT",
    commands: ["invite"],
    isRepeatable: true,
    help: "Where the slave reaches this master, the best first. Not given: as in the invitation " +
      "before, else this machine's public addresses.",
  },
  {
    name: "public-key",
    metavar: "KEY",
    commands: ["invite"],
    help: "The slave's public key, when it has a secret key of its own; not given: the token " +
      "brings one.",
  },
  {
    name: "qr",
    metavar: null,
    commands: ["invite"],
    help: "Show the token as a QR code, too.",
  },
];
