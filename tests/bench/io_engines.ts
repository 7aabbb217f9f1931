/**
 * The fast engine against the portable one and the bare cable, in turns in the same run: both ends of the tunnel, iperf3 and
 * the kernel on this machine's processors.
 *
 * @module
 */

import type { IoEngine } from "../../src/linkmap/io_engine.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { processorMs } from "./processor_time.ts";
import { climbRates, describeRungs, mostArrived } from "./rate_climb.ts";
import { findFlowObstacle } from "./secure_flow.ts";
import { median, spread } from "./statistics.ts";
import { BARE_SERVER, TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";
import { runUdpTool, startUdpTool } from "./udp_tool.ts";

const ENGINES = ["ffi", "deno"] as const satisfies readonly IoEngine["name"][];

/** Small IP packets: a game's, or a call's. */
const SMALL_PAYLOAD_BYTES = 172;
/** Where they go at the server. */
const HOLE_PORT = 5_301;

/** What an end may keep resident, also when it has carried all it can, by the engine that is used where it can be. */
const MAX_RESIDENT_BYTES = 150e6;

interface Load {
  readonly name: string;
  readonly streams: number;
  readonly reverse: boolean;
}

const LOADS: readonly Load[] = [
  { name: "one flow", streams: 1, reverse: false },
  { name: "one flow, the other way", streams: 1, reverse: true },
  { name: "four flows", streams: 4, reverse: false },
];

/** See the module. */
export const IO_ENGINES: Benchmark = {
  name: "engines",
  title: "The engines ffi and deno, secure, two links (iperf3 -C cubic)",
  findObstacle: findFlowObstacle,
  async run(context): Promise<Figure[]> {
    const figures: Figure[] = [];
    await using stack = new AsyncDisposableStack();
    const rigs: Rigs = {
      ffi: stack.use(await TunnelRig.create({ links: 2, io: "ffi" })),
      deno: stack.use(await TunnelRig.create({ links: 2, io: "deno" })),
    };
    figures.push(...await measureIdle(rigs, context));
    const idle = residentBytes(rigs);
    for (const engine of ENGINES) stack.use(await Iperf3Server.start(rigs[engine].server));
    for (const load of LOADS) figures.push(...await compare(rigs, load, context));
    figures.push(...await comparePacketRates(rigs, context));
    figures.push(...judgeMemory(idle, residentBytes(rigs)));
    return figures;
  },
};

type Rigs = Readonly<Record<IoEngine["name"], TunnelRig>>;

/** Of slave and master. */
type Memory = Readonly<Record<IoEngine["name"], readonly number[]>>;

function residentBytes(rigs: Rigs): Memory {
  const read = (engine: IoEngine["name"]): number[] =>
    rigs[engine].ends.map((end) => end.process.rssBytes());
  return { ffi: read("ffi"), deno: read("deno") };
}

/** Before any load, and after all of it. */
function judgeMemory(idle: Memory, end: Memory): Figure[] {
  return ENGINES.flatMap((engine) =>
    ["slave", "master"].map((who, i): Figure => ({
      what: `${engine}: memory at the end, ${who}`,
      value: end[engine][i]! / 1e6,
      unit: "MB",
      note: `idle ${(idle[engine][i]! / 1e6).toFixed(0)}`,
      isMissed: engine === "ffi" && end[engine][i]! > MAX_RESIDENT_BYTES,
    }))
  );
}

/** What one end uses when nothing flows. */
async function measureIdle(rigs: Rigs, { isQuick, progress }: BenchContext): Promise<Figure[]> {
  const seconds = isQuick ? 5 : 20;
  progress(`idle for ${seconds} s`);
  const used = (engine: IoEngine["name"]): number[] =>
    rigs[engine].ends.map((end) => processorMs(end.process.pid));
  const before = { ffi: used("ffi"), deno: used("deno") };
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  return ENGINES.flatMap((engine) => {
    const percents = used(engine).map((ms, i) => (ms - before[engine][i]!) / (seconds * 10));
    return [{
      what: `${engine}: processor of the idle slave`,
      value: percents[0]!,
      unit: "% of one",
      note: `master ${percents[1]!.toFixed(2)}`,
    }];
  });
}

interface Run {
  readonly mbps: number;
  /** Of both ends, per gigabyte carried. */
  readonly cpuSecondsPerGb: number;
}

async function compare(
  rigs: Rigs,
  { name, streams, reverse }: Load,
  { isQuick, progress }: BenchContext,
): Promise<Figure[]> {
  const rounds = isQuick ? 2 : 5;
  const seconds = isQuick ? 2 : 4;
  const bare: number[] = [];
  const runs: Record<IoEngine["name"], Run[]> = { ffi: [], deno: [] };
  for (let round = 1; round <= rounds; round++) {
    progress(`${name}, round ${round} of ${rounds}`);
    const flow = { seconds, streams, reverse, omitSeconds: 1 };
    for (const engine of ENGINES) runs[engine].push(await runFlow(rigs[engine], flow));
    const load = { host: BARE_SERVER, ...flow };
    bare.push((await runIperf3(rigs.ffi.laptop, load)).receivedBps / 1e6);
  }
  const of = `median of ${rounds}`;
  const rate = (what: string, values: readonly number[]): Figure => ({
    what: `${name}, ${what}`,
    value: median(values),
    unit: "Mbit/s",
    note: `${of}, ${spread(values, 0)}`,
  });
  const ratio = (what: string, ratios: readonly number[]): Figure => ({
    what: `  ${what}`,
    value: median(ratios),
    unit: "",
    note: `${of}, ${spread(ratios, 3)}`,
  });
  const [ffi, deno] = ENGINES.map((engine) => runs[engine].map(({ mbps }) => mbps));
  return [
    rate("bare veth", bare),
    rate("ffi", ffi!),
    rate("deno", deno!),
    ratio("ffi of deno", ffi!.map((each, i) => each / deno![i]!)),
    ratio("ffi of bare", ffi!.map((each, i) => each / bare[i]!)),
    ...ENGINES.map((engine): Figure => ({
      what: `  ${engine}: processor, both ends`,
      value: median(runs[engine].map(({ cpuSecondsPerGb }) => cpuSecondsPerGb)),
      unit: "s per GB",
    })),
  ];
}

async function runFlow(
  { laptop, ends }: TunnelRig,
  flow: {
    readonly seconds: number;
    readonly streams: number;
    readonly reverse: boolean;
    readonly omitSeconds: number;
  },
): Promise<Run> {
  const used = (): number => ends.reduce((sum, end) => sum + processorMs(end.process.pid), 0);
  const beforeMs = used();
  const { receivedBps } = await runIperf3(laptop, { host: TUNNEL_SERVER, ...flow });
  const usedSeconds = (used() - beforeMs) / 1_000;
  // The seconds that do not count have carried about as much as those that do.
  const carriedGb = receivedBps / 8e9 * (flow.seconds + flow.omitSeconds);
  return { mbps: receivedBps / 1e6, cpuSecondsPerGb: usedSeconds / carriedGb };
}

/** The most small packets that arrive a second: each engine climbs by the same rule, in turns. */
async function comparePacketRates(
  rigs: Rigs,
  { isQuick, progress, report }: BenchContext,
): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3;
  const best: Record<IoEngine["name"], PacketRun[]> = { ffi: [], deno: [] };
  for (let round = 1; round <= rounds; round++) {
    for (const engine of ENGINES) {
      const runs: PacketRun[] = [];
      const rungs = await climbRates(async (offered) => {
        progress(
          `packets of 200 bytes, ${engine}, round ${round} of ${rounds}, ${offered} offered`,
        );
        const run = await runPackets(rigs[engine], offered, isQuick ? 1_000 : 2_000);
        runs.push(run);
        return run.arrivedPerSecond;
      });
      report(
        `packets of 200 bytes, ${engine}, thousands offered -> arrived: ${describeRungs(rungs)}`,
      );
      const most = mostArrived(rungs);
      best[engine].push(runs.find(({ arrivedPerSecond }) => arrivedPerSecond === most)!);
    }
  }
  return [
    ...comparePackets(best, "packets of 200 bytes", "packets/s", (run) => run.arrivedPerSecond),
    ...comparePackets(best, "processor for one", "us", (run) => run.processorUs),
  ];
}

