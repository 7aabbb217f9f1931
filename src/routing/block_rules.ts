/**
 * The rules of a slave's block on a machine: a free block is looked for, written down, and filled.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { formatCidr } from "../ip_network.ts";
import type { Logger } from "../log.ts";
import type { MachineClaims } from "../state/machine_claims.ts";
import { type Command, type Family, ip } from "./command.ts";
import { CommandError } from "./command_error.ts";
import type { Machine } from "./machine.ts";
import { planRules, type RoutePlan, routesOf } from "./route_plan.ts";
import { BLOCK_BASES, findFreeBlock, readPriorities } from "./rule_block.ts";

/** What adding rules works with. */
export interface RulesContext {
  readonly claims: MachineClaims;
  readonly machine: Machine;
  readonly logger: Logger;
}

/**
 * Adds the rules by which networks go through the tunnel, once there are routes into it.
 * @returns the block's number.
 * @throws CommandError; what was done stands in the claims then.
 */
export async function addRules(
  { claims, machine, logger }: RulesContext,
  routes: readonly Cidr[],
  families: readonly Family[],
): Promise<number> {
  const base = await findBlock(machine, families);
  const claim = { kind: "rules", base } as const;
  claims.add(claim);
  const commands = plansOf(base, routes, families).flatMap(planRules);
  for (const [i, command] of commands.entries()) {
    try {
      await machine.run(command);
    } catch (error) {
      // The first rule is the block's own mark: who finds it there has come second, and nothing here is his.
      if (i === 0 && error instanceof CommandError && error.isPresent) claims.remove(claim);
      throw error;
    }
  }
  for (const family of families) {
    await tellOwnRoutes({ machine, logger }, family, routesOf(routes, family));
  }
  return base;
}

/** What goes through the tunnel, by family. */
export function plansOf(
  base: number,
  routes: readonly Cidr[],
  families: readonly Family[],
): readonly RoutePlan[] {
  return families.map((family) => ({ family, base, routes: routesOf(routes, family) }));
}

async function findBlock(machine: Machine, families: readonly Family[]): Promise<number> {
  const priorities: number[] = [];
  for (const family of families) {
    priorities.push(...readPriorities(await machine.run(ip(family, "-j rule show"))));
  }
  const tables = new Set<number>();
  for (;;) {
    const base = findFreeBlock(priorities, tables);
    if (base === null) {
      throw new CommandError(
        `Cannot add routing rules: all priorities from ${BLOCK_BASES[0]} are taken: ` +
          "ip rule shows them; stop another bindlink",
      );
    }
    if (await isTableEmpty(machine, base, families)) return base;
    tables.add(base);
  }
}

async function isTableEmpty(
  machine: Machine,
  table: number,
  families: readonly Family[],
): Promise<boolean> {
  for (const family of families) {
    const shown = await showRoutes(machine, ip(family, `route show table ${table}`));
    if (shown !== "") return false;
  }
  return true;
}

/** A table in which nothing ever was is none, and asked for an error. */
async function showRoutes(machine: Machine, command: Command): Promise<string> {
  try {
    return (await machine.run(command)).trim();
  } catch (error) {
    if (error instanceof CommandError && error.isAbsent) return "";
    throw error;
  }
}

/** A route to the very network that the machine has of its own stays in force: that may not be what was meant. */
async function tellOwnRoutes(
  { machine, logger }: Pick<RulesContext, "machine" | "logger">,
  family: Family,
  routes: readonly Cidr[],
): Promise<void> {
  // Of a default route of its own the user knows: it is what the tunnel is to stand in for.
  for (const network of routes.filter(({ prefixBits }) => prefixBits > 0).map(formatCidr)) {
    const own = await showRoutes(machine, ip(family, `route show table main exact ${network}`));
    if (own === "") continue;
    logger.warn("This machine has a route to that network of its own, which stays in force", {
      network,
      route: own.replaceAll(/\s+/g, " "),
    });
  }
}
