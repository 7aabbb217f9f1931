/**
 * What a laptop on battery pays: a transfer of 20 Mbit/s over three slow links, and the processor time of the slave, by
 * engine.
 *
 * @module
 */

import type { IoEngine } from "../../src/linkmap/io_engine.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { processorMs } from "./processor_time.ts";
import { findFlowObstacle } from "./secure_flow.ts";
import { median, spread } from "./statistics.ts";
import { TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";

const ENGINES = ["ffi", "deno"] as const satisfies readonly IoEngine["name"][];

/** Three of these carry 20 Mbit/s of payload. */
const PHONE_BPS = 7.4e6;
const PHONES = 3;

/** What counts is hours of it: until then V8's other threads compile, which takes a fifth of all in the first ten seconds. */
const WARM_SECONDS = 20;

/** See the module. */
export const PHONE_LOAD: Benchmark = {
  name: "phones",
  title: "One TCP flow over three links of 7.4 Mbit/s each: processor time of the slave",
  findObstacle: findFlowObstacle,
  async run(context): Promise<Figure[]> {
    const figures: Figure[] = [];
    for (const reverse of [true, false]) figures.push(...await measureWay(reverse, context));
    return figures;
  },
};

/** All rounds of a direction. One that breaks off is counted, and leaves the others' figures alone. */
async function measureWay(reverse: boolean, context: BenchContext): Promise<Figure[]> {
  const way = reverse ? "down" : "up";
  const rates: number[] = [];
  const percents: Record<IoEngine["name"], number[]> = { ffi: [], deno: [] };
  const figures: Figure[] = [];
  for (let round = 1; round <= (context.isQuick ? 1 : 3); round++) {
    for (const engine of ENGINES) {
      const what = `${way}, ${engine}, round ${round}`;
      try {
        const { percent, mbps } = await measure(engine, reverse, context);
        context.report(`${what}: ${percent.toFixed(1)} % of one, ${mbps.toFixed(1)} Mbit/s`);
        rates.push(mbps);
        percents[engine].push(percent);
      } catch (error) {
        context.report(`${what}: ${error instanceof Error ? error.message : error}`);
        figures.push({ what: `${what}: broke off`, value: NaN, unit: "", isMissed: true });
      }
    }
  }
  for (const engine of ENGINES.filter((engine) => percents[engine].length > 0)) {
    const value = median(percents[engine]);
    const note = `${spread(percents[engine], 1)}, at ${median(rates).toFixed(1)} Mbit/s`;
    figures.push({ what: `${way}, ${engine}`, value, unit: "% of one", note });
  }
  return figures;
}

async function measure(
  io: IoEngine["name"],
  reverse: boolean,
  { isQuick, progress }: BenchContext,
): Promise<{ readonly mbps: number; readonly percent: number }> {
  progress(`${io}, ${reverse ? "down" : "up"}`);
  await using rig = await TunnelRig.create({ links: PHONES, io, rateBps: PHONE_BPS });
  await using _server = await Iperf3Server.start(rig.server);
  const seconds = isQuick ? 3 : 8;
  const load = { host: TUNNEL_SERVER, reverse };
  await runIperf3(rig.laptop, { ...load, seconds: isQuick ? 4 : WARM_SECONDS });
  const { pid } = rig.ends[0]!.process;
  const received = async (): Promise<number> => {
    const device = reverse ? rig.laptop : rig.server;
    return Number(await device.run(["cat", "/sys/class/net/bind0/statistics/rx_bytes"]));
  };
  const idleBytes = await received();
  const flow = runIperf3(rig.laptop, { ...load, seconds: seconds + 3 });
  await awaitCondition(
    "the flow to be fast",
    async () => await received() - idleBytes > 2 * PHONE_BPS / 8,
    { timeoutMs: 10_000 },
  );
  const [startMs, usedMs, bytes] = [performance.now(), processorMs(pid), await received()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const elapsedMs = performance.now() - startMs;
  const percent = 100 * (processorMs(pid) - usedMs) / elapsedMs;
  const mbps = (await received() - bytes) * 8 / 1_000 / elapsedMs;
  await flow;
  return { mbps, percent };
}
