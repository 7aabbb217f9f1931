/**
 * The join token: one line of text that holds all a slave needs to reach its master. Pure.
 *
 * ```
 * bindlink1_ + base64url of:
 *
 * | 1 | flags 1 | master's public key 32 | seed 32 | count 1 | endpoints | checksum 4 |
 *
 * flags     bit 0: a seed follows the key; all others 0
 * endpoint  | 1 | IPv4 4 | port 2 |      | 2 | IPv6 16 | port 2 |      | 3 | length 1 | name | port 2 |
 * checksum  first bytes of BLAKE2s-256 over all before it, the text's first ten characters included
 * ```
 *
 * Ports are big-endian. The token is a secret: no message repeats any of it.
 *
 * @module
 */

import { decodeBase64Url, encodeBase64Url, readBase64Url } from "./base64url.ts";
import { concatBytes } from "./concat_bytes.ts";
import { decodeEndpoints, encodeEndpoints } from "./join_token_endpoints.ts";
import { KEY_BYTES } from "./key_pair.ts";
import { hash, hkdf, isEqual } from "./primitives.ts";
import type { HostPort } from "../net_address.ts";

/** What a token says. */
export interface JoinToken {
  /** The master's public key, 32 bytes. */
  readonly masterKey: Uint8Array<ArrayBuffer>;
  /**
   * 32 random bytes that the slave's secret key and the pre-shared key are derived from; null: the slave has a key of its
   * own (`--key-file`) and there is no pre-shared key.
   */
  readonly seed: Uint8Array<ArrayBuffer> | null;
  /** Where the master is reached, the best first; 1 to 16. */
  readonly endpoints: readonly HostPort[];
}

/** How every token of this form begins: found by a search, and by the eye. The number is the form's. */
const PREFIX = "bindlink1_";

/** Version of what the form holds. */
const FORMAT_VERSION = 1;

const FLAG_SEED = 1;

/** Enough that of 4 billion tokens with a slip one is not noticed. */
const CHECKSUM_BYTES = 4;

/** What stands before the endpoints, without a seed: version, flags, key. */
const HEAD_BYTES = 2 + KEY_BYTES;

/** What to do about most that can be wrong. */
const COPY = 'copy the whole line that "bindlink invite" printed';

const NO_TOKEN = `There is no join token: ${COPY}`;
const CUT_OFF = `The join token is cut off, characters are missing: ${COPY}`;
const MISTYPED = `The join token is mistyped, a character is wrong or too many: ${COPY}`;
const NEWER = "The join token was made by a newer bindlink: update bindlink on this end";

/** The keys a seed stands for. 32 bytes each: HKDF under a label each, so that neither tells of the other. */
export function deriveSlaveSecrets(
  seed: Uint8Array,
): { readonly secretKey: Uint8Array<ArrayBuffer>; readonly psk: Uint8Array<ArrayBuffer> } {
  if (seed.length !== KEY_BYTES) throw new Error(`Invariant: a seed has ${KEY_BYTES} bytes`);
  const derive = (label: string): Uint8Array<ArrayBuffer> =>
    hkdf(new TextEncoder().encode(label), seed, 1)[0]!;
  return { secretKey: derive("bindlink slave key"), psk: derive("bindlink pre-shared key") };
}

/**
 * The token as text: letters, digits, - and _ only, so that a double click selects it.
 * @throws RangeError when the endpoints are none, more than 16, or one has no port or a name that no host has.
 */
export function encodeJoinToken(token: JoinToken): string {
  const { masterKey, seed, endpoints } = token;
  if (masterKey.length !== KEY_BYTES || (seed !== null && seed.length !== KEY_BYTES)) {
    throw new Error(`Invariant: a token's key and seed have ${KEY_BYTES} bytes`);
  }
  const body = concatBytes(
    Uint8Array.of(FORMAT_VERSION, seed === null ? 0 : FLAG_SEED),
    masterKey,
    seed ?? new Uint8Array(0),
    encodeEndpoints(endpoints),
  );
  return PREFIX + encodeBase64Url(concatBytes(body, checksumOf(body)));
}

