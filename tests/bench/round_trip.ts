/**
 * What the tunnel adds to a round trip: UDP echo, one at a time, through the tunnel and over the
 * bare cable in turns. Without pauses: so the processors do not fall asleep, and an idle spinner,
 * which made the tail longer here, is not needed.
 *
 * @module
 */

import type { Benchmark, Figure } from "./benchmark.ts";
import { median, percentile, spread } from "./statistics.ts";
import { BARE_SERVER, findRigObstacle, TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";
import { finishUdpTool, runUdpTool, startUdpTool } from "./udp_tool.ts";

const PORT = 5_301;
/** Payload as that of ping. */
const PAYLOAD_BYTES = 64;

interface PingResult {
  readonly roundTripsUs: readonly number[];
  readonly lost: number;
}

/** See the module. */
export const ROUND_TRIP: Benchmark = {
  name: "rtt",
  title: "Added round trip, UDP echo of 64 bytes, idle tunnel, two links",
  findObstacle: findRigObstacle,
  async run({ isQuick, progress }): Promise<Figure[]> {
    const rounds = isQuick ? 2 : 5;
    const count = isQuick ? 500 : 2_000;
    await using rig = await TunnelRig.create({ links: 2 });
    await using echo = await startUdpTool(rig.server, "echo", PORT);
    const bare: PingResult[] = [];
    const tunnel: PingResult[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      const ping = (host: string): Promise<PingResult> =>
        runUdpTool(rig.laptop, "ping", host, PORT, PAYLOAD_BYTES, count);
      bare.push(await ping(BARE_SERVER));
      tunnel.push(await ping(TUNNEL_SERVER));
    }
    await finishUdpTool<unknown>(echo).catch(() => {}); // it prints nothing but "ready"
    return [0.5, 0.99].flatMap((fraction) => describe(bare, tunnel, fraction));
  },
};

function describe(
  bare: readonly PingResult[],
  tunnel: readonly PingResult[],
  fraction: number,
): Figure[] {
  const name = `p${fraction * 100}`;
  const bareUs = bare.map(({ roundTripsUs }) => percentile(roundTripsUs, fraction));
  const tunnelUs = tunnel.map(({ roundTripsUs }) => percentile(roundTripsUs, fraction));
  const addedUs = tunnelUs.map((each, i) => each - bareUs[i]!);
  const lost = tunnel.reduce((sum, each) => sum + each.lost, 0);
  const of = `median of ${bare.length}`;
  return [
    {
      what: `bare veth ${name}`,
      value: median(bareUs),
      unit: "µs",
      note: `${of}, ${spread(bareUs, 0)}`,
    },
    {
      what: `tunnel ${name}`,
      value: median(tunnelUs),
      unit: "µs",
      note: `${of}, ${spread(tunnelUs, 0)}, ${lost} lost`,
    },
    {
      what: `added ${name}`,
      value: median(addedUs),
      unit: "µs",
      note: `${of}, ${spread(addedUs, 0)}`,
    },
  ];
}
