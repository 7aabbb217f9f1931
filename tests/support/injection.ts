/**
 * Datagrams put into a running tunnel from outside, and the proof that an end has taken none of them:
 * every one is in its drop counters, by reason, and nothing else about it has changed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "./await_condition.ts";
import { type BindlinkProcess, moreDrops } from "./bindlink_process.ts";
import type { Namespace } from "./namespace.ts";
import type { UdpDatagram } from "./pcap_file.ts";
import { sendSpoofed } from "./spoofed_sender.ts";

/**
 * Datagrams a second: an end that has half a processor takes them in. What is more than its socket's
 * buffer holds while it waits for that processor, the kernel drops, and counts.
 */
const RATE_PPS = 1_500;

/** A kernel's own chatter in the tunnel (IPv6 from link-local addresses): refused, and nobody's attack. */
const CHATTER: readonly string[] = ["no_route", "wrong_inner_source"];

/** What an end says of its links when it next looks at them, seconds after they have changed: nobody's attack. */
const LINK_NEWS = / Link kept as backup /;

/** What must not change by any attack. */
export interface EndState {
  readonly drops: ReadonlyMap<string, number>;
  /** Datagrams that found a socket's buffer full. */
  readonly kernelDrops: number;
  /** Packets. */
  readonly tunWritten: number;
  readonly moves: readonly [id: string, moves: number][];
  readonly logLines: number;
}

/** An end under attack. */
export class Injection {
  readonly #victim: BindlinkProcess;
  readonly #before: EndState;
  #injectedPkts = 0;

  private constructor(victim: BindlinkProcess, before: EndState) {
    this.#victim = victim;
    this.#before = before;
  }

  /** Notes how things are. */
  static async begin(victim: BindlinkProcess): Promise<Injection> {
    return new Injection(victim, await endStateOf(victim));
  }

  /** Sends datagrams to the end, whatever their source says. @param from a machine with a way to it. */
  async inject(from: Namespace, datagrams: readonly UdpDatagram[]): Promise<void> {
    await sendSpoofed(from, datagrams, RATE_PPS);
    this.#injectedPkts += datagrams.length;
  }

  /**
   * Waits until every datagram is counted, and checks that nothing came of any.
   * @param tunWritten packets that did go through the tunnel to this end meanwhile
   * @param countAnswers how many datagrams came from the other end because that was attacked: to be dropped as well
   * @returns datagrams by the reason they were dropped for
   */
  async finish(
    tunWritten: number,
    countAnswers: () => Promise<number> = () => Promise.resolve(0),
  ): Promise<ReadonlyMap<string, number>> {
    const before = this.#before;
    let after = before;
    let expected = this.#injectedPkts;
    const reasons = (): ReadonlyMap<string, number> =>
      attacksIn(moreDrops(before.drops, after.drops));
    const kernelDrops = (): number => after.kernelDrops - before.kernelDrops;
    await awaitCondition("every datagram to be counted", async () => {
      expected = this.#injectedPkts + await countAnswers();
      after = await endStateOf(this.#victim);
      return sum(reasons()) + kernelDrops() === expected;
    }, { detail: () => `${expected} expected; ${describe(reasons(), kernelDrops())}` });
    assert(kernelDrops() <= expected / 10, describe(reasons(), kernelDrops()));
    assert.equal(after.tunWritten - before.tunWritten, tunWritten, "packets out of the tun");
    assert.deepEqual(after.moves, before.moves, "links and how often they moved");
    assert.equal(after.logLines, before.logLines, this.#victim.process.output);
    return reasons();
  }
}

/** How an end is now. */
export async function endStateOf(end: BindlinkProcess): Promise<EndState> {
  const tun = await end.metricBy("bindlink_tun_written_packets_total", "");
  return {
    drops: await end.dropsByReason(),
    kernelDrops: await kernelDropsOf(end.namespace),
    tunWritten: tun.get("") ?? NaN,
    moves: [...await end.metricBy("bindlink_link_moves_total", "id")],
    logLines: end.process.stderr.filter((line) => !LINK_NEWS.test(line)).length,
  };
}

/** Datagrams that found a socket's buffer full, on the whole machine (proc_net_snmp: Udp RcvbufErrors). */
async function kernelDropsOf(namespace: Namespace): Promise<number> {
  const text = await namespace.run(["cat", "/proc/net/snmp"]);
  const [names = [], values = []] = text.split("\n")
    .filter((line) => line.startsWith("Udp: "))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf("RcvbufErrors")]);
}

function attacksIn(drops: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  return new Map([...drops].filter(([reason]) => !CHATTER.includes(reason)));
}

function sum(reasons: ReadonlyMap<string, number>): number {
  return [...reasons.values()].reduce((total, count) => total + count, 0);
}

function describe(reasons: ReadonlyMap<string, number>, kernelDrops: number): string {
  const counts = [...reasons].map(([reason, count]) => `${reason} ${count}`);
  return `counted: ${counts.join(", ")}; dropped by the kernel: ${kernelDrops}`;
}
