/**
 * A tun device as the kernel's interface: its MTU, its addresses, whether it is up. Remembers what it set,
 * so that only what changes is set anew: to take an address away and give it again would end the
 * connections that use it.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";
import {
  addInterfaceIpv6,
  bringInterfaceUp,
  removeInterfaceIpv4,
  removeInterfaceIpv6,
  setInterfaceIpv4,
  setInterfaceMtu,
  setInterfaceQueue,
} from "../../ffi/netif.ts";
import { mtuAdvice } from "../tun_limits.ts";
import { explainTunFailure } from "./tun_errors.ts";
import type { TunAddress } from "./tun_spec.ts";

/**
 * What the kernel keeps while this program is busy or asleep, in packets: as an Ethernet device does. A tun has 500: of 200,000 small
 * packets a second, 3 % were lost there. It is no queue of ours: who reads empties it at each look.
 */
const QUEUE_PKTS = 1_000;

/** The settings of one tun device, new: no address, down. Every method throws SysError with the remedy. */
export class TunInterface {
  /** Whether the values come from a master and not from options: says the remedy. */
  isAssigned = false;
  readonly #name: string;
  readonly #nodePath: string;
  #ipv4: TunAddress | null = null;
  #ipv6: TunAddress | null = null;

  /** @param name the interface's. @param nodePath the node it was opened by. */
  constructor(name: string, nodePath: string) {
    this.#name = name;
    this.#nodePath = nodePath;
  }

  /** @param mtuBytes below IPv6's least the kernel takes the IPv6 address away by itself. */
  setMtu(mtuBytes: number): void {
    this.#step(`set MTU ${mtuBytes} of`, () => setInterfaceMtu(this.#name, mtuBytes));
    if (mtuAdvice(mtuBytes, true) !== null) this.#ipv6 = null;
  }

  /** Lets bursts in. */
  growQueue(): void {
    this.#step("set the queue of", () => setInterfaceQueue(this.#name, QUEUE_PKTS));
  }

  /** Sets the one IPv4 address, or takes it away. */
  setIpv4(address: TunAddress | null): void {
    if (address?.label === this.#ipv4?.label) return;
    // One of the same label (the interface's name) is replaced.
    if (address === null) {
      this.#step("take the IPv4 address from", () => removeInterfaceIpv4(this.#name));
    } else {
      const { label, bytes, prefixBits } = address;
      this.#step(`give ${label} to`, () => setInterfaceIpv4(this.#name, bytes, prefixBits));
    }
    this.#ipv4 = address;
  }

  /** Sets the one IPv6 address, or takes it away. After "up": the kernel makes an interface's IPv6 side by then at the latest. */
  setIpv6(address: TunAddress | null): void {
    if (address?.label === this.#ipv6?.label) return;
    if (this.#ipv6 !== null) this.#removeIpv6(this.#ipv6);
    if (address === null) return;
    const { label, bytes, prefixBits } = address;
    this.#step(`give ${label} to`, () => addInterfaceIpv6(this.#name, bytes, prefixBits));
    this.#ipv6 = address;
  }

  /** From then on the kernel routes into it. */
  bringUp(): void {
    this.#step("bring up", () => bringInterfaceUp(this.#name));
  }

  #removeIpv6({ label, bytes, prefixBits }: TunAddress): void {
    this.#ipv6 = null;
    this.#step(`take ${label} from`, () => {
      try {
        removeInterfaceIpv6(this.#name, bytes, prefixBits);
      } catch (error) {
        // Someone took it away already, or turned IPv6 off.
        const isGone = error instanceof SysError && GONE.includes(error.code);
        if (!isGone) throw error;
      }
    });
  }

  #step(action: string, body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!(error instanceof SysError)) throw error;
      throw explainTunFailure(error, {
        nodePath: this.#nodePath,
        action: `${action} tun device "${this.#name}"`,
        isAssigned: this.isAssigned,
      });
    }
  }
}

/** What SIOCDIFADDR says of an IPv6 address that is not there; inet6_addr_del() in net/ipv6/addrconf.c. */
const GONE: readonly string[] = ["EADDRNOTAVAIL", "ENXIO"];
