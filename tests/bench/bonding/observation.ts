/**
 * Everything that is read before and after the measured time, whatever the traffic: relay, kernel,
 * processors, the daemons' own counters.
 *
 * @module
 */

import { processorMs } from "../processor_time.ts";
import type { Figures } from "./figures.ts";
import { growth, type KernelCounters, readKernelCounters } from "./machine_counters.ts";
import type { RelayReport } from "./relay_main.ts";
import type { BondingRig, Route } from "./rig.ts";

interface Reading {
  readonly atMs: number;
  readonly sender: KernelCounters;
  readonly slave: KernelCounters;
  readonly server: KernelCounters;
  readonly phones: KernelCounters;
  readonly slaveCpuMs: number;
  readonly masterCpuMs: number;
  readonly relayCpuMs: number;
  readonly drops: ReadonlyMap<string, number>;
  readonly relay: RelayReport | null;
}

/** A measured time that has begun. */
export class Observation {
  /** What the relay's links did in it; null without emulator. */
  relayReport: RelayReport | null = null;
  readonly #rig: BondingRig;
  readonly #route: Route;
  readonly #before: Reading;

  private constructor(rig: BondingRig, route: Route, before: Reading) {
    this.#rig = rig;
    this.#route = route;
    this.#before = before;
  }

  /** Begins. */
  static async begin(rig: BondingRig, route: Route): Promise<Observation> {
    await rig.network.relay?.reset();
    return new Observation(rig, route, await read(rig, route));
  }

  /** Ends. @param goodputMbps for what is relative to it; found later than this by some. */
  async end(): Promise<(goodputMbps: number) => Figures> {
    const before = this.#before;
    const after = await read(this.#rig, this.#route);
    this.relayReport = after.relay;
    const ms = after.atMs - before.atMs;
    const segments = growth(before.sender, after.sender, "Tcp.OutSegs");
    const bufferErrors = (name: "slave" | "server" | "phones"): number =>
      growth(before[name], after[name], "Udp.RcvbufErrors");
    const drops = [...after.drops].map(([reason, count]): [string, number] => [
      reason,
      count - (before.drops.get(reason) ?? 0),
    ]).filter(([, count]) => count > 0);
    const common: Figures = {
      retransmitted: growth(before.sender, after.sender, "Tcp.RetransSegs") / segments,
      reorderings: growth(before.sender, after.sender, "TcpExt.TCPSACKReorder") +
        growth(before.sender, after.sender, "TcpExt.TCPTSReorder"),
      socketDrops: bufferErrors("slave") + bufferErrors("server"),
      deviceDrops: (["slave", "server"] as const).reduce(
        (sum, name) =>
          sum + growth(before[name], after[name], "dropped.IN") +
          growth(before[name], after[name], "dropped.OUT"),
        0,
      ),
      slaveCpu: (after.slaveCpuMs - before.slaveCpuMs) / ms,
      masterCpu: (after.masterCpuMs - before.masterCpuMs) / ms,
      relayCpu: (after.relayCpuMs - before.relayCpuMs) / ms,
      drops: Object.fromEntries(drops),
    };
    const { relay } = after;
    if (relay === null || before.relay === null) return () => common;
    const own = relayDrops(relay) - relayDrops(before.relay) + bufferErrors("phones");
    return (goodputMbps) => ({
      ...common,
      relayDrops: own,
      ...linkFigures(this.#route, before.relay!, relay, goodputMbps),
    });
  }
}

/** Datagrams the relay lost by its own fault so far. */
function relayDrops({ links }: RelayReport): number {
  return links.reduce((sum, link) => sum + link.sendErrors + link.arenaDrops, 0);
}

function linkFigures(
  { relayLinks, direction }: Route,
  before: RelayReport,
  after: RelayReport,
  goodputMbps: number,
): Figures {
  const other = direction === "up" ? "down" : "up";
  const samples = Math.max(1, after.links[0]!.up.sentBytes.length);
  const mbps = (bytes: readonly number[]): number =>
    bytes.reduce((sum, each) => sum + each, 0) * 8 / 1000 / (samples * after.sampleMs);
  const links = relayLinks.map((index) => after.links[index]!);
  const sum = (values: readonly number[]): number => values.reduce((total, it) => total + it, 0);
  const offered = sum(links.map((link) => mbps(link[direction].sentBytes)));
  const answers = sum(links.map((link) => mbps(link[other].sentBytes)));
  const counters = direction === "up" ? "upCounters" : "downCounters";
  return {
    overhead: offered / goodputMbps - 1,
    answers: answers / goodputMbps,
    linkMbps: links.map((link) => mbps(link[direction].deliveredBytes)),
    queueFullPkts: relayLinks.map((index) =>
      after.links[index]![counters].queueFullPkts - before.links[index]![counters].queueFullPkts
    ),
  };
}

async function read(rig: BondingRig, route: Route): Promise<Reading> {
  const { phones, relay } = rig.network;
  const [slave, master] = rig.daemons(route.subject);
  const [slaveCounters, server, phonesCounters, drops, relayReport] = await Promise.all([
    readKernelCounters(route.slave),
    readKernelCounters(route.server),
    readKernelCounters(phones),
    readDrops(rig, route),
    relay?.report() ?? null,
  ]);
  return {
    atMs: performance.now(),
    sender: route.direction === "up" ? slaveCounters : server,
    slave: slaveCounters,
    server,
    phones: phonesCounters,
    slaveCpuMs: processorMs(slave.process.pid),
    masterCpuMs: processorMs(master.process.pid),
    relayCpuMs: relay === null ? 0 : processorMs(relay.pid),
    drops,
    relay: relayReport,
  };
}

/** Both daemons' drops: `slave reason` -> packets. None when a daemon is too busy to answer. */
async function readDrops(rig: BondingRig, route: Route): Promise<ReadonlyMap<string, number>> {
  const sides = ["slave", "master"];
  const maps = await Promise.all(
    rig.daemons(route.subject).map((daemon) =>
      daemon.dropsByReason().catch(() => new Map<string, number>())
    ),
  );
  return new Map(
    maps.flatMap((map, i) =>
      [...map].map(([reason, count]): [string, number] => [`${sides[i]} ${reason}`, count])
    ),
  );
}
