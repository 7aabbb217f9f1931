/**
 * Undoes what was claimed: on the way out, and at the next start for one that was killed. What is not there any more, or never came
 * to be, is as good as undone.
 *
 * @module
 */

import { describeError, type Logger } from "../log.ts";
import type { Claim, MachineClaims } from "../state/machine_claims.ts";
import { type Command, FAMILIES, ip, nft } from "./command.ts";
import { CommandError } from "./command_error.ts";
import { isForwardingNeeded } from "./exit_plan.ts";
import type { Machine } from "./machine.ts";
import { isInBlock, readPriorities } from "./rule_block.ts";

/** What undoing works with. */
export interface UndoContext {
  readonly claims: MachineClaims;
  readonly machine: Machine;
  readonly logger: Logger;
}

/**
 * Undoes all claims, the newest first. One that cannot be undone is told of, and stays written down for the next start.
 * @param keeps those that stay as they are
 */
export async function undoClaims(
  { claims, machine, logger }: UndoContext,
  keeps: (claim: Claim) => boolean = () => false,
): Promise<void> {
  let keepsSettings = false;
  let hasStuckSetting = false;
  for (const claim of claims.all.toReversed()) {
    // An older setting waits for the newer ones, which may change it.
    if (keeps(claim) || (claim.kind === "sysctl" && hasStuckSetting)) continue;
    try {
      if (claim.kind === "sysctl") {
        keepsSettings ||= await isStillForwarding(machine, claims.all);
        if (!keepsSettings) resetSysctl(machine, claim);
      } else if (claim.kind === "nft") {
        await runIfThere(machine, nft(`delete table inet ${claim.table}`));
      } else await removeRules(machine, claim.base);
      claims.remove(claim);
    } catch (error) {
      hasStuckSetting ||= claim.kind === "sysctl";
      logger.error("Cannot undo a change of this machine; the next start tries again", {
        change: describeClaim(claim),
        reason: describeError(error),
      });
    }
  }
  if (keepsSettings) {
    logger.info("Forwarding stays on: another program's firewall table translates addresses");
  }
}

/** A claim in words, as it would be looked at. */
export function describeClaim(claim: Claim): string {
  switch (claim.kind) {
    case "rules":
      return `ip rule, ip -6 rule: priorities from ${claim.base}; table ${claim.base}`;
    case "nft":
      return `nft table inet ${claim.table}`;
    case "sysctl":
      return `sysctl ${
        claim.path.replaceAll("/", ".")
      }: was ${claim.before}, set to ${claim.value}`;
  }
}

/** The table first: without it the rules do nothing, in whichever order they go. */
async function removeRules(machine: Machine, base: number): Promise<void> {
  const families = FAMILIES.filter((family) => hasFamily(machine, family));
  for (const family of families) {
    await runIfThere(machine, ip(family, `route flush table ${base}`));
  }
  for (const family of families) {
    const rules = readPriorities(await machine.run(ip(family, "-j rule show")));
    for (const priority of rules.filter((it) => isInBlock(base, it))) {
      await runIfThere(machine, ip(family, `rule del pref ${priority}`));
    }
  }
}

/** Whether this machine has a family at all. */
export function hasFamily(machine: Machine, family: "-4" | "-6"): boolean {
  return family === "-4" || machine.readProc("sys/net/ipv6/conf/all/disable_ipv6") !== null;
}

async function runIfThere(machine: Machine, command: Command): Promise<void> {
  try {
    await machine.run(command);
  } catch (error) {
    if (!(error instanceof CommandError && error.isAbsent)) throw error;
  }
}

/** Somebody who set it to something else meanwhile wanted that. */
function resetSysctl(machine: Machine, claim: Claim & { readonly kind: "sysctl" }): void {
  if (machine.readProc(`sys/${claim.path}`) !== claim.value) return;
  machine.writeSysctl(claim.path, claim.before);
}

async function isStillForwarding(machine: Machine, claims: readonly Claim[]): Promise<boolean> {
  const ruleset = await machine.run({ program: "nft", args: ["list", "ruleset"] });
  const own = claims.flatMap((claim) => claim.kind === "nft" ? [claim.table] : []);
  return isForwardingNeeded(ruleset, machine.readProc("net/ip_tables_names") ?? "", own);
}
