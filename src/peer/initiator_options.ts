/**
 * What the slave's side of handshakes is made of. Pure.
 *
 * @module
 */

import type { AeadProvider } from "./aead.ts";
import type { Refusal, Welcome } from "./handshake_payload.ts";
import type { DiffieHellman, KeyPair, RandomBytes } from "./key_pair.ts";
import type { Keyring } from "./keyring.ts";
import type { LinkCounters } from "./session.ts";
import type { SessionLimits } from "./session_limits.ts";
import type { Packet } from "../wire/packet.ts";

/** What an Initiator is made of. */
export interface InitiatorOptions {
  readonly localStatic: KeyPair;
  /** The master's. */
  readonly remoteStatic: Uint8Array<ArrayBuffer>;
  /** 32 bytes; zeros when none was agreed. */
  readonly psk: Uint8Array<ArrayBuffer>;
  /** 16 hex digits, made at the program's start. */
  readonly instanceId: string;
  readonly provider: AeadProvider;
  readonly dh: DiffieHellman;
  readonly limits: SessionLimits;
  /** The sessions go here; the initiator asks it when a rekey is due, and calls its handleTimeout. */
  readonly keyring: Keyring;
  readonly counters: LinkCounters;
  /** Wanted MTU in bytes, 0 for none. */
  readonly mtuBytes: number;
  readonly software: string;
  readonly randomBytes: RandomBytes;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** The machine's clock, ms since 1970: may be wrong, may jump. */
  readonly wallClock: () => number;
  /** Ids of the links that are open now. */
  readonly openLinks: () => Iterable<number>;
  /** Sends a datagram over a link; borrowed until return. */
  readonly send: (linkId: number, datagram: Packet) => void;
  /** A session stands; the keyring has it already. A packet is to be sent under it at once: the master uses it from then on. */
  readonly onWelcome: (welcome: Welcome, now: number) => void;
  /**
   * The master refuses: told once per change of the code, and anew after a welcome. After REPLACED nothing more is tried
   * for as long as the program runs; after all others slowly on. A stale stamp is mended in silence.
   */
  readonly onRefusal: (refusal: Refusal, now: number) => void;
  /** The stamp of a handshake was not later than this one, of 12 bytes, that the master has seen: our clock went back. */
  readonly onStaleStamp?: (lastStamp: Uint8Array<ArrayBuffer>) => void;
}
