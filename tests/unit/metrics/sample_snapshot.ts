/**
 * A snapshot for the tests of the metrics.
 *
 * @module
 */

import type { ProcessStats } from "../../../src/metrics/metric.ts";
import type {
  BondingSnapshot,
  DaemonSnapshot,
  LinkSnapshot,
  SlaveSnapshot,
} from "../../../src/snapshot.ts";

/** A link that is up. */
export function sampleLink(changes: Partial<LinkSnapshot> = {}): LinkSnapshot {
  return {
    id: 1,
    name: "192.168.43.1:1080",
    slave: "",
    transport: "udp",
    state: "up",
    reason: "",
    kind: "proxy",
    address: "192.168.43.1:1080",
    remote: "203.0.113.5:4321",
    sentPackets: 10,
    sentBytes: 14_000,
    receivedPackets: 20,
    receivedBytes: 28_000,
    peerReceivedBytesPerSecond: 2_800,
    receivedBytesPerSecond: 5_600,
    share: 0.25,
    silentMs: 1_500,
    reconnects: 3,
    moves: 4,
    capacityBps: 8_000_000,
    roundTripMs: 120,
    queueMs: 25,
    jitterMs: 8,
    lossFraction: 0.01,
    doing: "carrying",
    mode: "speed",
    isMetered: true,
    capUpBps: Infinity,
    capDownBps: 5_000_000,
    resentPackets: 5,
    lostPackets: 6,
    ...changes,
  };
}

/** A slave as its master shows it. */
export function sampleSlave(changes: Partial<SlaveSnapshot> = {}): SlaveSnapshot {
  return {
    name: "laptop",
    addresses: ["10.10.10.2", "fd00::2"],
    isConnected: true,
    linksUp: 2,
    sentBytes: 1_000,
    receivedBytes: 3_000,
    ...changes,
  };
}

/** Counts of a tunnel that had all kinds of trouble. */
export function sampleBonding(changes: Partial<BondingSnapshot> = {}): BondingSnapshot {
  return {
    queuedPackets: 21,
    queuedBytes: 22,
    markedPackets: 23,
    codelDroppedPackets: 24,
    overflowDroppedPackets: 25,
    resentPackets: 26,
    copiedPackets: 27,
    givenUpPackets: 28,
    filteredAcks: 34,
    heldBytes: 29,
    heldPackets: 30,
    latePackets: 31,
    duplicatePackets: 32,
    gapTimeouts: 33,
    ...changes,
  };
}

/** A slave's daemon with one link. */
export function sampleDaemon(changes: Partial<DaemonSnapshot> = {}): DaemonSnapshot {
  return {
    role: "slave",
    protocol: "secure",
    slaves: [],
    version: "1.2.3",
    mode: "speed",
    links: [sampleLink()],
    bonding: sampleBonding(),
    tunReadPackets: 1,
    tunReadBytes: 100,
    tunWrittenPackets: 2,
    tunWrittenBytes: 200,
    drops: new Map([["truncated", 7]]),
    timerDelay: { boundsSeconds: [0.001, 0.01], counts: [5, 2, 1], sumSeconds: 0.25 },
    tunName: "bind0",
    tunMtuBytes: 1380,
    uptimeSeconds: 61.5,
    ...changes,
  };
}

/** A process. */
export const SAMPLE_PROCESS: ProcessStats = {
  residentBytes: 64_000_000,
  heapUsedBytes: 8_000_000,
  openDescriptors: 17,
  runtimeVersion: "2.9.6",
};
