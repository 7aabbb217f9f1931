/**
 * What the handshake's two messages say inside their encryption: the slave's hello, the master's
 * welcome or refusal. Fixed fields first, then entries of type, length and value, of which unknown
 * types are skipped: that is how later versions add to it. Pure.
 *
 * ```
 * hello    | min version 1 | max version 1 | instance id 8 | stamp 12 | MTU 2 | entries: ciphers, software |
 * welcome  | 1 | version 1 | cipher 1 | 0 | MTU 2 | instance id 8 | index 4 | entries: software, name, IPv4, IPv6 |
 * refusal  | 2 | code 1 | min version 1 | max version 1 | last stamp 12 | entries: software |
 *
 * entries (handshake_entries.ts)
 *   1 ciphers   one byte each (aead.ts), the fastest first
 *   2 software  UTF-8, up to 63 bytes
 *   3 name      UTF-8, up to 63 bytes
 *   4 IPv4      address 4, prefix length 1
 *   5 IPv6      address 16, prefix length 1
 * ```
 *
 * Numbers are big-endian. The fixed fields stand where they stand in every version to come: only so can an
 * older end read from a newer one that they have no version in common.
 *
 * @module
 */

import type { CipherId } from "./aead.ts";
import { concatBytes } from "./concat_bytes.ts";
import {
  addressEntryOf,
  entryOf,
  EntryType,
  readAddresses,
  readEntries,
  readText,
  textEntryOf,
} from "./handshake_entries.ts";
import { MAX_ANSWER_BYTES, MAX_HELLO_BYTES, MIN_HELLO_BYTES } from "./handshake_message.ts";
import {
  check,
  instanceBytesOf,
  instanceIdAt,
  isByte,
  isCipherId,
  isMtu,
  isUint32,
  isVersionRange,
  uint16At,
  uint32At,
} from "./payload_fields.ts";
import { isStamp, STAMP_BYTES } from "./stamp.ts";

/** The version of the inner protocol that this program speaks, and the lowest that it still understands. */
export const PROTOCOL_VERSION = 2;
export const MIN_PROTOCOL_VERSION = 2;

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
  /** The master's index of the new session: what is sent to it under the session carries it. u32 */
  readonly sessionIndex: number;
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

/** Offsets in a hello. */
const HELLO_INSTANCE_OFFSET = 2;
const HELLO_STAMP_OFFSET = 10;
const HELLO_MTU_OFFSET = 22;
const HELLO_ENTRIES_OFFSET = 24;

/** First byte of an answer, and offsets in both kinds. */
const KIND_WELCOME = 1;
const KIND_REFUSAL = 2;
const WELCOME_MTU_OFFSET = 4;
const WELCOME_INSTANCE_OFFSET = 6;
const WELCOME_INDEX_OFFSET = 14;
const WELCOME_ENTRIES_OFFSET = 18;
const REFUSAL_STAMP_OFFSET = 4;
const REFUSAL_ENTRIES_OFFSET = 16;

/** Ciphers in one hello at most. */
const MAX_CIPHERS = 16;

/**
 * Encodes a hello; padded, so that no answer is longer than what asked for it. Of the software's name what cannot be
 * printed is left out, and what is beyond 63 bytes.
 * @throws Error when a field is none that can be decoded: ours are.
 */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  const { ciphers, minVersion, maxVersion, stamp } = hello;
  check(isVersionRange(minVersion, maxVersion), "hello's versions");
  check(isStamp(stamp), "hello's stamp");
  check(hello.mtuBytes === 0 || isMtu(hello.mtuBytes), "hello's MTU");
  check(ciphers.length > 0 && ciphers.length <= MAX_CIPHERS && ciphers.every(isByte), "ciphers");
  const fixed = new Uint8Array(HELLO_ENTRIES_OFFSET);
  fixed.set([minVersion, maxVersion]);
  fixed.set(instanceBytesOf(hello.instanceId), HELLO_INSTANCE_OFFSET);
  fixed.set(stamp, HELLO_STAMP_OFFSET);
  new DataView(fixed.buffer).setUint16(HELLO_MTU_OFFSET, hello.mtuBytes);
  const used = concatBytes(
    fixed,
    entryOf(EntryType.CIPHERS, Uint8Array.from(ciphers)),
    textEntryOf(EntryType.SOFTWARE, hello.software),
  );
  const padded = new Uint8Array(Math.max(used.length, MIN_HELLO_BYTES));
  padded.set(used);
  return padded;
}

/** Null when it is malformed. Never throws. */
export function decodeHello(bytes: Uint8Array): Hello | null {
  if (bytes.length < HELLO_ENTRIES_OFFSET || bytes.length > MAX_HELLO_BYTES) return null;
  const minVersion = bytes[0]!;
  const maxVersion = bytes[1]!;
  const stamp = bytes.slice(HELLO_STAMP_OFFSET, HELLO_STAMP_OFFSET + STAMP_BYTES);
  const mtuBytes = uint16At(bytes, HELLO_MTU_OFFSET);
  if (!isVersionRange(minVersion, maxVersion) || !isStamp(stamp)) return null;
  if (mtuBytes !== 0 && !isMtu(mtuBytes)) return null;
  const entries = readEntries(bytes, HELLO_ENTRIES_OFFSET);
  if (entries === null) return null;
  const ciphers = Array.from(entries.get(EntryType.CIPHERS) ?? []);
  const software = readText(entries, EntryType.SOFTWARE);
  if (ciphers.length === 0 || ciphers.length > MAX_CIPHERS || !ciphers.every(isByte)) return null;
  if (software === null) return null;
  const instanceId = instanceIdAt(bytes, HELLO_INSTANCE_OFFSET);
  return { minVersion, maxVersion, instanceId, stamp, ciphers, mtuBytes, software };
}

