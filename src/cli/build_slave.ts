/**
 * What `bindlink slave` was asked for, as options of the daemon.
 *
 * @module
 */

import type { LegacyOptions, SlaveOptions } from "../daemon_options.ts";
import type { StoredJoin } from "../command_request.ts";
import { UsageError } from "../usage_error.ts";
import { buildLegacyLinks, buildLinkDefaults, buildLinks } from "./build_links.ts";
import { buildAuto } from "./build_auto.ts";
import { buildRouting } from "./build_routing.ts";
import { buildWeb } from "./build_web.ts";
import { buildCommon, chooseProtocol, keepOneTundev, stateDirOf } from "./common_options.ts";
import type { GivenOptions } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { LINK_NAMING, LINK_OPTIONS } from "./link_options.ts";
import { quotePath } from "./quote.ts";
import { buildIdentity } from "./slave_identity.ts";
import { checkStoredToken, findGivenToken, type FoundToken } from "./token_source.ts";
import { parseMtuBytes, parseSeconds } from "./values.ts";

/**
 * Life of a session's keys, in seconds: the longest leaves half a minute to renew them before the
 * other end refuses them at 180 (REJECT_AFTER_TIME, WireGuard §6.1).
 */
const REKEY_LIMITS = { min: 1, max: 150 };

/** A slave's options. @param argument the token as a bare word. @throws {UsageError} */
export function buildSlave(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): SlaveOptions | LegacyOptions {
  keepOneTundev(given);
  const protocol = chooseProtocol(given, "slave");
  if (protocol === "secure") {
    const found = findToken(given, argument, inputs);
    if (found === null) throw new UsageError(describeMissingToken(given, inputs, "slave"));
    return buildSecureSlave(given, found, inputs);
  }
  if (argument !== null) throw new UsageError("A token needs --protocol secure");
  const links = buildLegacyLinks(given);
  return { ...buildCommon(given, protocol), protocol, role: "slave", links };
}

/** A slave with its token; for `join`, too. @throws {UsageError} */
export function buildSecureSlave(
  given: GivenOptions,
  found: FoundToken,
  inputs: CommandLineInputs,
): SlaveOptions {
  const mtu = given.findOne("mtu");
  const rekey = given.one("rekey-after");
  checkEngine(given);
  return {
    ...buildCommon(given, "secure"),
    protocol: "secure",
    role: "slave",
    stateDir: stateDirOf(given, inputs),
    links: buildLinks(given, found.token.endpoints),
    linkDefaults: buildLinkDefaults(given, found.token.endpoints),
    identity: buildIdentity(found, given, inputs),
    wantedMtuBytes: mtu === undefined ? 0 : parseMtuBytes(mtu.value, mtu.subject, false),
    rekeyAfterMs: 1000 * parseSeconds(rekey.value, rekey.subject, REKEY_LIMITS),
    ...buildAuto(given),
    ...buildRouting(given),
    ...buildWeb(given),
  };
}

function checkEngine(given: GivenOptions): void {
  const interfaces = given.find("interfaces") ??
    (given.flag("auto") ? given.find("auto") : undefined);
  if (interfaces === undefined || given.one("io").value !== "deno") return;
  throw new UsageError(`${interfaces.subject} needs --io ffi: leave --io deno out`);
}

/** The token that was given, else the stored one; null: there is neither. @throws {UsageError} */
export function findToken(
  given: GivenOptions,
  argument: string | null,
  inputs: CommandLineInputs,
): FoundToken | null {
  return findGivenToken({ given, argument, inputs }) ?? findStored(given, inputs);
}

/** The stored token; the options stored with it are added. Only asked when no token was given. */
function findStored(given: GivenOptions, inputs: CommandLineInputs): FoundToken | null {
  const stored = addStoredJoin(given, inputs);
  return stored === null ? null : checkStoredToken(stored);
}

/** Adds the options that `bindlink join` stored. @returns what it stored; null: nothing. @throws {UsageError} */
export function addStoredJoin(given: GivenOptions, inputs: CommandLineInputs): StoredJoin | null {
  const stored = inputs.readStoredJoin(stateDirOf(given, inputs));
  if (stored === null) return null;
  const namesLinks = LINK_NAMING.some((name) => given.find(name) !== undefined);
  given.addStored(stored.options, namesLinks ? LINK_OPTIONS : []);
  keepOneTundev(given);
  return stored;
}

/** Names the directory: root's is another than that of the user who joined. */
export function describeMissingToken(
  given: GivenOptions,
  inputs: CommandLineInputs,
  command: "slave" | "doctor",
): string {
  const stateDir = stateDirOf(given, inputs);
  const namesMaster = given.find("targets") ?? given.find("proxy-target");
  // Before there were tokens, such a command line was complete.
  const legacy = namesMaster === undefined
    ? ""
    : "; for a master that speaks the original's protocol, add --protocol legacy";
  return `A slave needs a token, and none is stored in ${quotePath(stateDir)}: type bindlink ` +
    `${command} --token TOKEN; make one on the master with: bindlink invite NAME --endpoint ` +
    `HOST:PORT${legacy}`;
}
