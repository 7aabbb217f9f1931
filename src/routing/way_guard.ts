/**
 * Lets links' own packets past the tunnel and the kill switch: each place that a link is about to send to gets a rule and an element
 * before the first packet goes there.
 *
 * @module
 */

import type { Transport } from "../linkmap/datagram_socket.ts";
import { HostMemory } from "../linkmap/host_memory.ts";
import type { LinkWays, WayLease } from "../linkmap/link_ways.ts";
import type { ResolveOptions } from "../linkmap/resolve.ts";
import { describeError, type Logger } from "../log.ts";
import type { HostPort, NetAddress } from "../net_address.ts";
import type { Command } from "./command.ts";
import { CommandError } from "./command_error.ts";
import {
  planEndOfLookups,
  planKillSwitchWay,
  planKillSwitchWayRemoval,
} from "./kill_switch_rules.ts";
import type { Machine } from "./machine.ts";
import { planWay, planWayRemoval } from "./route_plan.ts";
import { formatWay, type Way, WayBook } from "./way.ts";

/** What a {@link WayGuard} works with. */
export interface WayGuardOptions {
  readonly machine: Machine;
  readonly logger: Logger;
  /** Block of the rules; null: no traffic is routed through the tunnel. */
  readonly base: number | null;
  readonly hasKillSwitch: boolean;
  /** Hosts of links that are known by name: until all are looked up, questions to name servers get through the kill switch. */
  readonly names: readonly string[];
}

/** The ways of one slave's links. */
export class WayGuard implements LinkWays {
  readonly #options: WayGuardOptions;
  readonly #memory: HostMemory;
  readonly #book = new WayBook();
  /** By the way's name: resolves when it is open. */
  readonly #opening = new Map<string, Promise<void>>();
  #lookupsAllowed: boolean;
  /** Commands run one after another. */
  #queue: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** @param memory another one is for tests */
  constructor(options: WayGuardOptions, memory: HostMemory = new HostMemory()) {
    this.#options = options;
    this.#memory = memory;
    this.#lookupsAllowed = options.hasKillSwitch && options.names.length > 0;
  }

  /** See {@link LinkWays.resolve}. */
  async resolve(target: HostPort, options?: ResolveOptions): Promise<NetAddress[]> {
    const found = await this.#memory.resolve(target, options);
    if (this.#lookupsAllowed && this.#options.names.every((it) => this.#memory.knows(it))) {
      this.#lookupsAllowed = false;
      void this.#tell(this.run([planEndOfLookups()]));
    }
    return found;
  }

  /** See {@link LinkWays.lease}. */
  lease(): WayLease {
    const ways: Way[] = [];
    return {
      add: async (address: NetAddress, transport: Transport) => {
        const way = { address, transport };
        if (isLoopback(address)) return;
        await this.#acquire(way);
        ways.push(way);
      },
      [Symbol.dispose]: () => ways.splice(0).forEach((way) => this.#release(way)),
    };
  }

  /** Runs commands after those that wait. @throws CommandError of the first that fails; those behind it are not run. */
  run(commands: readonly Command[]): Promise<void> {
    const done = this.#queue.then(async () => {
      for (const command of commands) await this.#options.machine.run(command);
    });
    this.#queue = done.catch(() => {});
    return done;
  }

  /** Opens and closes nothing any more; resolves when no command runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#queue;
  }

  async #acquire(way: Way): Promise<void> {
    const name = formatWay(way);
    if (this.#isClosed) throw new Error(`Cannot open a way to ${name}: the daemon ends`);
    if (this.#book.acquire(way)) this.#opening.set(name, this.#open(way));
    const opening = this.#opening.get(name);
    try {
      await opening;
    } catch (error) {
      if (this.#opening.get(name) === opening) {
        this.#book.forget(way);
        this.#opening.delete(name);
      }
      throw new Error(`Cannot let ${name} past the tunnel: ${describeError(error)}`);
    }
  }

  #release(way: Way): void {
    for (const unused of this.#book.release(way)) {
      this.#opening.delete(formatWay(unused));
      if (this.#isClosed) continue;
      for (const command of this.#removals(unused)) void this.#tell(this.run([command]));
    }
  }

  async #open(way: Way): Promise<void> {
    const { base, hasKillSwitch } = this.#options;
    try {
      if (base !== null) await this.#add(planWay(base, way));
      if (hasKillSwitch) await this.#add(planKillSwitchWay(way));
    } catch (error) {
      for (const command of this.#removals(way)) await this.run([command]).catch(() => {});
      throw error;
    }
  }

  /** One that is there has been left by a removal that failed: it does what it should. */
  async #add(command: Command): Promise<void> {
    try {
      await this.run([command]);
    } catch (error) {
      if (!(error instanceof CommandError && error.isPresent)) throw error;
    }
  }

  #removals(way: Way): readonly Command[] {
    const { base, hasKillSwitch } = this.#options;
    return [
      ...(base === null ? [] : [planWayRemoval(base, way)]),
      ...(hasKillSwitch ? [planKillSwitchWayRemoval(way)] : []),
    ];
  }

  async #tell(done: Promise<void>): Promise<void> {
    try {
      await done;
    } catch (error) {
      this.#options.logger.warn("Cannot change the ways of links", {
        reason: describeError(error),
      });
    }
  }
}

/** What stays inside the machine is routed before any rule of ours, and passes the kill switch. */
function isLoopback({ hostname }: NetAddress): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}
