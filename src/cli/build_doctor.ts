/**
 * What `bindlink doctor` was asked to look at. A missing or unreadable token is one of the faults it is there to find, so that is
 * no mistake here.
 *
 * @module
 */

import { type CommandRequest, MEASURE_CHOICES } from "../command_request.ts";
import { describeError } from "../log.ts";
import { StateError } from "../state/state_error.ts";
import { UsageError } from "../usage_error.ts";
import { buildMaster } from "./build_master.ts";
import { buildSecureSlave, describeMissingToken, findToken } from "./build_slave.ts";
import { buildCommon, chooseProtocol, keepOneTundev, stateDirOf } from "./common_options.ts";
import { addConfigFile } from "./config_source.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { OptionKey } from "./option_spec.ts";
import type { FoundToken } from "./token_source.ts";
import { parseChoice } from "./values.ts";

type DoctorRequest = Extract<CommandRequest, { kind: "doctor" }>;

/** What is looked at, and how. */
type Look = Omit<DoctorRequest, "kind" | "isJson" | "warnings">;

/** What means something for a slave only. */
const SLAVE_ONLY: readonly OptionKey[] = [
  "token",
  "token-file",
  "key-file",
  "proxies",
  "proxy-target",
  "targets",
  "interfaces",
  "measure",
  "nat-timeout",
];

/** A request to look. @param argument the token as a bare word. @throws {UsageError} */
export async function buildDoctor(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): Promise<DoctorRequest> {
  const role = given.flag("master") ? "master" : "slave";
  const warnings = await addConfigFile(given, role, inputs);
  keepOneTundev(given);
  if (chooseProtocol(given, role) === "legacy") {
    throw new UsageError(
      `${given.one("protocol").subject}: the doctor knows --protocol secure only`,
    );
  }
  const request = role === "master"
    ? buildForMaster(given, argument, inputs)
    : buildForSlave(given, argument, inputs);
  return { ...request, kind: "doctor", isJson: given.flag("json"), warnings };
}

function buildForSlave(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): Look {
  const listen = given.find("listen");
  if (listen?.origin === "command line") {
    throw new UsageError(`${listen.subject} needs --master: it is a master's option`);
  }
  const measure = given.one("measure");
  const common = {
    measure: parseChoice(measure.value, measure.subject, MEASURE_CHOICES),
    checksNatTimeout: given.flag("nat-timeout"),
  } as const;
  const found = findTokenOrFault(given, argument, inputs);
  if (typeof found !== "string") {
    return { ...common, options: buildSecureSlave(given, found, inputs), tokenFault: "" };
  }
  const machine = { ...buildCommon(given, "secure"), stateDir: stateDirOf(given, inputs) };
  return { ...common, options: { ...machine, role: "slave", links: null }, tokenFault: found };
}

function buildForMaster(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): Look {
  for (const name of SLAVE_ONLY) {
    const option = given.find(name);
    if (option?.origin !== "command line") continue;
    throw new UsageError(`${option.subject} is of no use with --master: leave one of the two out`);
  }
  if (argument !== null) throw new UsageError("A token is of no use with --master: leave it out");
  const options = buildMaster(given, inputs);
  if (options.protocol !== "secure") throw new Error("Invariant: the doctor has no --protocol");
  return {
    measure: "none",
    checksNatTimeout: false,
    options,
    tokenFault: "",
  };
}

/** The token, or why there is none. */
function findTokenOrFault(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): FoundToken | string {
  try {
    return findToken(given, argument, inputs) ?? describeMissingToken(given, inputs, "doctor");
  } catch (error) {
    if (error instanceof StateError) return describeError(error);
    throw error;
  }
}
