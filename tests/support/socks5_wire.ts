/**
 * SOCKS5 address fields for the test servers: by other code than the client's, so that neither
 * repeats the other's mistake.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";

/** ATYP, address and port of an IP literal or, for anything else, a name. */
export function addressField({ hostname, port }: NetAddress): number[] {
  const portBytes = [port >> 8, port & 0xff];
  if (/^\d+(\.\d+){3}$/.test(hostname)) {
    return [1, ...hostname.split(".").map(Number), ...portBytes];
  }
  if (hostname.includes(":")) return [4, ...ipv6Bytes(hostname), ...portBytes];
  const name = new TextEncoder().encode(hostname);
  return [3, name.length, ...name, ...portBytes];
}

/** A reply to a request; without an address all zeros follow. */
export function craftReply(code: number, bound?: NetAddress): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(5, code, 0, ...addressField(bound ?? { hostname: "0.0.0.0", port: 0 }));
}

/** A datagram as a relay sends it to its client. */
export function craftRelayed(source: NetAddress, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(0, 0, 0, ...addressField(source), ...data);
}

/** Where the data begins behind a UDP header; -1 when the header is no good. */
export function dataOffset(bytes: Uint8Array): number {
  if (bytes.length < 5 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0) return -1;
  let at = -1;
  if (bytes[3] === 1) at = 10;
  else if (bytes[3] === 4) at = 22;
  else if (bytes[3] === 3 && bytes[4]! > 0) at = 7 + bytes[4]!;
  return at > bytes.length ? -1 : at;
}

/** The address in a UDP header whose data begins at `dataAt`: an IP literal, not shortened, or a name. */
export function headerAddress(bytes: Uint8Array, dataAt: number): NetAddress {
  return {
    hostname: headerHost(bytes, dataAt),
    port: bytes[dataAt - 2]! * 256 + bytes[dataAt - 1]!,
  };
}

function headerHost(bytes: Uint8Array, dataAt: number): string {
  if (bytes[3] === 1) return `${bytes[4]}.${bytes[5]}.${bytes[6]}.${bytes[7]}`;
  if (bytes[3] === 3) return new TextDecoder().decode(bytes.subarray(5, dataAt - 2));
  return ipv6Text(bytes.subarray(4, 20));
}

/** 16 bytes as eight groups, not shortened. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups: string[] = [];
  for (let at = 0; at < 16; at += 2) {
    groups.push((bytes[at]! * 256 + bytes[at + 1]!).toString(16));
  }
  return groups.join(":");
}

/** The URL parser brings any spelling into one form; from there it is easy. */
function ipv6Bytes(text: string): number[] {
  const [head = "", tail = ""] = new URL(`http://[${text}]`).hostname.slice(1, -1).split("::");
  const groups = (half: string): number[] =>
    half === "" ? [] : half.split(":").map((group) => parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail);
  const middle = new Array<number>(8 - before.length - after.length).fill(0);
  return [...before, ...middle, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}
