/**
 * Opens what a daemon was asked to change of its machine, after what an earlier run has left is undone.
 *
 * @module
 */

import type { Cidr, DaemonOptions, MasterOptions, SlaveOptions } from "../daemon_options.ts";
import { networkOf } from "../ip_network.ts";
import { describeError, type Logger } from "../log.ts";
import { AddressPool, MASTER_HOST_NUMBER } from "../peer/address_pool.ts";
import { type ClaimRole, MachineClaims } from "../state/machine_claims.ts";
import { StateError } from "../state/state_error.ts";
import { type Machine, THIS_MACHINE } from "./machine.ts";
import { MasterExit } from "./master_exit.ts";
import { NO_ROUTING, type Routing } from "./routing.ts";
import { isKillSwitch, SlaveRouting } from "./slave_routing.ts";
import { undoClaims } from "./undo_claims.ts";

/** What opening works with. */
export interface OpenRoutingContext {
  readonly logger: Logger;
  /** The tun's name. */
  readonly tun: string;
  /** A master's; null: a slave's, or the legacy protocol's. */
  readonly masterKey: Uint8Array | null;
  /** Another one is for tests. */
  readonly machine?: Machine;
}

/**
 * Opens a daemon's routing; see {@link Routing}.
 * @throws CommandError, StateError: nothing is changed then.
 */
export async function openRouting(
  options: DaemonOptions,
  { logger, tun, masterKey, machine = THIS_MACHINE }: OpenRoutingContext,
): Promise<Routing> {
  if (options.protocol !== "secure") return NO_ROUTING;
  const isWanted = options.role === "slave"
    ? options.routing !== undefined
    : options.isExit === true;
  const claims = openClaims(options, isWanted, logger);
  if (claims === null) return NO_ROUTING;
  try {
    const context = { claims, machine, logger, tun };
    for (const warning of claims.warnings) logger.warn(warning);
    if (claims.all.length > 0) {
      logger.info("Undoing what an earlier run, which was killed, has left on this machine");
      // Lifted and raised again, it would let packets slip through.
      const keeps = options.role === "slave" && options.routing?.hasKillSwitch === true;
      await undoClaims(context, (claim) => keeps && isKillSwitch(claim));
    }
    if (options.role === "slave" && options.routing !== undefined) {
      const { links, auto, linkDefaults, routing } = options;
      // Links that interfaces become lead to where the token says.
      const others = auto === undefined ? [] : [{ proxy: null, targets: linkDefaults.endpoints }];
      return await SlaveRouting.open({ links: [...links, ...others], routing }, context);
    }
    if (options.role === "master" && isWanted && masterKey !== null) {
      return await MasterExit.open(innerNetworks(options.pool, masterKey), context);
    }
  } catch (error) {
    claims[Symbol.dispose]();
    throw error;
  }
  claims[Symbol.dispose]();
  return NO_ROUTING;
}

/** @returns null when there is nothing to undo, nor anything wanted. @throws StateError */
function openClaims(
  { stateDir, role }: MasterOptions | SlaveOptions,
  isWanted: boolean,
  logger: Logger,
): MachineClaims | null {
  if (!isWanted && !MachineClaims.exist(stateDir, role)) return null;
  let claims: MachineClaims | null;
  try {
    claims = MachineClaims.open(stateDir, role);
  } catch (error) {
    if (isWanted) throw error;
    logger.warn("Cannot undo what an earlier run has left", { reason: describeError(error) });
    return null;
  }
  // One that runs has them: there is nothing to undo.
  if (claims === null && isWanted) throw lockedError(stateDir, role);
  return claims;
}

function lockedError(stateDir: string, role: ClaimRole): StateError {
  return new StateError(
    `Cannot change this machine's routes: another bindlink ${role} does so by the state directory ` +
      `${JSON.stringify(stateDir)}: stop that one, or give this one another with --state-dir`,
  );
}

function innerNetworks(pool: Cidr, masterKey: Uint8Array): readonly Cidr[] {
  return new AddressPool(pool, masterKey).addressesOf(MASTER_HOST_NUMBER).map((address) =>
    networkOf(address) ?? address
  );
}
