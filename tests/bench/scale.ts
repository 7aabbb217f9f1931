/**
 * One master with up to a thousand slaves of two links each: what a slave costs in memory, what all of
 * them cost in processor time while they only report, and what is left for one that transfers.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import { generateKeyPair } from "../../src/peer/key_pair.ts";
import { MasterStore } from "../../src/state/master_store.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { waitForPing } from "../support/ping.ts";
import { runProgram, type TestProcess } from "../support/process.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { randomBytes } from "./handshake_rig.ts";
import type { ManySlavesPlan } from "./many_slaves_main.ts";
import { processorMs } from "./processor_time.ts";
import { findFlowObstacle } from "./secure_flow.ts";
import { median, spread } from "./statistics.ts";

/** Room for the thousand; the master has the first address. */
const POOL = "10.20.0.0/16";
const INNER_MASTER = "10.20.0.1";
const LINKS = [1, 2].map((n) => ({
  local: `10.1.${n}.1`,
  remote: { hostname: `10.1.${n}.2`, port: 4_000 },
}));

/**
 * In truth the simulated slaves have machines of their own: what they do here may take processor time, but not at the moment
 * at which a program that is measured wants to run. (At 10 they still get all they need: a tenth of a core would be theirs.)
 */
const CROWD_NICENESS = "10";

/** What phones carry together: there the engine has processor time to spare. */
const PHONES_BPS = 100e6;

/** See the module. */
export const SCALE: Benchmark = {
  name: "scale",
  title: "One master, many slaves of two links each that are only asked now and then",
  findObstacle: findFlowObstacle,
  async run(context): Promise<Figure[]> {
    const counts = context.isQuick ? [1, 100] : [1, 10, 100, 1_000];
    const figures: Figure[] = [];
    let oneRssBytes = 0;
    for (const slaves of counts) {
      context.progress(`${slaves} slaves join`);
      await using rig = await ScaleRig.create(slaves);
      const { rssBytes, processorPercent } = await measureIdle(rig, slaves, context);
      if (slaves === 1) oneRssBytes = rssBytes;
      figures.push(...describeIdle({ slaves, rssBytes, oneRssBytes, processorPercent }));
      if (slaves === counts.at(-1)) figures.push(...await compareFlows(rig, slaves, context));
    }
    return [...figures, ...await findingCosts()];
  },
};

