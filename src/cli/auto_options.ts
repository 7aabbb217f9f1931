/**
 * The options about interfaces that become links by themselves, as data: a part of the table of options.
 *
 * @module
 */

import type { CommandName } from "./command_table.ts";
import type { OptionSpec } from "./option_spec.ts";

const SLAVE: readonly CommandName[] = ["slave", "join"];

/** The options, in the order of the help. */
export const AUTO_OPTIONS: readonly OptionSpec[] = [
  {
    name: "auto",
    metavar: null,
    commands: SLAVE,
    protocol: "secure",
    help:
      "Make a link of each network interface that leads out, as soon as it comes, and drop it " +
      "when it goes (Linux): phones, modems, Wi-Fi, cables. Where its gateway is a SOCKS5 proxy " +
      'on port 1080 or 1081, the link goes through that. What "bindlink link set" says of such a ' +
      "link holds when it comes again.",
  },
  {
    name: "auto-include",
    metavar: "PATTERN[,...]",
    commands: SLAVE,
    protocol: "secure",
    isRepeatable: true,
    help: "With --auto: only interfaces of these names, such as 'usb*,wlan?', of whatever kind; " +
      "without it, all but those of containers, virtual machines and other tunnels.",
  },
  {
    name: "auto-exclude",
    metavar: "PATTERN[,...]",
    commands: SLAVE,
    protocol: "secure",
    isRepeatable: true,
    help: "With --auto: no interfaces of these names, such as 'eth*'.",
  },
];
