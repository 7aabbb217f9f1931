/**
 * The options about what goes through the tunnel, as data: a part of the table of options.
 *
 * @module
 */

import type { CommandName } from "./command_table.ts";
import type { OptionSpec } from "./option_spec.ts";

const SLAVE: readonly CommandName[] = ["slave", "join"];

/** The options, in the order of the help. */
export const ROUTING_OPTIONS: readonly OptionSpec[] = [
  {
    name: "exit",
    metavar: null,
    commands: ["master"],
    protocol: "secure",
    help: "Let slaves reach the internet through this machine while the master runs: forwarding " +
      "and masquerade (Linux, nftables). Without it, kernel and firewall stay as they are.",
  },
  {
    name: "route",
    metavar: "CIDR[,...]",
    commands: SLAVE,
    protocol: "secure",
    isRepeatable: true,
    help: "Networks to reach through the tunnel while the slave runs, such as 10.20.0.0/16. " +
      "Networks that this machine is in, and more exact routes, stay as they are.",
  },
  {
    name: "route-all",
    metavar: null,
    commands: SLAVE,
    protocol: "secure",
    help: "Send everything through the tunnel while the slave runs, IPv4 and IPv6, but for the " +
      "links themselves and networks that this machine is in. The master needs --exit.",
  },
  {
    name: "kill-switch",
    metavar: null,
    commands: SLAVE,
    protocol: "secure",
    help: "From start to SIGINT or SIGTERM let nothing leave this machine but the tunnel and the " +
      "links' own packets (nftables): not to local networks either. It stays when the slave is " +
      "killed or fails, until one runs again, or you type: nft delete table inet " +
      "bindlink_kill_switch",
  },
];
