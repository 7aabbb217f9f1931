/**
 * The options that only `bindlink doctor` has.
 *
 * @module
 */

import { MEASURE_CHOICES } from "../command_request.ts";
import type { OptionSpec } from "./option_spec.ts";

/** In the order of the help. */
export const DOCTOR_OPTIONS: readonly OptionSpec[] = [
  {
    name: "master",
    metavar: null,
    commands: ["doctor"],
    help: "Look at this machine as a master's: --listen, --state-dir, and whether a master runs.",
  },
  {
    name: "measure",
    metavar: "LINKS",
    commands: ["doctor"],
    help:
      "Which links are measured, by sending: rates, delay under load, bottlenecks that links share. " +
      "unmetered: those that are not metered.",
    defaults: { master: "unmetered", slave: "unmetered" },
    choices: MEASURE_CHOICES,
  },
  {
    name: "nat-timeout",
    metavar: null,
    commands: ["doctor"],
    help:
      "Find out, too, whether the way back of an idle UDP link is still open after 30 and 55 s: takes " +
      "1.5 minutes for each link.",
  },
];
