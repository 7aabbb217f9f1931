/**
 * The part of a handshake's payload that can grow: entries of type, length and value, and the text in them. Pure.
 *
 * ```
 * +------+--------+------------------+
 * | type | length | value, 0..255 B  |   ... one behind the other, each type at most once
 * +------+--------+------------------+
 * ```
 *
 * A type of 0 ends them: what follows is padding, and not looked at. Types that a reader does not know are skipped.
 *
 * @module
 */

import { concatBytes } from "./concat_bytes.ts";
import type { InnerAddress } from "./handshake_payload.ts";
import { formatIp, parseIp } from "../ip_literal.ts";
import { isHostAddress } from "./host_address.ts";

/** Types of entries, of all messages; 0 is the end. */
export const EntryType = { CIPHERS: 1, SOFTWARE: 2, NAME: 3, IPV4: 4, IPV6: 5 } as const;

/** Longest text of an entry, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 63;

/**
 * Shortest prefixes of an inner address. The network around it is routed into the tunnel, so that a wide one would let a
 * master that was taken over draw a good part of the internet to itself. IPv4: the largest pool (address_pool.ts). IPv6: all
 * that one site has (RFC 6177 §2); ours is a /64.
 */
const MIN_IPV4_PREFIX_BITS = 8;
const MIN_IPV6_PREFIX_BITS = 48;

/** Ends the entries. */
const END_TYPE = 0;

/** Entries by type. The values are views of what was read. */
export type Entries = ReadonlyMap<number, Uint8Array>;

/** Reads entries from `offset` to the end or to the padding; null when one is cut off or comes twice. */
export function readEntries(bytes: Uint8Array, offset: number): Entries | null {
  const entries = new Map<number, Uint8Array>();
  let at = offset;
  while (at < bytes.length && bytes[at] !== END_TYPE) {
    const type = bytes[at]!;
    const lengthBytes = bytes[at + 1];
    if (lengthBytes === undefined) return null;
    const end = at + 2 + lengthBytes;
    if (end > bytes.length || entries.has(type)) return null;
    entries.set(type, bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** One entry's bytes. @param type 1..255 @param value at most 255 bytes. */
export function entryOf(type: number, value: Uint8Array): Uint8Array<ArrayBuffer> {
  if (type < 1 || type > 255 || value.length > 255) {
    throw new Error(`Invariant: no entry of type ${type} and ${value.length} bytes`);
  }
  const bytes = new Uint8Array(2 + value.length);
  bytes[0] = type;
  bytes[1] = value.length;
  bytes.set(value, 2);
  return bytes;
}

/** An entry of text, without what {@link readText} would take out, cut to {@link MAX_TEXT_BYTES} between two characters. */
export function textEntryOf(type: number, text: string): Uint8Array<ArrayBuffer> {
  return entryOf(type, new TextEncoder().encode(printable(text)));
}

/**
 * The text of an entry, "" when there is none. It goes to a log and a terminal, where characters that are not
 * seen could move the cursor or turn the line around: those are taken out; bytes that are no UTF-8 become U+FFFD.
 * @returns null when it is too long.
 */
export function readText(entries: Entries, type: number): string | null {
  const value = entries.get(type);
  if (value === undefined) return "";
  if (value.length > MAX_TEXT_BYTES) return null;
  return printable(new TextDecoder("utf-8", { ignoreBOM: true }).decode(value));
}

/** An entry of an inner address. @throws Error when it is none that {@link readAddresses} takes. */
export function addressEntryOf({ address, prefixBits }: InnerAddress): Uint8Array<ArrayBuffer> {
  const host = parseIp(address);
  if (host === null || !isNetworkAddress(host, prefixBits)) {
    throw new Error(`Invariant: ${address}/${prefixBits} is no inner address`);
  }
  const type = host.length === 4 ? EntryType.IPV4 : EntryType.IPV6;
  return entryOf(type, concatBytes(host, Uint8Array.of(prefixBits)));
}

/** The addresses of the entries, in order IPv4, IPv6; null when one is impossible. */
export function readAddresses(entries: Entries): InnerAddress[] | null {
  const addresses: InnerAddress[] = [];
  for (const [type, hostBytes] of [[EntryType.IPV4, 4], [EntryType.IPV6, 16]] as const) {
    const value = entries.get(type);
    if (value === undefined) continue;
    if (value.length !== hostBytes + 1) return null;
    const host = value.subarray(0, hostBytes);
    const prefixBits = value[hostBytes]!;
    if (!isNetworkAddress(host, prefixBits)) return null;
    addresses.push({ address: formatIp(host), prefixBits });
  }
  return addresses;
}

function isNetworkAddress(host: Uint8Array, prefixBits: number): boolean {
  const minPrefixBits = host.length === 4 ? MIN_IPV4_PREFIX_BITS : MIN_IPV6_PREFIX_BITS;
  return isHostAddress(host) && Number.isInteger(prefixBits) && prefixBits >= minPrefixBits &&
    prefixBits <= host.length * 8;
}

/**
 * Without control characters, format characters (bidirectional marks), line separators and halves of surrogate pairs; as
 * much of it as {@link MAX_TEXT_BYTES} hold: of bytes that are no UTF-8 each may have become three.
 */
function printable(text: string): string {
  const kept = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "");
  const { read } = new TextEncoder().encodeInto(kept, new Uint8Array(MAX_TEXT_BYTES));
  return kept.slice(0, read);
}
