/**
 * What a packet costs in the multiplexer, from the tun of one end to that of the other, feedback included: it must not
 * depend on how many links or inner flows there are.
 *
 * @module
 */

import type { Benchmark, Figure } from "./benchmark.ts";
import { MultiplexerRig } from "./multiplexer_rig.ts";

const ROUNDS = 15;
const LINKS = [2, 8, 32];
const FLOWS = [1, 100, 10_000];

/** See the module. */
export const MULTIPLEXER_COST: Benchmark = {
  name: "multiplexer",
  title: "Cost of a packet in the multiplexer, both ends",
  findObstacle: () => Promise.resolve(null),
  run({ isQuick }): Promise<Figure[]> {
    const packets = isQuick ? 20_000 : 200_000;
    const byLinks = LINKS.map((links) => ({ what: `${links} links, 1 flow`, links, flows: 1 }));
    const byFlows = FLOWS.map((flows) => ({ what: `2 links, ${flows} flows`, links: 2, flows }));
    return Promise.resolve([...measure(byLinks, packets), ...measure(byFlows, packets)]);
  },
};

/** Rounds of all cases in turns, so that whatever else runs hits them alike; each against the first. */
function measure(
  cases: readonly { readonly what: string; readonly links: number; readonly flows: number }[],
  packets: number,
): Figure[] {
  const rigs = cases.map(({ links, flows }) => new MultiplexerRig(links, flows));
  const nanoseconds: number[][] = cases.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    rigs.forEach((rig, i) => {
      const startMs = performance.now();
      rig.run(packets);
      nanoseconds[i]!.push((performance.now() - startMs) * 1e6 / packets);
    });
  }
  // What else runs only ever adds: the least is what it costs.
  const first = Math.min(...nanoseconds[0]!);
  return cases.map(({ what }, i) => {
    const value = Math.min(...nanoseconds[i]!);
    const ratio = `${(value / first).toFixed(2)} of the first`;
    return { what, value, unit: "ns", note: `least of ${ROUNDS}; ${ratio}` };
  });
}
