/**
 * Makes a slave's initiations: each has its own index, ephemeral key and stamp. Pure.
 *
 * @module
 */

import { HandshakeAttempt } from "./handshake_attempt.ts";
import { encodeHello, MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "./handshake_payload.ts";
import type { InitiatorOptions } from "./initiator_options.ts";
import { StampSource } from "./stamp_source.ts";

/** The source of attempts. */
export class InitiationMaker {
  readonly #options: InitiatorOptions;
  readonly #stamps: StampSource;

  constructor(options: InitiatorOptions) {
    this.#options = options;
    this.#stamps = new StampSource(options.wallClock);
  }

  /** A fresh attempt that begins now. @throws Error when the master's public key is of low order. */
  make(now: number, endMs: number): HandshakeAttempt {
    const { instanceId, provider, mtuBytes, software } = this.#options;
    const hello = encodeHello({
      minVersion: MIN_PROTOCOL_VERSION,
      maxVersion: PROTOCOL_VERSION,
      instanceId,
      stamp: this.#stamps.next(),
      ciphers: provider.ciphers,
      mtuBytes,
      software,
    });
    const localIndex = this.#freeIndex(now);
    return new HandshakeAttempt(this.#options, { localIndex, hello, startedMs: now, endMs });
  }

  /** The master knows this stamp as ours: all from now on are later. */
  raiseStamp(stamp: Uint8Array): void {
    this.#stamps.raise(stamp);
  }

  #freeIndex(now: number): number {
    const { randomBytes, keyring } = this.#options;
    for (;;) {
      const index = new DataView(randomBytes(4).buffer).getUint32(0);
      if (keyring.find(index, now) === null) return index;
    }
  }
}