/**
 * Reads a token; blanks and line breaks that a mail program put in are skipped, and quotes around it.
 * @returns the token, or in one line what is wrong with it and what to do (cut off, mistyped, of a newer version, no token
 * at all). The text holds nothing of the token.
 */
export function decodeJoinToken(text: string): JoinToken | string {
  // Also what cannot be seen: zero-width characters, soft hyphens, a byte order mark.
  const token = text.replace(/[\s\p{Cf}]/gu, "").replace(/^["'`“”‘’«»<]+|["'`“”‘’«»>]+$/gu, "");
  const complaint = complaintAboutText(token);
  if (complaint !== null) return complaint;
  const digits = token.slice(PREFIX.length);
  const body = openChecksum(decodeBase64Url(digits));
  if (body === null) return isShort(readBase64Url(digits)) ? CUT_OFF : MISTYPED;
  const decoded = decodeBody(body);
  // It is as its maker wrote it; so its maker knows what we do not.
  return typeof decoded === "string" ? NEWER : decoded;
}

/** What stands before the checksum; null when that is wrong. */
function openChecksum(bytes: Uint8Array | null): Uint8Array | null {
  if (bytes === null || bytes.length < CHECKSUM_BYTES) return null;
  const body = bytes.subarray(0, -CHECKSUM_BYTES);
  return isEqual(checksumOf(body), bytes.subarray(-CHECKSUM_BYTES)) ? body : null;
}

/** Whether the bytes of a spoiled token end before its endpoints and its checksum do. */
function isShort(bytes: Uint8Array | null): boolean {
  if (bytes === null || bytes.length < CHECKSUM_BYTES) return true;
  return decodeBody(bytes.subarray(0, -CHECKSUM_BYTES)) === "short";
}

/** What is wrong with a text as such; null when it has a token's characters. */
function complaintAboutText(token: string): string | null {
  if (token === "") return NO_TOKEN;
  if (!token.startsWith(PREFIX)) return complaintAboutBeginning(token);
  const at = token.slice(PREFIX.length).search(/[^A-Za-z0-9_-]/);
  if (at < 0) return null;
  const position = PREFIX.length + at + 1;
  return `The join token is mistyped: character ${position} is none that a token has; ${COPY}`;
}

function complaintAboutBeginning(token: string): string {
  if (PREFIX.startsWith(token)) return CUT_OFF;
  if (/^bindlink([2-9]|[1-9][0-9]+)_/.test(token)) return NEWER;
  if (token.includes(PREFIX)) {
    return `More than a join token was given: give only what begins with "${PREFIX}"`;
  }
  const kind = kindOf(token);
  return `${kind} is no join token, which begins with "${PREFIX}": ${COPY}`;
}

/** What people paste by mistake. */
function kindOf(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return "A URL";
  // 32 bytes in base64 or in hex digits, as "bindlink keygen" and WireGuard write keys.
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text) || /^[0-9a-f]{64}$/i.test(text)) return "A key";
  return "This";
}

/** @returns "short": it ends too early. "unknown": it is not of this version. */
function decodeBody(body: Uint8Array): JoinToken | "short" | "unknown" {
  if (body.length < HEAD_BYTES) return "short";
  const flags = body[1]!;
  if (body[0] !== FORMAT_VERSION || (flags & ~FLAG_SEED) !== 0) return "unknown";
  const endpointsStart = HEAD_BYTES + (flags === FLAG_SEED ? KEY_BYTES : 0);
  if (body.length < endpointsStart) return "short";
  const endpoints = decodeEndpoints(body.subarray(endpointsStart));
  if (typeof endpoints === "string") return endpoints;
  const seed = flags === FLAG_SEED ? body.slice(HEAD_BYTES, endpointsStart) : null;
  return { masterKey: body.slice(2, HEAD_BYTES), seed, endpoints };
}

function checksumOf(body: Uint8Array): Uint8Array {
  return hash(new TextEncoder().encode(PREFIX), body).subarray(0, CHECKSUM_BYTES);
}
