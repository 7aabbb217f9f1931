/**
 * The options about how packets go between the system and this program, as data: a part of the table of options.
 *
 * @module
 */

import type { CommandName } from "./command_table.ts";
import type { OptionSpec } from "./option_spec.ts";

const BOTH: readonly CommandName[] = ["master", "slave", "join", "doctor"];

/** The options, in the order of the help. */
export const IO_OPTIONS: readonly OptionSpec[] = [
  {
    name: "io",
    metavar: "ENGINE",
    commands: BOTH,
    help:
      "How packets are read and sent: ffi, many per system call (Linux), deno, one by one, or " +
      "auto, whichever works.",
    defaults: { master: "auto", slave: "auto" },
    choices: ["auto", "deno", "ffi"],
  },
  {
    name: "mark",
    metavar: "NUMBER",
    commands: BOTH,
    help:
      "Mark (SO_MARK) of what bindlink itself sends, UDP and the TCP connections that it opens, " +
      "for rules of your own (ip rule fwmark, nft meta mark): 1 to 4294967295, or 0x in front. " +
      "Linux; needs root or CAP_NET_ADMIN.",
  },
];
