/**
 * One TCP flow through the tunnel against the bare cable, in turns, by iperf3.
 *
 * @module
 */

import { tryCommand } from "../../scripts/run_command.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { median, spread } from "./statistics.ts";
import { BARE_SERVER, findRigObstacle, TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";

/** See the module. */
export const TCP_FLOW: Benchmark = {
  name: "tcp",
  title: "One TCP flow (iperf3 -C cubic), laptop to server",
  async findObstacle(): Promise<string | null> {
    const iperf3 = await tryCommand(["iperf3", "--version"]);
    if (!iperf3.isSuccess) return 'the program "iperf3" is missing (apt-get install iperf3)';
    return await findRigObstacle();
  },
  async run(context): Promise<Figure[]> {
    return [...await compare(1, context), ...await compare(2, context)];
  },
};

async function compare(links: number, { isQuick, progress }: BenchContext): Promise<Figure[]> {
  const rounds = isQuick ? 2 : 5;
  const seconds = isQuick ? 2 : 4;
  await using rig = await TunnelRig.create({ links });
  await using _server = await Iperf3Server.start(rig.server);
  const flow = async (host: string): Promise<number> => {
    const { receivedBps } = await runIperf3(rig.laptop, { host, seconds, omitSeconds: 1 });
    return receivedBps / 1e6;
  };
  const bare: number[] = [];
  const tunnel: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress(`${links} links, round ${round} of ${rounds}`);
    bare.push(await flow(BARE_SERVER));
    tunnel.push(await flow(TUNNEL_SERVER));
  }
  const ratios = tunnel.map((each, i) => each / bare[i]!);
  const name = links === 1 ? "one link" : `${links} links`;
  const of = `median of ${rounds}`;
  return [
    {
      what: `tunnel, ${name}`,
      value: median(tunnel),
      unit: "Mbit/s",
      note: `${of}, ${spread(tunnel, 0)}`,
    },
    {
      what: `bare veth beside ${name}`,
      value: median(bare),
      unit: "Mbit/s",
      note: `${of}, ${spread(bare, 0)}`,
    },
    {
      what: `tunnel / bare, ${name}`,
      value: median(ratios),
      unit: "ratio",
      note: `${of}, ${spread(ratios, 4)}`,
    },
  ];
}
