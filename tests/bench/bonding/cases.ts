/**
 * The cases of the bonding benchmark: "Figures to beat", then the further scenarios.
 *
 * Delays are one way. The published jitter of `tc netem` draws for each packet on its own, so that
 * packets overtake each other within a link ("netem" below); radio links keep their order.
 *
 * @module
 */

import type { LinkProfile } from "../../support/link_profile.ts";
import { type BondingCase, type CaseLink, type CaseStep, Traffic } from "./bonding_case.ts";

/** The same both ways. */
function link(
  rateMbps: number,
  delayMs: number,
  more: Partial<LinkProfile> = {},
): CaseLink {
  const profile = { rateBps: rateMbps * 1e6, delayMs, ...more };
  return { up: profile, down: profile };
}

/** Loss of `percent`, and jitter. */
function lossy(percent: number, jitterMs = 0): Partial<LinkProfile> {
  return { lossFraction: percent / 100, jitterMs };
}

/** An LTE link that follows a generated trace of three minutes and a warm-up. */
function lte(seed: number, meanRateMbps: number, delayMs: number): CaseLink {
  const trace = { seed, durationMs: 200_000, meanRateBps: meanRateMbps * 1e6, delayMs };
  // The queue of a phone: what the mean rate sends in 400 ms.
  const queueBytes = meanRateMbps * 1e6 / 8 * 0.4;
  return { ...link(meanRateMbps, delayMs, { queueBytes }), trace };
}

/** Halves the first link's rate and doubles it again, every 5 s. */
function halvings(rateMbps: number, seconds: number): CaseStep[] {
  return Array.from({ length: seconds / 5 }, (_, i) => ({
    atMs: i * 5_000,
    link: 0,
    change: { rateBps: rateMbps * 1e6 / (i % 2 === 0 ? 2 : 1) },
  }));
}

/** The first link is away from 3 to 6 s. */
const CUT: readonly CaseStep[] = [
  { atMs: 3_000, link: 0, cut: true },
  { atMs: 6_000, link: 0, cut: false },
];

/**
 * A share from which on two goodputs are the same: where a packet waits to be sent again at an edge of the measured 20 s, what came
 * behind it counts in the second before or after. Single rounds of one and the same differ by up to 1.4 % for that.
 */
const THE_SAME = 0.985;

const REFERENCE = [link(20, 20), link(8, 60), link(3, 100)];
const TWO = [link(20, 20), link(8, 60)];

