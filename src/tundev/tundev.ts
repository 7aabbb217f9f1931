/**
 * The port to the local end of the tunnel. Implementations: a Linux tun device, a TCP stream that
 * stands in for one, and one in memory for tests.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import type { Packet } from "../wire/packet.ts";

/** What a master assigns. */
export interface TundevSettings {
  /** At most one IPv4 and one IPv6 address; a tundev that carries no IP ignores them. */
  readonly addresses: readonly Cidr[];
  readonly mtuBytes: number;
}

/**
 * Hot. Takes a packet that enters the tunnel, borrowed until return. Of packets that were read together, monotonic ms of the first read are
 * given (as `performance.now`): reading the clock takes longer than cutting a packet off.
 */
export type EnteringPacketHandler = (packet: Packet, readMs?: number) => void;

/** A tunnel device: packets enter the tunnel by `run`, leave it by `send`. */
export interface Tundev extends Disposable {
  /** The device's name, e.g. `bind0`, or `tcp 127.0.0.1:22`. */
  readonly name: string;
  /** Largest packet it takes and gives now, in bytes. */
  readonly mtuBytes: number;

  /**
   * Sets MTU and addresses, takes those away that an earlier call set, and brings the device up. May be called
   * again at any time, while it runs too; settings that it has do nothing, closed it does nothing.
   * @returns what could not be done though the tunnel works without it, one text each, as for a log: no IPv6 on
   * this machine, an address or MTU of no use (the one before stays or none). Empty when the settings are those of before.
   * @throws SysError with the remedy when this machine refuses MTU, IPv4 address or "up".
   */
  configure(settings: TundevSettings): readonly string[];

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
   * callback returns. A packet that is longer than the MTU (someone raised the device's) comes whole or cut to
   * one byte more: the callback's to drop and count. Yields to the event loop at least every few milliseconds under load.
   * Resolves after `close()`; rejects when the device itself fails for good (it was deleted).
   */
  run(callback: EnteringPacketHandler): Promise<void>;

  /** Ends `run`, removes the device. Idempotent. */
  close(): void;
}
