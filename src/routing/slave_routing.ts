/**
 * A slave's machine: what goes through the tunnel, what goes past it, and the kill switch.
 *
 * The kill switch is raised and the rules are added before any link opens; they do nothing to what the tunnel does not carry yet. The
 * routes follow when the master has assigned addresses, that is when the tunnel carries.
 *
 * @module
 */

import type { Cidr, SlaveOptions } from "../daemon_options.ts";
import { parseIp } from "../ip_literal.ts";
import { formatCidr } from "../ip_network.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import { describeError, type Logger } from "../log.ts";
import type { MachineClaims } from "../state/machine_claims.ts";
import { addRules, plansOf } from "./block_rules.ts";
import { type Command, FAMILIES } from "./command.ts";
import { CommandError } from "./command_error.ts";
import { KILL_SWITCH_TABLE, LIFT_KILL_SWITCH, planKillSwitch } from "./kill_switch_rules.ts";
import type { Machine } from "./machine.ts";
import { tellNameServers } from "./name_servers.ts";
import { planRoutes, type RoutePlan } from "./route_plan.ts";
import type { Routing } from "./routing.ts";
import { hasFamily, undoClaims } from "./undo_claims.ts";
import { WayGuard } from "./way_guard.ts";

/** What a {@link SlaveRouting} works with. */
export interface SlaveRoutingContext {
  /** Opened by the caller; closed with the routing. */
  readonly claims: MachineClaims;
  readonly machine: Machine;
  readonly logger: Logger;
  /** The tun's name. */
  readonly tun: string;
}

/** What the user asked for. */
interface Terms extends Required<Pick<SlaveOptions, "routing">> {
  readonly links: readonly LinkEnds[];
}

/** Where a link leads. */
type LinkEnds = Pick<LinkSpec, "proxy" | "targets">;

/** The routing of a slave that runs. */
export class SlaveRouting implements Routing {
  readonly ways: WayGuard;
  readonly #failure = new AbortController();
  readonly #context: SlaveRoutingContext;
  readonly #plans: readonly RoutePlan[];
  readonly #hasKillSwitch: boolean;
  /** Whether the kill switch stays when the daemon fails. */
  #holdsKillSwitch: boolean;
  #assigned = "";
  #isClosed = false;

  private constructor(
    context: SlaveRoutingContext,
    { plans, hasKillSwitch, wasUp, ways }: {
      readonly plans: readonly RoutePlan[];
      readonly hasKillSwitch: boolean;
      readonly wasUp: boolean;
      readonly ways: WayGuard;
    },
  ) {
    this.#context = context;
    this.#plans = plans;
    this.#hasKillSwitch = hasKillSwitch;
    this.#holdsKillSwitch = wasUp;
    this.ways = ways;
  }

  /**
   * Raises the kill switch and adds the rules. What an earlier run has left must be undone before, but for its kill switch.
   * @throws CommandError, with all undone, but for a kill switch that was there before.
   */
  static async open(
    { links, routing: { routes, hasKillSwitch } }: Terms,
    context: SlaveRoutingContext,
  ): Promise<SlaveRouting> {
    const { claims, machine, logger } = context;
    const wasUp = claims.all.some(isKillSwitch);
    const names = hasKillSwitch ? namesOf(links) : [];
    try {
      if (hasKillSwitch) await raiseKillSwitch(context, names.length > 0);
      const families = FAMILIES.filter((family) => hasFamily(machine, family));
      const base = routes.length === 0 ? null : await addRules(context, routes, families);
      const plans = base === null ? [] : plansOf(base, routes, families);
      const ways = new WayGuard({ machine, logger, base, hasKillSwitch, names });
      return new SlaveRouting(context, { plans, hasKillSwitch, wasUp, ways });
    } catch (error) {
      await undoClaims(context, (claim) => wasUp && isKillSwitch(claim));
      throw error;
    }
  }

  /** See {@link Routing.failed}. */
  get failed(): AbortSignal {
    return this.#failure.signal;
  }

  /** See {@link Routing.handleRunning}. */
  handleRunning(): void {
    this.#holdsKillSwitch = this.#hasKillSwitch;
  }

