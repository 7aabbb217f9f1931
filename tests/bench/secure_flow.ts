/**
 * What encryption and authentication cost: TCP through a secure tunnel and through a legacy one, in
 * turns in the same run, by iperf3.
 *
 * @module
 */

import { tryCommand } from "../../scripts/run_command.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import type { TunnelProtocol } from "../support/tunnel_pair.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { median, spread } from "./statistics.ts";
import { findRigObstacle, TUNNEL_SERVER, TunnelRig } from "./tunnel_rig.ts";

/** See the module. */
export const SECURE_FLOW: Benchmark = {
  name: "secure",
  title: "Secure against legacy: TCP (iperf3 -C cubic), laptop to server",
  findObstacle: findFlowObstacle,
  async run(context): Promise<Figure[]> {
    return [
      ...await compare({ name: "one flow, one link", links: 1, streams: 1 }, context),
      ...await compare({ name: "8 flows, two links", links: 2, streams: 8 }, context),
    ];
  },
};

/** Why iperf3 cannot run between namespaces here; null when it can. */
export async function findFlowObstacle(): Promise<string | null> {
  const iperf3 = await tryCommand(["iperf3", "--version"]);
  if (!iperf3.isSuccess) return 'the program "iperf3" is missing (apt-get install iperf3)';
  return await findRigObstacle();
}

interface Load {
  readonly name: string;
  readonly links: number;
  readonly streams: number;
}

async function compare(load: Load, { isQuick, progress }: BenchContext): Promise<Figure[]> {
  const rounds = isQuick ? 2 : 5;
  const seconds = isQuick ? 2 : 4;
  const { name, links, streams } = load;
  await using stack = new AsyncDisposableStack();
  const flowThrough = async (protocol: TunnelProtocol): Promise<() => Promise<number>> => {
    const rig = stack.use(await TunnelRig.create({ links, protocol }));
    stack.use(await Iperf3Server.start(rig.server));
    return async () => {
      const flow = { host: TUNNEL_SERVER, seconds, streams, omitSeconds: 1 };
      return (await runIperf3(rig.laptop, flow)).receivedBps / 1e6;
    };
  };
  const runSecure = await flowThrough("secure");
  const runLegacy = await flowThrough("legacy");
  const secure: number[] = [];
  const legacy: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress(`${name}, round ${round} of ${rounds}`);
    legacy.push(await runLegacy());
    secure.push(await runSecure());
  }
  const ratios = secure.map((each, i) => each / legacy[i]!);
  const of = `median of ${rounds}`;
  const rate = (what: string, values: readonly number[]): Figure => ({
    what: `${what}, ${name}`,
    value: median(values),
    unit: "Mbit/s",
    note: `${of}, ${spread(values, 0)}`,
  });
  return [
    rate("secure", secure),
    rate("legacy", legacy),
    {
      what: `secure of legacy, ${name}`,
      value: median(ratios),
      unit: "",
      note: `${of}, ${spread(ratios, 2)}`,
    },
  ];
}