/** All cases. */
export const CASES: readonly BondingCase[] = [
  {
    name: "reference",
    shows: "20/8/3 Mbit/s, RTT 40/120/200 ms",
    links: REFERENCE,
    traffic: Traffic.TCP,
    floor: { goodputMbps: 26.5, pingP50Ms: 50, pingP99Ms: 100, retransmitted: 0.001 },
  },
  {
    name: "reference-lossy",
    shows: "the same with 0.5 % loss and jitter of 5/10/15 ms",
    links: [link(20, 20, lossy(0.5, 5)), link(8, 60, lossy(0.5, 10)), link(3, 100, lossy(0.5, 15))],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 24 },
  },
  {
    name: "equal-50",
    shows: "2 × 50 Mbit/s, 20 ms",
    links: [link(50, 20), link(50, 20)],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 85, retransmitted: 0.001 },
  },
  {
    name: "delay-40",
    shows: "50/20 ms + 50/40 ms",
    links: [link(50, 20), link(50, 40)],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 80, retransmitted: 0.001 },
  },
  {
    name: "delay-70",
    shows: "50/20 ms + 50/70 ms",
    links: [link(50, 20), link(50, 70)],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 75, retransmitted: 0.001 },
  },
  {
    name: "jitter-netem",
    shows: "2 × 50 Mbit/s, 20±5 ms, each packet on its own",
    links: [0, 1].map(() => link(50, 20, { jitterMs: 5, jitterKind: "independent" })),
    traffic: Traffic.TCP,
    floor: { goodputMbps: 80 },
  },
  {
    name: "jitter-ordered",
    shows: "2 × 50 Mbit/s, 20±5 ms, in order",
    links: [0, 1].map(() => link(50, 20, { jitterMs: 5 })),
    traffic: Traffic.TCP,
    floor: { goodputMbps: 80 },
  },
  {
    name: "loss-2",
    shows: "2 × 50 Mbit/s, 20 ms, 2 % loss",
    links: [link(50, 20, lossy(2)), link(50, 20, lossy(2))],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 75 },
  },
  {
    name: "rate-50-12",
    shows: "50/20 ms + 12/20 ms",
    links: [link(50, 20), link(12, 20)],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 53, retransmitted: 0.001 },
  },
  {
    name: "rate-100-10",
    shows: "100/20 ms + 10/20 ms",
    links: [link(100, 20), link(10, 20)],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 96, retransmitted: 0.001 },
  },
  {
    name: "two-lte",
    shows: "40/30±5 ms 0.5 % + 25/45±8 ms 0.5 %",
    links: [link(40, 30, lossy(0.5, 5)), link(25, 45, lossy(0.5, 8))],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 50 },
  },
  {
    name: "lte-wifi",
    shows: "40/35±8 ms + 100/50±25 ms 1 %",
    links: [link(40, 35, lossy(0, 8)), link(100, 50, lossy(1, 25))],
    best: 1,
    traffic: Traffic.TCP,
    floor: { goodputMbps: 70 },
  },
  {
    name: "poor-pair",
    shows: "20/50±20 ms 2 % + 15/60±25 ms 2 %",
    links: [link(20, 50, lossy(2, 20)), link(15, 60, lossy(2, 25))],
    traffic: Traffic.TCP,
    floor: { goodputMbps: 24 },
  },
  {
    name: "satellite",
    shows: "40/35 ms + 20/320±20 ms 0.5 %",
    links: [link(40, 35), link(20, 320, lossy(0.5, 20))],
    traffic: Traffic.TCP,
    floor: { ofAlone: THE_SAME },
  },
  {
    name: "harmful",
    shows: "50/20 ms + 1/300 ms 5 %",
    links: [link(50, 20), link(1, 300, lossy(5))],
    traffic: Traffic.TCP,
    floor: {},
  },
  {
    name: "third-lossy",
    shows: "20/20 ms + 20/30 ms + one of 10/20 ms with 30 % loss",
    links: [link(20, 20), link(20, 30), link(10, 20, lossy(30))],
    traffic: Traffic.TCP,
    floor: {},
  },
  {
    name: "five-equal",
    shows: "5 × 10 Mbit/s, 30 ms",
    links: Array.from({ length: 5 }, () => link(10, 30)),
    traffic: Traffic.TCP,
    floor: { ofAloneSum: 0.95, retransmitted: 0.001 },
  },
  {
    name: "flows-16",
    shows: "reference, 16 flows",
    links: REFERENCE,
    traffic: Traffic.TCP,
    streams: 16,
    floor: { goodputMbps: 26.5 },
  },
  {
    name: "both-ways",
    shows: "reference, one flow up and one down at once",
    links: REFERENCE,
    traffic: Traffic.BOTH_WAYS,
    floor: {},
  },
  {
    name: "halving",
    shows: "20/20 ms, halved and doubled every 5 s, + 8/60 ms",
    links: TWO,
    traffic: Traffic.TCP,
    steps: halvings(20, 20),
    seconds: 20,
    floor: { ofCapacity: 0.85, ofAlone: 0 },
  },
  {
    name: "jitter-burst",
    shows: "20/20 ms + 8/60 ms, which gets 300 ms of jitter for 10 s",
    links: TWO,
    traffic: Traffic.TCP,
    steps: [
      { atMs: 5_000, link: 1, change: { delayMs: 210, jitterMs: 150 } },
      { atMs: 15_000, link: 1, change: { delayMs: 60, jitterMs: 0 } },
    ],
    seconds: 20,
    floor: {},
  },
  {
    name: "cut-tcp",
    shows: "20/20 ms + 8/60 ms, the first cut for 3 s, one flow",
    links: TWO,
    traffic: Traffic.TCP_STALLS,
    steps: CUT,
    seconds: 10,
    floor: { stallMs: 250, usedAgainMs: 1_000, ofAlone: 0 },
  },
  {
    name: "cut-udp",
    shows: "the same, a stream of 200 packets/s",
    links: TWO,
    traffic: Traffic.UDP,
    udp: { packetsPerSecond: 200, payloadBytes: 200 },
    steps: CUT,
    seconds: 10,
    floor: { stallMs: 150, lostPkts: 10, usedAgainMs: 1_000, ofAlone: 0 },
  },
  {
    name: "voice",
    shows: "reference, 50 packets/s of 200 bytes beside bulk TCP",
    links: REFERENCE,
    traffic: Traffic.UDP_BESIDE_TCP,
    udp: { packetsPerSecond: 50, payloadBytes: 200 },
    floor: { lostFraction: 0.005, delayP99Ms: 60 },
  },
  {
    name: "lte-trace",
    shows: "three LTE traces of 20/10/6 Mbit/s",
    links: [lte(11, 20, 25), lte(22, 10, 35), lte(33, 6, 45)],
    traffic: Traffic.TCP,
    seconds: 180,
    floor: {},
  },
  {
    name: "plain",
    shows: "two cables without emulator, against one (or --baseline)",
    links: [],
    traffic: Traffic.TCP,
    floor: { ofAlone: 0.85 },
  },
];