/**
 * Encodes a welcome or a refusal. Texts as in {@link encodeHello}.
 * @throws Error when a field is none that can be decoded: ours are.
 */
export function encodeAnswer(answer: Welcome | Refusal): Uint8Array<ArrayBuffer> {
  const bytes = answer.kind === "welcome" ? encodeWelcome(answer) : encodeRefusal(answer);
  check(bytes.length <= MAX_ANSWER_BYTES, "answer's length");
  return bytes;
}

/** Null when it is malformed. Never throws. */
export function decodeAnswer(bytes: Uint8Array): Welcome | Refusal | null {
  if (bytes.length > MAX_ANSWER_BYTES) return null;
  switch (bytes[0]) {
    case KIND_WELCOME:
      return bytes.length < WELCOME_ENTRIES_OFFSET ? null : decodeWelcome(bytes);
    case KIND_REFUSAL:
      return bytes.length < REFUSAL_ENTRIES_OFFSET ? null : decodeRefusal(bytes);
    default:
      return null;
  }
}

function encodeWelcome(welcome: Welcome): Uint8Array<ArrayBuffer> {
  check(isVersionRange(welcome.version, welcome.version), "welcome's version");
  check(isCipherId(welcome.cipher), "welcome's cipher");
  check(isMtu(welcome.mtuBytes), "welcome's MTU");
  check(isUint32(welcome.sessionIndex), "welcome's index");
  const fixed = new Uint8Array(WELCOME_ENTRIES_OFFSET);
  const view = new DataView(fixed.buffer);
  fixed.set([KIND_WELCOME, welcome.version, welcome.cipher, 0]);
  view.setUint16(WELCOME_MTU_OFFSET, welcome.mtuBytes);
  view.setUint32(WELCOME_INDEX_OFFSET, welcome.sessionIndex);
  fixed.set(instanceBytesOf(welcome.instanceId), WELCOME_INSTANCE_OFFSET);
  const addresses = welcome.addresses.map(addressEntryOf);
  check(new Set(addresses.map((entry) => entry[0])).size === addresses.length, "addresses");
  return concatBytes(
    fixed,
    textEntryOf(EntryType.SOFTWARE, welcome.software),
    textEntryOf(EntryType.NAME, welcome.name),
    ...addresses,
  );
}

function decodeWelcome(bytes: Uint8Array): Welcome | null {
  const version = bytes[1]!;
  const cipher = bytes[2]!;
  const mtuBytes = uint16At(bytes, WELCOME_MTU_OFFSET);
  const entries = readEntries(bytes, WELCOME_ENTRIES_OFFSET);
  if (version === 0 || !isCipherId(cipher) || !isMtu(mtuBytes) || entries === null) return null;
  const addresses = readAddresses(entries);
  const name = readText(entries, EntryType.NAME);
  const software = readText(entries, EntryType.SOFTWARE);
  if (addresses === null || name === null || software === null) return null;
  return {
    kind: "welcome",
    version,
    cipher,
    instanceId: instanceIdAt(bytes, WELCOME_INSTANCE_OFFSET),
    sessionIndex: uint32At(bytes, WELCOME_INDEX_OFFSET),
    addresses,
    mtuBytes,
    name,
    software,
  };
}

function encodeRefusal(refusal: Refusal): Uint8Array<ArrayBuffer> {
  const { code, minVersion, maxVersion, lastStamp, software } = refusal;
  check(isByte(code), "refusal's code");
  check(isVersionRange(minVersion, maxVersion), "refusal's versions");
  check(isStamp(lastStamp), "refusal's stamp");
  const fixed = new Uint8Array(REFUSAL_ENTRIES_OFFSET);
  fixed.set([KIND_REFUSAL, code, minVersion, maxVersion]);
  fixed.set(lastStamp, REFUSAL_STAMP_OFFSET);
  return concatBytes(fixed, textEntryOf(EntryType.SOFTWARE, software));
}

function decodeRefusal(bytes: Uint8Array): Refusal | null {
  const code = bytes[1]!;
  const minVersion = bytes[2]!;
  const maxVersion = bytes[3]!;
  const lastStamp = bytes.slice(REFUSAL_STAMP_OFFSET, REFUSAL_STAMP_OFFSET + STAMP_BYTES);
  if (code === 0 || !isVersionRange(minVersion, maxVersion) || !isStamp(lastStamp)) return null;
  const entries = readEntries(bytes, REFUSAL_ENTRIES_OFFSET);
  const software = entries === null ? null : readText(entries, EntryType.SOFTWARE);
  if (software === null) return null;
  return { kind: "refusal", code, minVersion, maxVersion, lastStamp, software };
}
