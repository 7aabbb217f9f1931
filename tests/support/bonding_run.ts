/**
 * A run of the simulator as the scenarios of bonding make it: TCP transfers one way over some links, a warm-up, a
 * measured time, and the figures.
 *
 * @module
 */

import type { SimTcpTransfer } from "./sim_tcp_transfer.ts";
import { World, type WorldLink } from "./world.ts";

/** Which way the payload goes: `up` is from the slave to the master. */
export type RunDirection = "up" | "down";

/** Both, for loops. */
export const RUN_DIRECTIONS: readonly RunDirection[] = ["down", "up"];

/** The transfers begin then: the links are up. In virtual ms, as all times here. */
const START_MS = 1_000;

/** The measured time begins then: slow start is over, the links' rates are known. */
export const MEASURED_FROM_MS = 6_000;

/** The measured time unless a run says otherwise: all scenarios together are to take less than a minute. */
const MEASURED_MS = 8_000;

/** What is run. */
export interface BondingRunOptions {
  readonly links: readonly WorldLink[];
  readonly direction: RunDirection;
  /** 1 by default. */
  readonly seed?: number;
  readonly measuredMs?: number;
  /** Transfers at once; 1 by default. */
  readonly transfers?: number;
  /** Called once the world is made: for what happens to it on the way. */
  readonly script?: (world: World) => void;
}

/** What came of it. */
export interface BondingFigures {
  readonly world: World;
  readonly transfers: readonly SimTcpTransfer[];
  /** Of the measured time, of all transfers. */
  readonly goodputBps: number;
  /** The transfer's longest time without a delivery; of several, the worst one's. */
  readonly stallMs: number;
  /** Way out and way back added, of small packets sent 20 times a second. The p99 is rather too high: the two worst ways meet. */
  readonly pingP50Ms: number;
  readonly pingP99Ms: number;
  /** Segments sent again by the inner senders beyond those that the tunnel's queue dropped on purpose, as a fraction of all. */
  readonly needlessFraction: number;
  readonly rtoCount: number;
  /** The tunnel's queue's own drops. */
  readonly queueDropPkts: number;
  /** Sent again inside the tunnel. */
  readonly resentPkts: number;
}

/** Runs transfers over links. */
export function runBonding(options: BondingRunOptions): BondingFigures {
  const { links, direction, seed = 1, measuredMs = MEASURED_MS, script } = options;
  const world = new World({ seed, links });
  const from = senderOf(direction);
  const transfers = Array.from(
    { length: options.transfers ?? 1 },
    () => world.addTransfer({ from, startMs: START_MS }),
  );
  const ping = { rateBps: 80 * 8 * 20, packetBytes: 80, startMs: MEASURED_FROM_MS };
  const out = world.addFlow({ ...ping, from: "slave" });
  const back = world.addFlow({ ...ping, from: "master" });
  script?.(world);
  const endMs = MEASURED_FROM_MS + measuredMs;
  world.runUntil(endMs);
  const { sender } = world[from].multiplexer;
  const queueDropPkts = sender.queue.codelDroppedPkts + sender.queue.overflowPkts;
  const sum = (figure: (transfer: SimTcpTransfer) => number): number =>
    transfers.reduce((total, transfer) => total + figure(transfer), 0);
  const needlessPkts = Math.max(0, sum((it) => it.retransmittedPkts) - queueDropPkts);
  return {
    world,
    transfers,
    goodputBps: sum((it) => it.goodputBps(MEASURED_FROM_MS, endMs)),
    stallMs: Math.max(...transfers.map((it) => it.longestStallMs(MEASURED_FROM_MS, endMs))),
    pingP50Ms: out.sink.delayMs(0.5) + back.sink.delayMs(0.5),
    pingP99Ms: out.sink.delayMs(0.99) + back.sink.delayMs(0.99),
    needlessFraction: needlessPkts / sum((it) => it.sentPkts),
    rtoCount: sum((it) => it.rtoCount),
    queueDropPkts,
    resentPkts: sender.resentPkts,
  };
}

/** The side that sends the payload. */
export function senderOf(direction: RunDirection): "master" | "slave" {
  return direction === "down" ? "master" : "slave";
}

/** The emulated link's pipe that carries the payload. */
export function payloadPipe(
  world: World,
  linkId: number,
  direction: RunDirection,
): World["links"][number]["down"] {
  return world.link(linkId)[direction];
}