  /** See {@link Routing.handleAssigned}. Sets the routes, again when the addresses are others; else looks whether they are there. */
  handleAssigned(addresses: readonly Cidr[]): void {
    if (this.#plans.length === 0) return;
    const assigned = addresses.map(formatCidr).join();
    if (assigned === this.#assigned) return void this.#restoreRoutes();
    const isFirst = this.#assigned === "";
    this.#assigned = assigned;
    void this.#setRoutes(isFirst);
  }

  /** See {@link Routing.close}. */
  async close(isAsked: boolean): Promise<void> {
    const { claims, logger } = this.#context;
    const holds = this.#holdsKillSwitch && !isAsked;
    this.#isClosed = true;
    await this.ways.close();
    await undoClaims(this.#context, (claim) => holds && isKillSwitch(claim));
    if (holds && claims.all.some(isKillSwitch)) {
      logger.warn("The kill switch stays: nothing leaves this machine until bindlink runs again", {
        lift: LIFT_KILL_SWITCH,
      });
    }
    claims[Symbol.dispose]();
  }

  async #setRoutes(isFirst: boolean): Promise<void> {
    try {
      await this.ways.run(this.#routeCommands("replace"));
    } catch (error) {
      this.#failure.abort(new Error(`Cannot route through the tunnel: ${describeError(error)}`));
      return;
    }
    if (!isFirst) return;
    this.#context.logger.info("Routes lead into the tunnel", this.#networks);
    const isAll = this.#plans.some(({ routes }) => routes.some((it) => it.prefixBits === 0));
    if (isAll) await tellNameServers({ ...this.#context, hasKillSwitch: this.#hasKillSwitch });
  }

  /** A tun that somebody has set down loses its routes, and nobody says so. Asked for at each renewal of the keys. */
  async #restoreRoutes(): Promise<void> {
    const { logger } = this.#context;
    let goneRoutes = 0;
    for (const command of this.#routeCommands("add")) {
      if (this.#isClosed) return;
      try {
        await this.ways.run([command]);
        goneRoutes++;
      } catch (error) {
        if (error instanceof CommandError && error.isPresent) continue;
        logger.warn("Cannot look after the routes", { reason: describeError(error) });
        return;
      }
    }
    if (goneRoutes === 0) return;
    logger.warn(
      "Routes into the tunnel were gone, and are there again: meanwhile packets went past it",
      this.#networks,
    );
  }

  #routeCommands(verb: "replace" | "add"): readonly Command[] {
    const { machine, tun } = this.#context;
    const carriesIpv6 = machine.readProc(`sys/net/ipv6/conf/${tun}/disable_ipv6`) === "0";
    return this.#plans.flatMap((plan) =>
      planRoutes(plan, { tun, carries: plan.family === "-4" || carriesIpv6, verb })
    );
  }

  get #networks(): { readonly networks: string } {
    return { networks: this.#plans.flatMap(({ routes }) => routes.map(formatCidr)).join(", ") };
  }
}

/** Whether a claim is the kill switch. */
export function isKillSwitch(claim: { readonly kind: string; readonly table?: string }): boolean {
  return claim.kind === "nft" && claim.table === KILL_SWITCH_TABLE;
}

async function raiseKillSwitch(
  { claims, machine, logger, tun }: SlaveRoutingContext,
  allowsLookups: boolean,
): Promise<void> {
  const claimed = claims.all.find(isKillSwitch);
  const exists = await hasKillSwitchTable(machine);
  if (exists && claimed === undefined) {
    throw new CommandError(
      "There is a kill switch already, of a bindlink with another --state-dir, or left by one " +
        `that was killed: stop that one, or lift it: ${LIFT_KILL_SWITCH}`,
    );
  }
  if (claimed === undefined) claims.add({ kind: "nft", table: KILL_SWITCH_TABLE });
  await machine.run(planKillSwitch({ tun, allowsLookups, replaces: exists }));
  logger.info("Kill switch up: only the tunnel's and the links' packets leave this machine", {
    lift: LIFT_KILL_SWITCH,
    ...(allowsLookups ? { until: "links' host names are known, DNS leaves, too" } : {}),
  });
}

async function hasKillSwitchTable(machine: Machine): Promise<boolean> {
  const tables = await machine.run({ program: "nft", args: ["list", "tables", "inet"] });
  return tables.split("\n").some((line) => line.trim() === `table inet ${KILL_SWITCH_TABLE}`);
}

/** Host names that a socket of ours will send to: proxies, and the targets of direct links. */
function namesOf(links: readonly LinkEnds[]): readonly string[] {
  const hosts = links.flatMap(({ proxy, targets }) =>
    proxy === null ? targets.map(({ host }) => host) : [proxy.host]
  );
  return [...new Set(hosts.filter((host) => parseIp(host) === null))];
}
