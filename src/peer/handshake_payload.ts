/**
 * What the handshake's two messages say inside their encryption: the slave's hello, the master's
 * welcome or refusal. Fixed fields first, then entries of type, length and value, of which unknown
 * types are skipped: that is how later versions add to it. Pure.
 *
 * @module
 */

import type { CipherId } from "./aead.ts";

/** The version of the inner protocol that this program speaks, and the lowest that it still understands. */
export const PROTOCOL_VERSION = 1;
export const MIN_PROTOCOL_VERSION = 1;

/** What the slave says. */
export interface Hello {
  /** The versions it speaks. 1..255 */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** 8 random bytes, made at each start of the program, as 16 hex digits: a new one is a restart. */
  readonly instanceId: string;
  /** 12 bytes, TAI64N, big-endian: grows from handshake to handshake of one key. */
  readonly stamp: Uint8Array<ArrayBuffer>;
  /** The ciphers it has, the fastest first; unknown ones of a later version included. At least one. */
  readonly ciphers: readonly number[];
  /** The largest packet it wants to carry, in bytes; 0: whatever the master says. */
  readonly mtuBytes: number;
  /** Program and version for people, e.g. `bindlink 0.1.0`. */
  readonly software: string;
}

/** An inner address of a slave with the network around it. */
export interface InnerAddress {
  /** IPv4 or IPv6 literal, canonical. */
  readonly address: string;
  readonly prefixBits: number;
}

/** What the master answers when all is well. */
export interface Welcome {
  readonly kind: "welcome";
  readonly version: number;
  readonly cipher: CipherId;
  readonly instanceId: string;
  /** At most one IPv4 and one IPv6. */
  readonly addresses: readonly InnerAddress[];
  readonly mtuBytes: number;
  /** Name of the slave at the master. */
  readonly name: string;
  readonly software: string;
}

/** Why a master that knows the slave's key does not let it in. */
export const RefusalCode = {
  /** The stamp does not grow; `lastStamp` holds the newest accepted: the next has to be later. */
  STALE_STAMP: 1,
  /** No version is spoken by both; `minVersion` and `maxVersion` are the master's. */
  VERSION: 2,
  /** Another machine has joined with this key since, and a newer one wins. */
  REPLACED: 3,
  /** The key was revoked. */
  REVOKED: 4,
  /** No cipher in common. */
  CIPHER: 5,
} as const;

/** One of {@link RefusalCode}'s values. */
export type RefusalCode = typeof RefusalCode[keyof typeof RefusalCode];

/** What the master answers when it does not let the slave in. No session comes of it. */
export interface Refusal {
  readonly kind: "refusal";
  /** One of {@link RefusalCode}, or a number of a later version. */
  readonly code: number;
  /** The versions the master speaks. */
  readonly minVersion: number;
  readonly maxVersion: number;
  /** 12 bytes; zeros when it has none. */
  readonly lastStamp: Uint8Array<ArrayBuffer>;
  readonly software: string;
}

/** Encodes a hello; padded, so that no answer is longer than what asked for it. */
export function encodeHello(_hello: Hello): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** Null when it is malformed. Never throws. */
export function decodeHello(_bytes: Uint8Array): Hello | null {
  throw new Error("Invariant: not written yet");
}

/** Encodes a welcome or a refusal. */
export function encodeAnswer(_answer: Welcome | Refusal): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** Null when it is malformed. Never throws. */
export function decodeAnswer(_bytes: Uint8Array): Welcome | Refusal | null {
  throw new Error("Invariant: not written yet");
}
