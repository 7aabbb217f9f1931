/**
 * A running tunnel for a case: the master, the bonded slave, and the slave with the best link alone.
 *
 * @module
 */

import { BindlinkProcess } from "../../support/bindlink_process.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { MasterFolder } from "../../support/master_folder.ts";
import type { Namespace } from "../../support/namespace.ts";
import { waitForPing } from "../../support/ping.ts";
import { INNER_MASTER, INNER_SLAVE } from "../../support/tunnel_pair.ts";
import type { BondingCase, Direction } from "./bonding_case.ts";
import { BondingNetwork } from "./network.ts";

/** Whose tunnel is looked at. */
export type Subject = "bonded" | "alone";

/** The solo slave is invited second. */
const INNER_SOLO = "10.10.10.3";

/** What a subject is, from the traffic's view. */
export interface Route {
  readonly subject: Subject;
  readonly direction: Direction;
  /** The slave's machine; iperf3's client and ping run here. */
  readonly slave: Namespace;
  readonly server: Namespace;
  readonly sender: Namespace;
  readonly receiver: Namespace;
  /** Inner addresses. */
  readonly slaveAddress: string;
  readonly serverAddress: string;
  readonly receiverAddress: string;
  /** The relay's links it uses. */
  readonly relayLinks: readonly number[];
}

/** A running tunnel. */
export class BondingRig implements AsyncDisposable {
  readonly network: BondingNetwork;
  readonly master: BindlinkProcess;
  readonly bonded: BindlinkProcess;
  readonly alone: BindlinkProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    network: BondingNetwork,
    [master, bonded, alone]: readonly [BindlinkProcess, BindlinkProcess, BindlinkProcess],
    stack: AsyncDisposableStack,
  ) {
    this.network = network;
    this.master = master;
    this.bonded = bonded;
    this.alone = alone;
    this.#stack = stack;
  }

  /** Builds it; resolves when all links are up. @param program the command that runs bindlink. */
  static async create(
    bondingCase: BondingCase,
    program: readonly string[],
    extraArgs: readonly string[] = [],
  ): Promise<BondingRig> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await BondingNetwork.create(bondingCase));
    const state = stack.use(await MasterFolder.create({ program }));
    const endpoint = network.relay === null ? network.targets[0]! : "10.2.0.1:4000";
    const tokens = [await state.invite("laptop", endpoint), await state.invite("solo", endpoint)];
    const masterArgs = [...state.masterArgs("--listen", "4000"), ...extraArgs];
    const master = stack.use(await BindlinkProcess.start(network.server, masterArgs, { program }));
    const slave = async (
      namespace: Namespace,
      token: string,
      targets: readonly string[],
    ): Promise<BindlinkProcess> => {
      const stateDir = `${state.stateDir}-of-${namespace.name}`;
      const args = ["slave", "--state-dir", stateDir, "--token", token];
      args.push("--targets", targets.join(), ...extraArgs);
      return stack.use(await BindlinkProcess.start(namespace, args, { program }));
    };
    const bonded = await slave(network.laptop, tokens[0]!, network.targets);
    const alone = await slave(network.solo, tokens[1]!, network.soloTargets);
    await awaitLinks(bonded, network.targets.length);
    await awaitLinks(alone, 1);
    await waitForPing(network.laptop, INNER_MASTER);
    await waitForPing(network.solo, INNER_MASTER);
    return new BondingRig(network, [master, bonded, alone], stack.move());
  }

  /** Where a subject's traffic goes. */
  route(subject: Subject, direction: Direction): Route {
    const { server, laptop, solo, targets } = this.network;
    const isBonded = subject === "bonded";
    const slave = isBonded ? laptop : solo;
    const slaveAddress = isBonded ? INNER_SLAVE : INNER_SOLO;
    const [sender, receiver] = direction === "up" ? [slave, server] : [server, slave];
    return {
      subject,
      direction,
      slave,
      server,
      sender,
      receiver,
      slaveAddress,
      serverAddress: INNER_MASTER,
      receiverAddress: direction === "up" ? INNER_MASTER : slaveAddress,
      relayLinks: isBonded ? targets.map((_, i) => i) : [targets.length],
    };
  }

  /** The two daemons a subject's traffic passes. */
  daemons(subject: Subject): readonly [slave: BindlinkProcess, master: BindlinkProcess] {
    return [subject === "bonded" ? this.bonded : this.alone, this.master];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function awaitLinks(daemon: BindlinkProcess, count: number): Promise<void> {
  await awaitCondition(
    `${count} links to be up`,
    async () => daemon.process.ended !== null || (await daemon.linksUp()).length >= count,
    { timeoutMs: 20_000, intervalMs: 100, detail: () => daemon.process.output },
  );
  if (daemon.process.ended !== null) {
    throw new Error(`The daemon has ended:\n${daemon.process.output}`);
  }
}
