/**
 * The commands that ask and change a running daemon, as data: a part of the command table.
 *
 * @module
 */

import { LINK_MODES } from "../multiplexer/link_settings.ts";
import type { ArgumentSpec, CommandGroup, CommandSpec } from "./command_table.ts";

/** Their names. */
export type ControlCommandName =
  | "status"
  | "top"
  | "reload"
  | "mode"
  | "link list"
  | "link add"
  | "link remove"
  | "link up"
  | "link down"
  | "link set"
  | "record";

const LINK_ARGUMENT: ArgumentSpec = {
  metavar: "NAME",
  help: 'The link\'s name, as "bindlink link list" shows it.',
  isRequired: true,
};

/** Words with commands of their own behind them. */
export const CONTROL_GROUPS: readonly CommandGroup[] = [
  {
    name: "link",
    brief: "List, add, remove, switch and change the links of a running slave.",
    examples: [
      "bindlink link list",
      "bindlink link add --proxies 'phone2=192.168.44.1:1080;metered'",
      "bindlink link down phone2",
      "bindlink link set phone2 cap=5mbit mode=backup",
      "bindlink link remove phone2",
    ],
  },
];

/** The commands, in the order of the help. */
export const CONTROL_COMMANDS: readonly CommandSpec[] = [
  {
    name: "status",
    brief: "Show what a running daemon does: its links, what each carries, and why.",
    description: "Rates are measured while it is asked, which takes a second.",
    examples: [
      "bindlink status",
      "bindlink status --json",
      "# when several run here: the master, or a slave by its tun device",
      "bindlink status --daemon bind1",
    ],
  },
  {
    name: "top",
    brief: "Watch a running daemon: its links, their rates and history, what happened last.",
    description:
      "Asks once a second. At a slave keys switch the chosen link off and on and change modes; the " +
      "last line names them. q ends it. Needs a terminal of 40 x 8 at least; NO_COLOR is respected, " +
      "and where the locale is not UTF-8 it draws with ASCII.",
    examples: [
      "bindlink top",
      "# the laptop's, from elsewhere",
      "ssh -t root@laptop bindlink top",
      "# when several run here: the master, or a slave by its tun device",
      "bindlink top --daemon bind1",
      "# with block characters, whatever the locale says",
      "LC_ALL=C.UTF-8 bindlink top",
    ],
  },
  {
    name: "reload",
    brief: "Have a running daemon read its configuration anew, and keep the tunnel.",
    description:
      "Links that the configuration file adds, removes, renames or changes, mode and log hold at " +
      "once; what cannot change while it runs is named. A file with a mistake changes nothing: exit " +
      "code 1. SIGHUP does the same.",
    examples: [
      "bindlink reload",
      "# when several run here: master, slave, or a slave by its tun device",
      "bindlink reload --daemon slave",
    ],
  },
  {
    name: "mode",
    brief: "Change, while the slave runs, how links are used that do not say it themselves.",
    description:
      "speed: whenever it makes the tunnel faster; redundant: each packet over a second " +
      "link as well; backup: only while no other link is up; cheapest: metered links only when the " +
      "others do not suffice.",
    words: [{
      metavar: "MODE",
      help: `One of ${LINK_MODES.join(", ")}.`,
      isRequired: true,
      choices: LINK_MODES,
    }],
    examples: ["bindlink mode redundant"],
  },
  {
    name: "link list",
    brief: "List the links of a running slave with their settings.",
    examples: ["bindlink link list", "bindlink link list --json"],
  },
  {
    name: "link add",
    brief: "Add links to a running slave, as --proxies, --targets and --interfaces name them.",
    description: "They last until the slave ends; bindlink join stores links for later runs. " +
      "They are read from the command line only: other users can see a proxy's password there for " +
      "the moment that the command runs.",
    examples: [
      "bindlink link add --proxies 'phone2=192.168.44.1:1080;metered;cap=5mbit'",
      "bindlink link add --interfaces usb1",
      "bindlink link add --targets 'modem=203.0.113.5:4321;backup'",
    ],
  },
  {
    name: "link remove",
    brief: "Remove a link from a running slave; what it carries is handed over first.",
    words: [LINK_ARGUMENT],
    examples: ["bindlink link remove phone2"],
  },
  {
    name: "link up",
    brief: "Switch a link on again.",
    words: [LINK_ARGUMENT],
    examples: ["bindlink link up phone2"],
  },
  {
    name: "link down",
    brief: "Switch a link off without forgetting it; what it carries is handed over first.",
    words: [LINK_ARGUMENT],
    examples: ["bindlink link down phone2"],
  },
  {
    name: "link set",
    brief: "Change a link's settings while it runs.",
    description: "What is not named stays as it is.",
    words: [LINK_ARGUMENT, {
      metavar: "SETTING",
      help: "metered or unmetered; mode=MODE (as for --mode), backup, or mode=default for what " +
        "--mode says; cap=RATE (each way), up=RATE, down=RATE, or none for no cap. RATE is in kbit, " +
        "mbit or gbit a second. price=PRICE for a GB, budget=SIZE a month (500MB, 10GB), or none; " +
        "reset=DAY of the month; hard (off when the budget is used up) or soft (used while no " +
        "other link is up).",
      isRequired: true,
      isRepeatable: true,
    }],
    examples: [
      "bindlink link set phone2 cap=5mbit",
      "bindlink link set phone2 mode=backup metered down=20mbit up=2mbit",
      "bindlink link set phone2 cap=none mode=default unmetered",
      "bindlink link set phone2 budget=10GB reset=15 price=2.50",
    ],
  },
  {
    name: "record",
    brief: "Write down each link's delay, rate and loss while the slave runs.",
    description:
      "Until Ctrl-C, or for the time of --for. No packets, addresses or keys are in the file, " +
      "only the links' names; those that say where a link leads are numbers there. It can be attached " +
      "to a bug report, and replayed.",
    words: [{ metavar: "FILE", help: "The file to write.", isRequired: true }],
    examples: [
      "bindlink record bad-evening.jsonl",
      "bindlink record bad-evening.jsonl --for 600 --hide-names",
      "# an hour, each second",
      "bindlink record long.jsonl --for 3600 --every 1000 --force",
    ],
  },
];
