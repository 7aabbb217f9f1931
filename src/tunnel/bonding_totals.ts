/**
 * Counters of multiplexers, added up: of all peers, and of those that are gone.
 *
 * @module
 */

import type { Multiplexer } from "../multiplexer/multiplexer.ts";
import type { BondingSnapshot } from "../snapshot.ts";

/** A sum. */
export class BondingTotals implements BondingSnapshot {
  queuedPackets = 0;
  queuedBytes = 0;
  markedPackets = 0;
  codelDroppedPackets = 0;
  overflowDroppedPackets = 0;
  resentPackets = 0;
  copiedPackets = 0;
  givenUpPackets = 0;
  filteredAcks = 0;
  heldBytes = 0;
  heldPackets = 0;
  latePackets = 0;
  duplicatePackets = 0;
  gapTimeouts = 0;

  /** Adds what a multiplexer has counted so far, and holds. */
  add({ sender, receiver: { reorder } }: Multiplexer): this {
    const { queue } = sender;
    this.queuedPackets += queue.pkts;
    this.queuedBytes += queue.bytes;
    this.markedPackets += queue.markedPkts;
    this.codelDroppedPackets += queue.codelDroppedPkts;
    this.overflowDroppedPackets += queue.overflowPkts;
    this.resentPackets += sender.resentPkts;
    this.copiedPackets += sender.copiedPkts;
    this.givenUpPackets += sender.givenUpPkts;
    this.filteredAcks += sender.acks.filteredPkts;
    this.heldBytes += reorder.heldBytes;
    this.heldPackets += reorder.heldPkts;
    this.latePackets += reorder.latePkts;
    this.duplicatePackets += reorder.duplicatePkts;
    this.gapTimeouts += reorder.timedOutGaps;
    return this;
  }

  /** Adds another sum. */
  addAll(other: BondingSnapshot): this {
    for (const key of Object.keys(other) as (keyof BondingSnapshot)[]) this[key] += other[key];
    return this;
  }
}