/** A real master, simulated slaves that are in, and one real slave that is not started yet. */
class ScaleRig implements AsyncDisposable {
  readonly network: DirectNetwork;
  readonly master: BindlinkProcess;
  readonly #crowd: TestProcess;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    network: DirectNetwork,
    master: BindlinkProcess,
    crowd: TestProcess,
    stack: AsyncDisposableStack,
  ) {
    this.network = network;
    this.master = master;
    this.#crowd = crowd;
    this.#stack = stack;
  }

  /** Resolves when all slaves' links are up. */
  static async create(slaves: number): Promise<ScaleRig> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await DirectNetwork.create({ cables: LINKS.length }));
    const { stateDir } = network.pair.state;
    const plan = await Deno.makeTempFile({ prefix: "bindlink-crowd-" });
    stack.defer(() => Deno.remove(plan));
    await Deno.writeTextFile(plan, JSON.stringify(inviteCrowd(stateDir, slaves)));
    const args = ["--state-dir", stateDir, "--pool", POOL, "--listen", "4000"];
    const master = stack.use(await BindlinkProcess.start(network.server, ["master", ...args]));
    const main = fileURLToPath(new URL("many_slaves_main.ts", import.meta.url));
    const deno = [Deno.execPath(), "run", "-A", "--quiet", "--unstable-net"];
    const crowd = stack.use(network.laptop.spawn(
      ["nice", "-n", CROWD_NICENESS, ...deno, main, plan],
      { stdin: "piped" },
    ));
    await crowd.waitForLine(/^joined$/, 90_000);
    return new ScaleRig(network, master, crowd, stack.move());
  }

  /** The simulated slaves fall silent; a master sends nothing unasked, so resolves when answers under way are gone. */
  async silence(): Promise<void> {
    this.#crowd.kill("SIGUSR1");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }

  /** They go on; resolves when every link has been heard again. */
  async resume(): Promise<void> {
    const linesBefore = this.#crowd.stdout.length;
    this.#crowd.kill("SIGUSR2");
    await awaitCondition(
      "all simulated slaves to be back",
      () => this.#crowd.stdout.slice(linesBefore).includes("back"),
      { timeoutMs: 30_000, detail: () => this.#crowd.output },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Lets that many slaves in, beside the one that has a token. */
function inviteCrowd(stateDir: string, slaves: number): ManySlavesPlan {
  using store = MasterStore.open(stateDir, "command");
  const keys = Array.from({ length: slaves }, (_, i) => {
    const { secretKey, publicKey } = generateKeyPair(nodeDiffieHellman, randomBytes);
    const psk = randomBytes(32);
    const invitedAt = "2026-01-01T00:00:00.000Z";
    const name = `crowd-${i}`;
    store.addSlave({ name, publicKey, psk, hostNumber: 3 + i, invitedAt, revokedAt: null });
    return { secretKey: secretKey.toHex(), psk: psk.toHex() };
  });
  return { masterKey: store.keyPair.publicKey.toHex(), links: LINKS, slaves: keys };
}

async function measureIdle(
  { master }: ScaleRig,
  slaves: number,
  { isQuick, progress }: BenchContext,
): Promise<{ readonly rssBytes: number; readonly processorPercent: number }> {
  const { pid } = master.process;
  const seconds = isQuick ? 5 : slaves < 1_000 ? 10 : 20;
  progress(`idle for ${seconds} s`);
  const beforeMs = processorMs(pid);
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const usedMs = processorMs(pid) - beforeMs;
  const processorPercent = 100 * usedMs / (performance.now() - startMs);
  return { rssBytes: master.process.rssBytes(), processorPercent };
}

function describeIdle(
  { slaves, rssBytes, oneRssBytes, processorPercent }: {
    readonly slaves: number;
    readonly rssBytes: number;
    readonly oneRssBytes: number;
    readonly processorPercent: number;
  },
): Figure[] {
  const name = slaves === 1 ? "1 slave" : `${slaves.toLocaleString("en")} slaves`;
  const perSlaveKb = (rssBytes - oneRssBytes) / (slaves - 1) / 1_024;
  const note = slaves < 100 ? {} : { note: `${perSlaveKb.toFixed(0)} KiB a slave` };
  return [
    { what: `${name}: master's memory`, value: rssBytes / 2 ** 20, unit: "MiB", ...note },
    { what: `${name}: master's processor, idle`, value: processorPercent, unit: "% of one" },
  ];
}

/** One TCP flow of a real slave, in turns: the others report, or are silent. */
async function compareFlows(
  rig: ScaleRig,
  slaves: number,
  context: BenchContext,
): Promise<Figure[]> {
  const { laptop, server, pair } = rig.network;
  const { hostname, port } = LINKS[0]!.remote;
  const args = pair.slaveArgs("--targets", `${hostname}:${port}`);
  await using _slave = await BindlinkProcess.start(laptop, args);
  await waitForPing(laptop, INNER_MASTER);
  await using _server = await Iperf3Server.start(server);
  const others = slaves.toLocaleString("en");
  const unlimited = await compareFlow(rig, { name: "unlimited link", others, rounds: 9 }, context);
  await laptop.limitRate("up1", PHONES_BPS);
  await server.limitRate("in1", PHONES_BPS);
  const name = `link of ${PHONES_BPS / 1e6} Mbit/s`;
  return [...unlimited, ...await compareFlow(rig, { name, others, rounds: 3 }, context)];
}

async function compareFlow(
  rig: ScaleRig,
  { name, others, rounds: wanted }: {
    readonly name: string;
    readonly others: string;
    /** Many where both processors are busy, and every other program shows. */
    readonly rounds: number;
  },
  { isQuick, progress }: BenchContext,
): Promise<Figure[]> {
  const rounds = isQuick ? 1 : wanted;
  const seconds = isQuick ? 2 : 4;
  const flow = async (): Promise<number> => {
    const load = { host: INNER_MASTER, seconds, omitSeconds: 1 };
    return (await runIperf3(rig.network.laptop, load)).receivedBps / 1e6;
  };
  const alone: number[] = [];
  const beside: number[] = [];
  await flow(); // warm
  for (let round = 1; round <= rounds; round++) {
    progress(`TCP flow beside the others, ${name}, round ${round} of ${rounds}`);
    beside.push(await flow());
    await rig.silence();
    progress(`TCP flow alone, ${name}, round ${round} of ${rounds}`);
    alone.push(await flow());
    await rig.resume();
  }
  const ratios = beside.map((each, i) => each / alone[i]!);
  const of = `median of ${rounds}`;
  const rate = (what: string, values: readonly number[]): Figure => ({
    what: `${name}: one TCP flow, the others ${what}`,
    value: median(values),
    unit: "Mbit/s",
    note: `${of}, ${spread(values, 0)}`,
  });
  return [
    rate("silent", alone),
    rate("idle", beside),
    {
      what: `  beside ${others} of that alone`,
      value: median(ratios),
      unit: "",
      note: `${of}, ${spread(ratios, 2)}`,
    },
  ];
}

/** What session_cost_main.ts prints. */
type SessionCosts = Readonly<Record<string, { readonly nanoseconds: number }>>;

async function findingCosts(): Promise<Figure[]> {
  const costs: SessionCosts = JSON.parse(
    await runProgram([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64",
      fileURLToPath(new URL("session_cost_main.ts", import.meta.url)),
    ]),
  );
  const figure = (what: string, key: string): Figure => ({
    what,
    value: costs[key]?.nanoseconds ?? NaN,
    unit: "ns",
    note: "least of 7",
  });
  return [
    figure("a packet's session found, of 1,000", "sessionTable"),
    figure("a packet's route found, of 1,000, IPv4", "routesIpv4"),
    figure("a packet's route found, of 1,000, IPv6", "routesIpv6"),
  ];
}
