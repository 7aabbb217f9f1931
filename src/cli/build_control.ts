/**
 * What the commands for a running daemon were asked for: `status`, `top`, `reload`, `mode`, `link ...`.
 *
 * @module
 */

import type { CommandRequest, DaemonChoice } from "../command_request.ts";
import { LINK_MODES } from "../multiplexer/link_settings.ts";
import { buildNewLinks } from "./build_links.ts";
import type { Role } from "./command_table.ts";
import { stateDirOf } from "./common_options.ts";
import type { ControlCommandName } from "./control_commands.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { parseLinkChange } from "./link_setting_words.ts";
import { quoteValue } from "./quote.ts";
import { readRecordOptions } from "./record_options.ts";
import { parseChoice } from "./values.ts";

/** Which ends a command to a running daemon may mean. */
export function rolesAsked(command: ControlCommandName, given: GivenOptions): readonly Role[] {
  const daemon = given.findOne("daemon")?.value;
  if (daemon !== undefined) return [daemon === "master" ? "master" : "slave"];
  const isForBoth = ["status", "top", "reload"].includes(command);
  return isForBoth ? ["slave", "master"] : ["slave"];
}

/** The request. @param words those besides options. @throws {UsageError} */
export function buildControl(
  command: ControlCommandName,
  given: GivenOptions,
  words: readonly string[],
  inputs: CommandLineInputs,
): CommandRequest {
  const [name = "", ...others] = words;
  const daemon: DaemonChoice = {
    stateDir: stateDirOf(given, inputs),
    name: given.findOne("daemon")?.value ?? null,
  };
  switch (command) {
    case "status":
    case "link list":
      return { kind: command, daemon, isJson: given.flag("json") };
    case "top":
    case "reload":
      return { kind: command, daemon };
    case "mode":
      return { kind: command, daemon, mode: parseChoice(name, "bindlink mode", LINK_MODES) };
    case "record":
      return { kind: command, daemon, ...readRecordOptions(given, name) };
    case "link add":
      return { kind: command, daemon, links: buildNewLinks(given) };
    case "link remove":
    case "link up":
    case "link down":
      return { kind: command, daemon, name };
    case "link set": {
      const settings = others.flatMap((word) => word.split(/[;,]/)).filter((word) => word !== "");
      const change = parseLinkChange(settings, `bindlink link set ${quoteValue(name)}`);
      return { kind: command, daemon, name, change };
    }
  }
}
