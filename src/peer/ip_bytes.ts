/**
 * IP addresses as bytes and as canonical text (RFC 5952), and which of them a machine can have. Pure.
 *
 * @module
 */

/**
 * Reads an IPv4 or IPv6 literal (no brackets, no zone). An IPv4-mapped address (RFC 4291 §2.5.5.2) is the IPv4 address it
 * stands for.
 * @returns 4 or 16 bytes; null when the text is no such literal.
 */
export function ipBytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  if (!text.includes(":")) return ipv4BytesOf(text);
  const bytes = ipv6BytesOf(text);
  return bytes !== null && isIpv4Mapped(bytes) ? bytes.slice(12) : bytes;
}

/** Writes 4 bytes as dotted decimals, 16 as RFC 5952 wants them. */
export function ipTextOf(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes[i]! << 8 | bytes[i + 1]!);
  const { from, count } = longestZeroRun(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  // RFC 5952 §4.2.2: one group of zeros alone is written out.
  if (count < 2) return hex(groups);
  return `${hex(groups.slice(0, from))}::${hex(groups.slice(from + count))}`;
}

/**
 * Whether a machine can have this address: not in "this network", not loopback, not multicast, not reserved
 * (RFC 6890); of IPv6 besides nothing below 100::, where IPv4 addresses in disguise are.
 */
export function isHostAddress(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  if (bytes.length === 4) return first !== 0 && first !== 127 && first < 224;
  return first !== 0 && first !== 0xff;
}

function ipv4BytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  const parts = text.split(".");
  // No leading zeros: some readers take them as octal, so "010.0.0.1" has no one meaning.
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part))) return null;
  const values = parts.map(Number);
  return values.every((value) => value <= 255) ? Uint8Array.from(values) : null;
}

function ipv6BytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  const halves = withoutDots(text).split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"));
  const missing = 8 - head!.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return null;
  const groups = [...head!, ...Array.from({ length: missing }, () => "0"), ...(tail ?? [])];
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return null;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  groups.forEach((group, i) => view.setUint16(2 * i, parseInt(group, 16)));
  return bytes;
}

/** An IPv4 address at the end (RFC 4291 §2.2) as two groups; any other text as it is. */
function withoutDots(text: string): string {
  const start = text.lastIndexOf(":") + 1;
  const ipv4 = ipv4BytesOf(text.slice(start));
  if (ipv4 === null) return text;
  const view = new DataView(ipv4.buffer);
  const groups = [view.getUint16(0), view.getUint16(2)].map((group) => group.toString(16));
  return text.slice(0, start) + groups.join(":");
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff &&
    bytes[11] === 0xff;
}

function longestZeroRun(groups: readonly number[]): { from: number; count: number } {
  let best = { from: 0, count: 0 };
  for (let from = 0; from < groups.length; from++) {
    let count = 0;
    while (groups[from + count] === 0) count++;
    if (count > best.count) best = { from, count };
  }
  return best;
}
