/**
 * A master's machine as the slaves' way to the internet: forwarding, and masquerade.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { OPEN_WAYS } from "../linkmap/link_ways.ts";
import type { Logger } from "../log.ts";
import type { MachineClaims } from "../state/machine_claims.ts";
import { ip } from "./command.ts";
import { CommandError } from "./command_error.ts";
import {
  exitTable,
  findForwardDrop,
  planDragged,
  planExit,
  planSysctls,
  readRoutedDevices,
  type Sysctl,
} from "./exit_plan.ts";
import type { Machine } from "./machine.ts";
import { NO_ROUTING, type Routing } from "./routing.ts";
import { hasFamily, undoClaims } from "./undo_claims.ts";

/** What a {@link MasterExit} works with. */
export interface MasterExitContext {
  /** Opened by the caller; closed with the exit. */
  readonly claims: MachineClaims;
  readonly machine: Machine;
  readonly logger: Logger;
  /** The tun's name. */
  readonly tun: string;
}

/** The exit of a master that runs. */
export class MasterExit implements Routing {
  readonly ways = OPEN_WAYS;
  readonly failed = NO_ROUTING.failed;
  readonly #context: MasterExitContext;

  private constructor(context: MasterExitContext) {
    this.#context = context;
  }

  /**
   * Sets it up. What an earlier run has left must be undone before.
   * @param networks of the slaves' addresses
   * @throws CommandError, with all undone.
   */
  static async open(networks: readonly Cidr[], context: MasterExitContext): Promise<MasterExit> {
    try {
      await raiseTable(networks, context);
      await setSysctls(context);
    } catch (error) {
      await undoClaims(context);
      throw error;
    }
    await tellForwardDrop(context);
    context.logger.info("Slaves reach the internet through this machine", {
      table: `inet ${exitTable(context.tun)}`,
    });
    return new MasterExit(context);
  }

  /** See {@link Routing.handleRunning}. */
  handleRunning(): void {}

  /** See {@link Routing.handleAssigned}: a master's addresses are known before. */
  handleAssigned(): void {}

  /** See {@link Routing.close}. */
  async close(): Promise<void> {
    await undoClaims(this.#context);
    this.#context.claims[Symbol.dispose]();
  }
}

async function raiseTable(
  networks: readonly Cidr[],
  { claims, machine, tun }: MasterExitContext,
): Promise<void> {
  const claim = { kind: "nft", table: exitTable(tun) } as const;
  claims.add(claim);
  try {
    await machine.run(planExit(tun, networks));
  } catch (error) {
    // A script of nftables fails whole: nothing is there, or what is there is not ours to take away.
    claims.remove(claim);
    if (!(error instanceof CommandError && error.isPresent)) throw error;
    throw new CommandError(
      `There is a firewall table inet ${claim.table} already, left by a bindlink that was killed: ` +
        `type nft delete table inet ${claim.table}`,
    );
  }
}

/** What another table drops stays dropped, whatever ours says: that is for its owner to change. */
async function tellForwardDrop({ machine, logger, tun }: MasterExitContext): Promise<void> {
  const ruleset = await machine.run({ program: "nft", args: ["list", "ruleset"] });
  const table = findForwardDrop(ruleset);
  if (table === null) return;
  logger.warn("A firewall on this machine may drop what slaves send to the internet", {
    table,
    type: `iptables -I FORWARD -i ${tun} -j ACCEPT; iptables -I FORWARD -o ${tun} -j ACCEPT`,
    ufw: `ufw route allow in on ${tun}; ufw route allow out on ${tun}`,
  });
}

async function setSysctls({ claims, machine }: MasterExitContext): Promise<void> {
  const read = (path: string): string | null => machine.readProc(`sys/${path}`);
  const routed = hasFamily(machine, "-6")
    ? readRoutedDevices(await machine.run(ip("-6", "-j route show default proto ra")))
    : [];
  const changes = planSysctls(read, routed);
  const claim = ({ path, value }: Sysctl): void => {
    const before = read(path);
    if (before !== null) claims.add({ kind: "sysctl", path, before, value });
  };
  // Before the others, so that they are undone after them.
  const interfaces = ["ipv4", "ipv6"].flatMap((it) => machine.listProc(`sys/net/${it}/conf`));
  planDragged(read, [...new Set(interfaces)], changes).forEach(claim);
  for (const change of changes) {
    claim(change);
    machine.writeSysctl(change.path, change.value);
  }
}
