/**
 * The commands about configuration files, as data: a part of the command table.
 *
 * @module
 */

import type { CommandGroup, CommandSpec, Role } from "./command_table.ts";

/** Their names. */
export type ConfigCommandName = "config check" | `config show ${Role}`;

/** Words with commands of their own behind them. */
export const CONFIG_GROUPS: readonly CommandGroup[] = [
  {
    name: "config",
    brief: "Look at configuration files: check one, or show what applies.",
    examples: [
      "bindlink config check /etc/bindlink/slave.toml",
      "bindlink config show slave",
    ],
  },
  {
    name: "config show",
    brief: "Print what a master or a slave would go by, and where each value comes from.",
    examples: ["bindlink config show master", "bindlink config show slave"],
  },
];

/** The commands, in the order of the help. */
export const CONFIG_COMMANDS: readonly CommandSpec[] = [
  {
    name: "config check",
    brief: "Check a configuration file, and say where each mistake is.",
    description: "Whether it is a master's or a slave's file, its keys tell. Nothing is opened.",
    words: [{ metavar: "FILE", help: "The file, in TOML.", isRequired: true }],
    examples: ["bindlink config check /etc/bindlink/slave.toml"],
  },
  show("master"),
  show("slave"),
];

function show(role: Role): CommandSpec {
  return {
    name: `config show ${role}`,
    brief: `Print what "bindlink ${role}" would go by, and where each value comes from.`,
    description: "As a configuration file with comments. Tokens and passwords are hidden.",
    examples: [`bindlink config show ${role}`],
  };
}
