/**
 * A tunnel over direct links between two namespaces, and the bare cables beside it to compare with.
 *
 * @module
 */

import type { IoEngine } from "../../src/linkmap/io_engine.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import {
  INNER_MASTER,
  INNER_MTU_BYTES,
  INNER_SLAVE,
  type TunnelPairOptions,
} from "../support/tunnel_pair.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { waitForPing } from "../support/ping.ts";
import { tryCommand } from "../../scripts/run_command.ts";

/** Why there can be no rig here; null when there can. */
export async function findRigObstacle(): Promise<string | null> {
  if (!canUseNamespaces()) return "network namespaces need Linux and root";
  const ip = await tryCommand(["ip", "-V"]);
  return ip.isSuccess ? null : 'the program "ip" is missing (apt-get install iproute2)';
}

/** Where the server is reached by one of the cables, without the tunnel. */
export const BARE_SERVER = "10.1.1.2";
/** Where it is reached through the tunnel, and the laptop. */
export const TUNNEL_SERVER = INNER_MASTER;
export const TUNNEL_LAPTOP = INNER_SLAVE;

/** What the tunnel is like. */
export interface TunnelRigOptions extends TunnelPairOptions {
  /** How many; 1 by default. */
  readonly links?: number;
  /** Limit of each, bits per second; unlimited by default. */
  readonly rateBps?: number;
  /** Of the inner packets; the default MTU by default. */
  readonly mtuBytes?: number;
  /** What moves packets; what the daemon chooses by default. */
  readonly io?: IoEngine["name"];
}

/** A running tunnel. */
export class TunnelRig implements AsyncDisposable {
  readonly laptop: Namespace;
  readonly server: Namespace;
  /** Slave and master. */
  readonly ends: readonly BindlinkProcess[];
  /** Their state directories. */
  readonly stateDirs: readonly string[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    network: DirectNetwork,
    ends: readonly BindlinkProcess[],
    stack: AsyncDisposableStack,
  ) {
    this.laptop = network.laptop;
    this.server = network.server;
    this.ends = ends;
    const { protocol, state } = network.pair;
    this.stateDirs = protocol === "secure" ? [state.slaveStateDir, state.stateDir] : [];
    this.#stack = stack;
  }

  /** Builds it; resolves when all links carry data. */
  static async create(options: TunnelRigOptions = {}): Promise<TunnelRig> {
    const { links = 1, mtuBytes = INNER_MTU_BYTES, io = "auto" } = options;
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await DirectNetwork.create({ cables: links, ...options }));
    const args = ["--mtu", String(mtuBytes), "--io", io];
    const start = async (at: Namespace, its: readonly string[]): Promise<BindlinkProcess> =>
      stack.use(await BindlinkProcess.start(at, its.concat(args)));
    const master = await start(network.server, network.masterArgs);
    const slave = await start(network.laptop, network.slaveArgs);
    await slave.waitForLinks(Array.from({ length: links }, (_, i) => i + 1));
    await waitForPing(network.laptop, TUNNEL_SERVER);
    return new TunnelRig(network, [slave, master], stack.move());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
