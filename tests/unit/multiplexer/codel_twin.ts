/**
 * CoDel as RFC 8289 §5 writes it down, over a plain array: slow, and read beside the text. The queue's flows are
 * compared with it.
 *
 * @module
 */

/** A packet of a flow of its own. */
export interface TwinPacket {
  readonly id: number;
  readonly bytes: number;
  readonly enqueuedMs: number;
  /** Whether it can be marked. */
  readonly isEcn: boolean;
}

/** What dequeue did. */
export interface TwinResult {
  readonly packet: TwinPacket | null;
  readonly isMarked: boolean;
  readonly droppedIds: readonly number[];
}

/** One flow. */
export class CodelTwin {
  readonly packets: TwinPacket[] = [];
  readonly #targetMs: number;
  readonly #intervalMs: number;
  readonly #minBacklogBytes: number;
  #firstAboveTime = 0;
  #dropNext = 0;
  #count = 0;
  #lastCount = 0;
  #dropping = false;

  constructor(targetMs: number, intervalMs: number, minBacklogBytes: number) {
    this.#targetMs = targetMs;
    this.#intervalMs = intervalMs;
    this.#minBacklogBytes = minBacklogBytes;
  }

  /** RFC 8289 §5.5; a packet that can be marked is marked and goes, in place of being dropped (as Linux does). */
  dequeue(now: number): TwinResult {
    const droppedIds: number[] = [];
    let [packet, okToDrop] = this.#doDequeue(now);
    if (this.#dropping) {
      if (!okToDrop) this.#dropping = false;
      while (packet !== null && this.#dropping && now >= this.#dropNext) {
        this.#count++;
        // The RFC does this after the next packet was judged, and not at all if that ends the dropping.
        this.#dropNext = this.#controlLaw(this.#dropNext);
        if (packet.isEcn) return { packet, isMarked: true, droppedIds };
        droppedIds.push(packet.id);
        [packet, okToDrop] = this.#doDequeue(now);
        if (!okToDrop) this.#dropping = false;
      }
      return { packet, isMarked: false, droppedIds };
    }
    if (packet === null || !okToDrop) return { packet, isMarked: false, droppedIds };
    const isMarked = packet.isEcn;
    if (!isMarked) {
      droppedIds.push(packet.id);
      [packet, okToDrop] = this.#doDequeue(now);
    }
    this.#dropping = true;
    const delta = this.#count - this.#lastCount;
    this.#count = delta > 1 && now - this.#dropNext < 16 * this.#intervalMs ? delta : 1;
    this.#dropNext = this.#controlLaw(now);
    this.#lastCount = this.#count;
    return { packet, isMarked, droppedIds };
  }

  #controlLaw(time: number): number {
    return time + this.#intervalMs / Math.sqrt(this.#count);
  }

  #doDequeue(now: number): [TwinPacket | null, boolean] {
    const backlogBytes = this.packets.reduce((sum, { bytes }) => sum + bytes, 0);
    const packet = this.packets.shift();
    if (packet === undefined) {
      this.#firstAboveTime = 0;
      return [null, false];
    }
    if (now - packet.enqueuedMs < this.#targetMs || backlogBytes < this.#minBacklogBytes) {
      this.#firstAboveTime = 0;
      return [packet, false];
    }
    if (this.#firstAboveTime === 0) {
      this.#firstAboveTime = now + this.#intervalMs;
      return [packet, false];
    }
    return [packet, now >= this.#firstAboveTime];
  }
}
