/**
 * The machines of the bonding benchmark.
 *
 * ```
 *  +--------+ 10.1.0.1   10.1.0.10+i +--------+
 *  | laptop |------------------------|        | 10.2.0.10+i  10.2.0.1 +--------+
 *  +--------+ up                near | phones |-----------------------| server |
 *  +--------+ 10.3.0.1     10.3.0.10 |        | far                in +--------+
 *  |  solo  |------------------------|        |
 *  +--------+ up           near-solo +--------+
 * ```
 *
 * All links are in one process in one namespace (relay_main.ts): with two processors each further
 * process would cost more than it isolates. `solo` is a second slave whose only link is a twin of the
 * best one: the tunnel over the best link alone, measured in turns with the bonded one. Without
 * emulator, laptop and solo have cables to the server: 10.4.N.1 to 10.4.N.2, the solo's is 10.4.9.x.
 *
 * @module
 */

import { type Namespace, NetworkLab } from "../../support/namespace.ts";
import type { BondingCase } from "./bonding_case.ts";
import { RelayProcess } from "./relay_process.ts";
import type { RelayLinkOptions } from "./relay_link.ts";

/** The master's port, and the relay's. */
const PORT = 4_000;
/** Cables of the laptop when there is no emulator. */
const PLAIN_CABLES = 2;

/** Laptop, solo, phones and server, the relay running. */
export class BondingNetwork implements AsyncDisposable {
  readonly laptop: Namespace;
  readonly solo: Namespace;
  readonly server: Namespace;
  readonly phones: Namespace;
  /** Null without emulator. */
  readonly relay: RelayProcess | null;
  /** `--targets` of the bonded slave, and of the one with the best link. */
  readonly targets: readonly string[];
  readonly soloTargets: readonly string[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    machines: Readonly<Record<"laptop" | "solo" | "server" | "phones", Namespace>>,
    relay: RelayProcess | null,
    targets: readonly [bonded: readonly string[], solo: readonly string[]],
    stack: AsyncDisposableStack,
  ) {
    ({ laptop: this.laptop, solo: this.solo, server: this.server, phones: this.phones } = machines);
    this.relay = relay;
    [this.targets, this.soloTargets] = targets;
    this.#stack = stack;
  }

  /** Builds it for a case. */
  static async create(bondingCase: BondingCase): Promise<BondingNetwork> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(new NetworkLab());
    const machines = {
      laptop: await lab.namespace("laptop"),
      solo: await lab.namespace("solo"),
      server: await lab.namespace("server"),
      phones: await lab.namespace("phones"),
    };
    for (const machine of Object.values(machines)) {
      // Each flow begins anew, not with what another one learned of the path.
      await machine.run(["sysctl", "-q", "-w", "net.ipv4.tcp_no_metrics_save=1"]);
    }
    if (bondingCase.links.length === 0) {
      const targets = await layPlainCables(lab, machines);
      return new BondingNetwork(machines, null, targets, stack.move());
    }
    const relayLinks = await layRelayCables(lab, machines, bondingCase);
    const relay = stack.use(await RelayProcess.start(machines.phones, relayLinks));
    const targets = relayLinks.map(({ listen }) => `${listen.hostname}:${listen.port}`);
    return new BondingNetwork(
      machines,
      relay,
      [targets.slice(0, -1), targets.slice(-1)],
      stack.move(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

type Machines = Readonly<Record<"laptop" | "solo" | "server" | "phones", Namespace>>;

/** The links of the case, then the solo's. */
async function layRelayCables(
  lab: NetworkLab,
  { laptop, solo, server, phones }: Machines,
  { links, best = 0 }: BondingCase,
): Promise<RelayLinkOptions[]> {
  const hosts = links.map((_, i) => 10 + i);
  await lab.cable(
    { namespace: laptop, device: "wan", addresses: ["10.1.0.1/24"] },
    { namespace: phones, device: "near", addresses: hosts.map((host) => `10.1.0.${host}/24`) },
  );
  await lab.cable(
    { namespace: solo, device: "wan", addresses: ["10.3.0.1/24"] },
    { namespace: phones, device: "near-solo", addresses: ["10.3.0.10/24"] },
  );
  const far = [...hosts, 100].map((host) => `10.2.0.${host}/24`);
  await lab.cable(
    { namespace: phones, device: "far", addresses: far },
    { namespace: server, device: "in", addresses: ["10.2.0.1/24"] },
  );
  const options = (near: string, bind: string, index: number): RelayLinkOptions => ({
    listen: { hostname: near, port: PORT },
    target: { hostname: "10.2.0.1", port: PORT },
    bind,
    up: links[index]!.up,
    down: links[index]!.down,
    seed: index + 1,
  });
  return [
    ...hosts.map((host, i) => options(`10.1.0.${host}`, `10.2.0.${host}`, i)),
    options("10.3.0.10", "10.2.0.100", best),
  ];
}

async function layPlainCables(
  lab: NetworkLab,
  { laptop, solo, server }: Machines,
): Promise<[string[], string[]]> {
  const lay = async (namespace: Namespace, n: number): Promise<string> => {
    await lab.cable(
      { namespace, device: `up${n}`, addresses: [`10.4.${n}.1/24`] },
      { namespace: server, device: `in${n}`, addresses: [`10.4.${n}.2/24`] },
    );
    return `10.4.${n}.2:${PORT}`;
  };
  const targets: string[] = [];
  for (let n = 1; n <= PLAIN_CABLES; n++) targets.push(await lay(laptop, n));
  return [targets, [await lay(solo, 9)]];
}
