/**
 * What `bindlink master` was asked for, as options of the daemon.
 *
 * @module
 */

import type { LegacyOptions, MasterOptions } from "../daemon_options.ts";
import { buildCommon, chooseProtocol, keepOneTundev, stateDirOf } from "./common_options.ts";
import type { GivenOptions } from "./given_options.ts";
import { buildExit } from "./build_routing.ts";
import { buildWeb } from "./build_web.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { parseListenAddress, parsePool } from "./values.ts";

/** A master's options. @throws {UsageError} */
export function buildMaster(
  given: GivenOptions,
  inputs: CommandLineInputs,
): MasterOptions | LegacyOptions {
  keepOneTundev(given);
  const protocol = chooseProtocol(given, "master");
  const common = buildCommon(given, protocol);
  const { value, subject } = given.one("listen");
  const listen = parseListenAddress(value, subject, null);
  if (protocol === "legacy") return { ...common, protocol, role: "master", listen };
  const pool = given.one("pool");
  return {
    ...common,
    protocol,
    role: "master",
    listen,
    pool: parsePool(pool.value, pool.subject),
    allowsSlaveToSlave: given.flag("allow-slave-to-slave"),
    allowsTcp: !given.flag("no-tcp-fallback"),
    stateDir: stateDirOf(given, inputs),
    ...buildExit(given),
    ...buildWeb(given),
  };
}
