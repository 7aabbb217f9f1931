/**
 * A tundev in memory, for tests and the simulator. No clock, no timer, no promise on a packet's way: a
 * packet that is injected has gone through the callback when `inject` returns, so a virtual clock sees
 * everything happen at its own time.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { Packet } from "../wire/packet.ts";
import { checkAssignedMtu } from "./assigned_mtu.ts";
import { checkStrangerPacket, checkTunPacket } from "./packet_check.ts";
import type { Tundev, TundevSettings } from "./tundev.ts";

/** What a {@link MemoryTundev} may be told. */
export interface MemoryTundevOptions {
  /** Default `mem0`. */
  readonly name?: string;
  /** Default 1500. */
  readonly mtuBytes?: number;
  /** Packets kept while nobody runs it; default 500, the queue length of a Linux tun. */
  readonly queuePkts?: number;
  /** Takes each delivered packet (borrowed until return) in place of the list `delivered`. */
  readonly onDelivered?: (packet: Packet) => void;
  /** What each `configure` that changes something complains of, as a machine without IPv6 would. */
  readonly configureProblems?: readonly string[];
}

/** A tundev whose kernel is the test. */
export class MemoryTundev implements Tundev {
  readonly name: string;
  /** Every call of `configure` that changed something, oldest first. */
  readonly configured: TundevSettings[] = [];
  /** Copies of the packets that `send` took, oldest first. Empty when there is an `onDelivered`. */
  readonly delivered: Uint8Array<ArrayBuffer>[] = [];

  readonly #queuePkts: number;
  readonly #onDelivered: ((packet: Packet) => void) | null;
  readonly #configureProblems: readonly string[];
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #packet: Packet;
  #mtuBytes: number;
  #callback: ((packet: Packet) => void) | null = null;
  #end: PromiseWithResolvers<void> | null = null;
  #isDraining = false;
  #isClosed = false;
  #failure: Error | null = null;

  constructor(options: MemoryTundevOptions = {}) {
    this.name = options.name ?? "mem0";
    this.#mtuBytes = options.mtuBytes ?? 1500;
    this.#queuePkts = options.queuePkts ?? 500;
    this.#onDelivered = options.onDelivered ?? null;
    this.#configureProblems = options.configureProblems ?? [];
    this.#packet = new Packet(this.#mtuBytes + 1);
  }

  get mtuBytes(): number {
    return this.#mtuBytes;
  }

  configure(settings: TundevSettings): readonly string[] {
    const isSame = JSON.stringify(settings) === JSON.stringify(this.configured.at(-1));
    if (this.#isClosed || isSame) return [];
    this.configured.push(structuredClone(settings));
    const problems = [...this.#configureProblems];
    this.#mtuBytes = checkAssignedMtu(settings.mtuBytes, this.#mtuBytes, problems);
    this.#packet = new Packet(this.#mtuBytes + 1);
    return problems;
  }

  /**
   * Plays the kernel that routes a packet into the device. `bytes` are copied.
   * @returns whether it was taken: false when they are none or too many, when the queue is full, or when
   * the device is closed.
   */
  inject(bytes: Uint8Array): boolean {
    if (this.#isClosed || bytes.length === 0 || bytes.length > this.#mtuBytes) return false;
    if (this.#queue.length >= this.#queuePkts) return false;
    this.#queue.push(bytes.slice());
    this.#drain();
    return true;
  }

  /** Plays a device that is deleted: `run` rejects with `error`, `send` returns TUN_WRITE_ERROR. */
  fail(error: Error): void {
    this.#failure = error;
    this.#callback = null;
    this.#end?.reject(error);
    this.#end = null;
  }

  verify(packet: Packet): number {
    return checkStrangerPacket(packet, this.#mtuBytes);
  }

  send(packet: Packet): number {
    if (this.#isClosed) return DropReason.CLOSED;
    const refusal = checkTunPacket(packet, this.#mtuBytes);
    if (refusal !== 0) return refusal;
    if (this.#failure !== null) return DropReason.TUN_WRITE_ERROR;
    if (this.#onDelivered !== null) this.#onDelivered(packet);
    else this.delivered.push(packet.toBytes().slice());
    return 0;
  }

  run(callback: (packet: Packet) => void): Promise<void> {
    if (this.#callback !== null) throw new Error("Invariant: tundev is running already");
    if (this.#isClosed) return Promise.resolve();
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#callback = callback;
    this.#end = Promise.withResolvers();
    const { promise } = this.#end;
    this.#drain();
    return promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#callback = null;
    this.#queue.length = 0;
    this.#end?.resolve();
    this.#end = null;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A callback that injects again only lengthens the queue: there is one loop and one packet slot. */
  #drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      while (this.#callback !== null && this.#queue.length > 0) {
        const bytes = this.#queue.shift()!;
        // What was injected before the MTU was lowered comes cut, as from a device.
        this.#packet.fill(bytes.subarray(0, this.#mtuBytes + 1));
        this.#callback(this.#packet);
      }
    } catch (error) {
      // As with a real device: what a callback throws ends `run`, not the kernel that sent the packet.
      this.#callback = null;
      this.#end?.reject(error);
      this.#end = null;
    } finally {
      this.#isDraining = false;
    }
  }
}
