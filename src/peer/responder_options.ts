/**
 * What the master's side of handshakes is made of, and what it keeps of each slave. Pure.
 *
 * @module
 */

import type { AeadProvider } from "./aead.ts";
import type { HandshakeMemory } from "./handshake_memory.ts";
import type { InnerAddress } from "./handshake_payload.ts";
import type { Mac } from "./cookie.ts";
import type { DiffieHellman, KeyPair, RandomBytes } from "./key_pair.ts";
import type { Keyring } from "./keyring.ts";
import type { LinkCounters } from "./session.ts";

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

/** What a Responder is made of. */
export interface ResponderOptions {
  readonly localStatic: KeyPair;
  readonly instanceId: string;
  readonly provider: AeadProvider;
  readonly dh: DiffieHellman;
  readonly mtuBytes: number;
  readonly software: string;
  readonly randomBytes: RandomBytes;
  /** The MAC of what is sent to this end, when there is a faster one than noble's: see CookieChecker. */
  readonly mac1?: Mac;
  /** The slave of a public key; null: unknown, answered by nothing. */
  readonly findSlave: (publicKey: Uint8Array) => SlaveHandshakes | null;
  /** A random session index that is free at this end. */
  readonly freeIndex: () => number;
}

/** Where a datagram came from. */
export interface HandshakeSource {
  /** Address and port as text, `192.0.2.1:5000` or `[2001:db8::1]:5000`: what a cookie is bound to. */
  readonly text: string;
  /** The address is no forged one: TCP, whose handshake has proved it, or the present address of a live link. */
  readonly isProven: boolean;
}
