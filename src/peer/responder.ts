/**
 * The master's side of handshakes: what it answers to an initiation, and to whom nothing. Pure.
 *
 * @module
 */

import type { AeadProvider } from "./aead.ts";
import type { InnerAddress } from "./handshake_payload.ts";
import type { DiffieHellman, KeyPair, RandomBytes } from "./key_pair.ts";
import type { Keyring } from "./keyring.ts";
import type { LinkCounters } from "./session.ts";
import type { Packet } from "../wire/packet.ts";

/** What the master's handshakes keep of one slave. The owner makes it; the responder changes it. */
export interface SlaveHandshakes {
  readonly name: string;
  /** 32 bytes; zeros when none was agreed. */
  readonly psk: Uint8Array<ArrayBuffer>;
  /** True: its key was revoked; it is only told so. */
  readonly isRevoked: boolean;
  readonly addresses: readonly InnerAddress[];
  readonly keyring: Keyring;
  readonly counters: LinkCounters;
  /** What the responder remembers between handshakes. */
  readonly memory: HandshakeMemory;
}

/** Memory of one slave's handshakes. */
export class HandshakeMemory {
  /** 12 bytes: the newest stamp accepted, null when none was. */
  lastStamp: Uint8Array<ArrayBuffer> | null = null;
  /** The instance that is in use (confirmed), or empty. */
  instanceId = "";
  /** Instances that were replaced by a newer one: the last 16. */
  readonly replacedInstances: string[] = [];
}

/** What a {@link Responder} is made of. */
export interface ResponderOptions {
  readonly localStatic: KeyPair;
  readonly instanceId: string;
  readonly provider: AeadProvider;
  readonly dh: DiffieHellman;
  readonly mtuBytes: number;
  readonly software: string;
  readonly randomBytes: RandomBytes;
  /** The slave of a public key; null: unknown, answered by nothing. */
  readonly findSlave: (publicKey: Uint8Array) => SlaveHandshakes | null;
  /** A random session index that is free at this end. */
  readonly freeIndex: () => number;
}

/** Answers initiations. */
export class Responder {
  constructor(_options: ResponderOptions) {}

  /**
   * Takes an initiation, whole datagram.
   * @param source address and port as text: what a cookie is bound to. `isProven`: TCP, whose handshake has proved the address.
   * @param out where an answer is written.
   * @returns more than 0: `out` is to be sent to the source; 0: nothing to do; less: a DropReason.
   */
  handleInitiation(
    _packet: Packet,
    _source: { readonly text: string; readonly isProven: boolean },
    _out: Packet,
    _now: number,
  ): number {
    throw new Error("Invariant: not written yet");
  }

  /** A session of the slave was confirmed: its instance is the one in use; another one before it is replaced. @returns whether the instance is a new one. */
  handleConfirmed(_slave: SlaveHandshakes, _instanceId: string): boolean {
    throw new Error("Invariant: not written yet");
  }
}
