/**
 * How many packets a second the tunnel carries in each direction: the most that arrive, over a
 * ladder of offered rates, since a sender that offers more than is carried takes processor time
 * from those who carry.
 *
 * @module
 */

import type { Namespace } from "../support/namespace.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { INNER_MTU_BYTES } from "../support/tunnel_pair.ts";
import { median, spread } from "./statistics.ts";
import { findRigObstacle, TUNNEL_LAPTOP, TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";
import { finishUdpTool, runUdpTool, startUdpTool } from "./udp_tool.ts";

/** IP packets of this size, the tun's MTU: payload and 28 bytes of headers. */
const PACKET_BYTES = INNER_MTU_BYTES;
const PORT = 5_300;

const LADDER_KPPS: readonly number[] = [10, 20, 30, 40, 50, 60, 80];

/** See the module. */
export const PACKET_RATE: Benchmark = {
  name: "packets",
  title: `Packets a second through the tunnel, ${PACKET_BYTES} bytes each, two links`,
  findObstacle: findRigObstacle,
  async run(context): Promise<Figure[]> {
    await using rig = await TunnelRig.create({ links: 2 });
    const up = { from: rig.laptop, to: rig.server, host: TUNNEL_SERVER };
    const down = { from: rig.server, to: rig.laptop, host: TUNNEL_LAPTOP };
    return [
      ...await climb("laptop to server", up, context),
      ...await climb("server to laptop", down, context),
    ];
  },
};

interface Way {
  readonly from: Namespace;
  readonly to: Namespace;
  readonly host: string;
}

async function climb(name: string, way: Way, context: BenchContext): Promise<Figure[]> {
  const { isQuick, progress } = context;
  const rounds = isQuick ? 1 : 3;
  const ladder = isQuick ? LADDER_KPPS.filter((_, i) => i % 2 === 1) : LADDER_KPPS;
  let best: Figure | null = null;
  for (const offered of ladder) {
    progress(`${name}, ${offered},000 offered`);
    const rates: number[] = [];
    for (let round = 0; round < rounds; round++) {
      rates.push(await measure(way, offered * 1_000, isQuick ? 1_000 : 2_000));
    }
    const value = median(rates);
    if (best !== null && value <= best.value) continue;
    const note = `median of ${rounds}, ${spread(rates, 0)}, at ${offered},000 offered`;
    best = { what: name, value, unit: "packets/s", note };
  }
  return best === null ? [] : [best];
}

/** Packets that arrive per second. */
async function measure(way: Way, packetsPerSecond: number, durationMs: number): Promise<number> {
  await using sink = await startUdpTool(way.to, "sink", PORT);
  const bytes = PACKET_BYTES - 28;
  await runUdpTool(way.from, "blast", way.host, PORT, bytes, packetsPerSecond, durationMs);
  const { packets, spanMs } = await finishUdpTool<{ packets: number; spanMs: number }>(sink);
  return spanMs > 0 ? packets * 1_000 / spanMs : 0;
}
