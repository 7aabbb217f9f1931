/**
 * The slave's side of handshakes, as a state machine: when an initiation is sent over which link, what an answer makes of it, when a new
 * handshake is due. Pure.
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

/** What an {@link Initiator} is made of. */
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
  /** A session stands; the keyring has it already. */
  readonly onWelcome: (welcome: Welcome, now: number) => void;
  /** The master refuses: told once per change. REPLACED and REVOKED and VERSION end the handshakes until {@link Initiator.start}... */
  readonly onRefusal: (refusal: Refusal, now: number) => void;
}

/** The slave's handshakes. */
export class Initiator {
  constructor(_options: InitiatorOptions) {}

  /** Begins a handshake now, unless one runs or the master has sent us away for good. */
  start(_now: number): void {
    throw new Error("Invariant: not written yet");
  }

  /** A link is open (again): a running handshake is also tried over it at once. */
  handleLinkOpen(_linkId: number, _now: number): void {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. Any packet was authenticated: the master is there. */
  handleHeard(_now: number): void {
    throw new Error("Invariant: not written yet");
  }

  /** A response ('R'), whole datagram. @returns 0, or a DropReason. A second copy of an answer that was taken is no drop. */
  handleResponse(_packet: Packet, _now: number): number {
    throw new Error("Invariant: not written yet");
  }

  /** A cookie reply ('K'), whole datagram: a good one is used at once, over this link. @returns 0, or a DropReason. */
  handleCookieReply(_linkId: number, _packet: Packet, _now: number): number {
    throw new Error("Invariant: not written yet");
  }

  /** The master has closed the session: begin anew at once. */
  handleClosing(_now: number): void {
    throw new Error("Invariant: not written yet");
  }

  /** Stays away from now on: replaced or revoked, as an authenticated notice says. */
  stop(): void {
    throw new Error("Invariant: not written yet");
  }

  handleTimeout(_now: number): void {
    throw new Error("Invariant: not written yet");
  }

  nextTimeout(): number {
    throw new Error("Invariant: not written yet");
  }
}
