/**
 * Fills all links at the same time, towards the master: whether they carry the sum of what each carried alone.
 *
 * @module
 */

import { DATAGRAM_OVERHEAD_BYTES } from "../multiplexer/path_mtu.ts";
import { Flood } from "./flood.ts";
import type { LinkMeasures, SharedMeasure } from "./link_measures.ts";
import { floodMs, MOST_BYTES, runFloods } from "./measure_link.ts";
import type { ProbeSession } from "./probe_session.ts";

/** A link whose rate was measured alone. */
export type FilledLink = LinkMeasures & { readonly up: NonNullable<LinkMeasures["up"]> };

/** Measures. The session has begun and has these links, which have been measured alone. */
export async function measureTogether(
  session: ProbeSession,
  links: readonly FilledLink[],
  clock: () => number,
): Promise<SharedMeasure[]> {
  const now = clock();
  // All for the same time: a link that is over leaves the others what it had.
  const endMs = now + Math.max(...links.map(({ idleMs }) => floodMs(idleMs)));
  const floods = new Map(links.map((link) => {
    const { idleMs, mtu } = link;
    const packetBytes = Math.min(mtu.tunnelBytes, mtu.packetBytes ?? mtu.tunnelBytes);
    const datagramBytes = packetBytes + DATAGRAM_OVERHEAD_BYTES;
    const flood = new Flood({ idleMs, datagramBytes, mostBytes: MOST_BYTES, endMs });
    return [link.id, { flood, datagramBytes }];
  }));
  await runFloods(session, floods, clock);
  return links.map(({ id, name, up }) => ({
    name,
    aloneBps: up.rateBps,
    togetherBps: floods.get(id)?.flood.result().rateBps ?? 0,
  }));
}