/** What one figure of the best runs is, for each engine, and their ratio in each round. */
function comparePackets(
  best: Record<IoEngine["name"], readonly PacketRun[]>,
  name: string,
  unit: string,
  figureOf: (run: PacketRun) => number,
): Figure[] {
  const values = { ffi: best.ffi.map(figureOf), deno: best.deno.map(figureOf) };
  const digits = unit === "us" ? 1 : 0;
  const ratios = values.ffi.map((each, i) => each / values.deno[i]!);
  const note = `median of ${ratios.length}, `;
  return [
    ...ENGINES.map((engine): Figure => ({
      what: `${name}, ${engine}`,
      value: Number(median(values[engine]).toFixed(digits)),
      unit,
      note: note + spread(values[engine], digits),
    })),
    { what: "  ffi of deno", value: median(ratios), unit: "", note: note + spread(ratios, 2) },
  ];
}

interface PacketRun {
  readonly arrivedPerSecond: number;
  /** Of both daemons, for a packet that arrived. */
  readonly processorUs: number;
}

/** What arrives is what the far daemon gives its tun: a socket there would lose some of it when its processor is taken. */
async function runPackets(
  { laptop, server, ends }: TunnelRig,
  packetsPerSecond: number,
  durationMs: number,
): Promise<PacketRun> {
  const received = async (): Promise<number> => {
    const samples = await ends[1]!.metrics();
    return samples.find(({ name }) => name === "bindlink_tun_written_packets_total")?.value ?? NaN;
  };
  const used = (): number => ends.reduce((sum, end) => sum + processorMs(end.process.pid), 0);
  await using hole = await startUdpTool(server, "hole", HOLE_PORT);
  const before = await received();
  const usedBefore = used();
  const to = [TUNNEL_SERVER, HOLE_PORT, SMALL_PAYLOAD_BYTES, packetsPerSecond, durationMs];
  const { spanMs } = await runUdpTool<{ spanMs: number }>(laptop, "blast", ...to);
  const arrived = await received() - before;
  const usedUs = 1_000 * (used() - usedBefore);
  await hole.closeStdin();
  return { arrivedPerSecond: arrived * 1_000 / spanMs, processorUs: usedUs / arrived };
}
