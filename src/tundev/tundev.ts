/**
 * The port to the local end of the tunnel. Implementations: a Linux tun device, a TCP stream that
 * stands in for one, and one in memory for tests.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";

/** A tunnel device: packets enter the tunnel by `run`, leave it by `send`. */
export interface Tundev extends Disposable {
  /** The device's name, e.g. `bind0`, or `tcp 127.0.0.1:22`. */
  readonly name: string;
  /** Largest packet it takes and gives, in bytes. */
  readonly mtuBytes: number;

  /**
   * Whether a packet is of the kind that this device carries, beyond doubt; changes nothing. A master
   * asks before it believes an unknown sender. Stricter than `send`, which takes what the kernel may.
   * @returns 0, or a DropReason.
   */
  verify(packet: Packet): number;

  /**
   * Hot. Delivers a packet that came through the tunnel; borrowed until return.
   * @returns 0, or a DropReason (EMPTY, NOT_IP, TOO_LARGE, TUN_WRITE_ERROR, CLOSED). Never throws.
   */
  send(packet: Packet): number;

  /**
   * Reads packets until closed, calling back for each one: the packet is borrowed until the
   * callback returns. A packet that is longer than the MTU (someone raised the device's) comes cut to
   * one byte more: the callback's to drop and count. Yields to the event loop at least every few milliseconds under load.
   * Resolves after `close()`; rejects when the device itself fails for good (it was deleted).
   */
  run(callback: (packet: Packet) => void): Promise<void>;

  /** Ends `run`, removes the device. Idempotent. */
  close(): void;
}
