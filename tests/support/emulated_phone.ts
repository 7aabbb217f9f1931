/**
 * The radio of an emulated phone: what the in-process SOCKS5 server passes its datagrams through.
 * All associations of the server share it.
 *
 * @module
 */

import { type DuplexControl, DuplexLink, type DuplexStats } from "./duplex_link.ts";
import type { LinkProfile } from "./link_profile.ts";
import type { RealtimeLinkOptions } from "./realtime_link.ts";
import type { DatagramEmulator } from "./socks5_relay.ts";

/** What a phone is made of. */
export interface EmulatedPhoneOptions {
  /** From the phone to the net. */
  readonly up: LinkProfile;
  /** From the net to the phone. */
  readonly down: LinkProfile;
  /** Seed of loss and jitter; 1 by default. */
  readonly seed?: number;
  /** See {@link RealtimeLinkOptions}. */
  readonly wakeUp?: NonNullable<RealtimeLinkOptions["wakeUp"]>;
}

/**
 * The server hands over whole SOCKS5 datagrams, but its header (10 bytes with an IPv4 address) never
 * goes over the air: 28 bytes of IP and UDP less those 10.
 */
const OVERHEAD_BYTES = 28 - 10;

/**
 * A phone's radio.
 *
 * @example
 * ```ts
 * using phone = new EmulatedPhone({ up: linkProfile({ rateBps: 8e6 }), down: linkProfile({ rateBps: 20e6 }) });
 * await using server = Socks5Server.listen({ emulator: phone });
 * phone.control({ cut: true });
 * ```
 */
export class EmulatedPhone implements DatagramEmulator, Disposable {
  readonly #link: DuplexLink;

  constructor(options: EmulatedPhoneOptions) {
    this.#link = new DuplexLink({ ...options, overheadBytes: OVERHEAD_BYTES });
  }

  up(bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    this.#link.up.send(bytes, deliver);
  }

  down(bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    this.#link.down.send(bytes, deliver);
  }

  /** Changes the radio. @throws RangeError when a figure makes no sense. */
  control(change: DuplexControl): void {
    this.#link.control(change);
  }

  /** Counts since the start. */
  stats(): DuplexStats {
    return this.#link.stats();
  }

  /** Loses what is under way and stops the timers. Idempotent. */
  close(): void {
    this.#link.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
