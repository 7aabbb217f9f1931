/**
 * Reads the values of options: text to numbers, hosts, addresses. `subject` is what the user has to
 * correct (`--listen`, or `BINDLINK_LISTEN` when the environment gave it); every function throws a
 * {@link UsageError} that names it, the value, and what to type instead.
 *
 * @module
 */

import { isIP, isIPv4, isIPv6 } from "node:net";
import type { Cidr } from "../daemon_options.ts";
import { MAX_CAP_BPS, MIN_CAP_BPS } from "../multiplexer/link_settings.ts";
import type { HostPort } from "../net_address.ts";
import { mtuAdvice, tunNameAdvice } from "../tun_limits.ts";
import { UsageError } from "../usage_error.ts";
import { quoteValue } from "./quote.ts";

/** Longest host name, in characters (RFC 1035 §2.3.4); also what a SOCKS5 request can hold. */
const MAX_HOST_NAME_CHARS = 253;

/** Shows a value in an error; the default hides what looks like credentials. */
export type Quote = (text: string) => string;

/** `HOST:PORT`, IPv6 in brackets. @throws {UsageError} */
export function parseHostPort(
  text: string,
  subject: string,
  quote: Quote = quoteValue,
): HostPort {
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quote(text)}: ${problem}`);
  };
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (bracketed !== null) {
    const host = bracketed[1] ?? "";
    if (!isIPv6(host)) return fail("what is in brackets is not an IPv6 address");
    if (host.includes("%")) {
      return fail(
        "zones such as %eth0 are not supported by this version's sockets: use an address without",
      );
    }
    return { host, port: parsePort(bracketed[2], fail) };
  }
  if (isIPv6(text) || text.split(":").length > 2) {
    return fail("type HOST:PORT, and an IPv6 address in brackets, e.g. [2001:db8::1]:4321");
  }
  const colon = text.indexOf(":");
  const host = colon < 0 ? text : text.slice(0, colon);
  if (host === "") return fail("the host is missing: type HOST:PORT, e.g. 203.0.113.5:4321");
  if (!isHost(host)) return fail("this is not an IP address or a host name");
  return { host, port: parsePort(colon < 0 ? undefined : text.slice(colon + 1), fail) };
}

/**
 * `PORT`, `:PORT` or `HOST:PORT` of this machine, HOST an IP literal or `localhost`.
 * @param defaultHost the host when none is given. @throws {UsageError}
 */
export function parseListenAddress<Host extends string | null>(
  text: string,
  subject: string,
  defaultHost: Host,
): { readonly host: string | Host; readonly port: number } {
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quoteValue(text)}: ${problem}`);
  };
  if (/^:?[^:.[\]]*$/.test(text)) {
    return { host: defaultHost, port: parsePort(text.replace(/^:/, ""), fail) };
  }
  const { host, port } = parseHostPort(text, subject);
  if (host === "localhost") return { host: "127.0.0.1", port };
  if (isIP(host) === 0) return fail("the host must be an IP address of this machine");
  return { host, port };
}

/** An IP address with its prefix length, e.g. `10.10.10.1/30`. @throws {UsageError} */
export function parseCidr(text: string, subject: string): Cidr {
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quoteValue(text)}: ${problem}`);
  };
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  if (isIP(address) === 0 || address.includes("%")) {
    return fail("type an address with its prefix length, e.g. 10.10.10.1/30 or fd00::1/64");
  }
  const maxBits = isIPv4(address) ? 32 : 128;
  const bits = slash < 0 ? "" : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > maxBits) {
    return fail(`the prefix length must be 0 to ${maxBits}: type e.g. ${address}/${maxBits - 2}`);
  }
  return { address, prefixBits: Number(bits) };
}

/** Longest and shortest network that a pool can be: some addresses, and no half of the Internet. */
const MIN_POOL_BITS = 8;
const MAX_POOL_BITS = 30;

/** An IPv4 network to give addresses from, e.g. `10.10.10.0/24`; host bits zero. @throws {UsageError} */
export function parsePool(text: string, subject: string): Cidr {
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quoteValue(text)}: ${problem}`);
  };
  const { address, prefixBits } = parseCidr(text, subject);
  if (!isIPv4(address)) return fail("type an IPv4 network, e.g. 10.10.10.0/24");
  if (prefixBits < MIN_POOL_BITS || prefixBits > MAX_POOL_BITS) {
    return fail(`the prefix length must be ${MIN_POOL_BITS} to ${MAX_POOL_BITS}`);
  }
  const octets = address.split(".").map(Number);
  const first = octets[0] ?? 0;
  // "This network", loopback, multicast and reserved (RFC 6890): a host takes none of them.
  if (first === 0 || first === 127 || first >= 224) {
    return fail("a tunnel cannot have addresses of this network: type e.g. 10.10.10.0/24");
  }
  const network = octets.map((octet, i) => {
    const networkBits = Math.min(8, Math.max(0, prefixBits - 8 * i));
    return octet & (0xff << (8 - networkBits));
  }).join(".");
  if (network !== address) {
    return fail(`this is an address within the network ${network}/${prefixBits}: type that`);
  }
  return { address, prefixBits };
}

/** What a number may be, both included. */
interface Limits {
  readonly min: number;
  readonly max: number;
}

/** A whole number of seconds. @throws {UsageError} */
export function parseSeconds(text: string, subject: string, limits: Limits): number {
  return parseWhole(text, subject, limits, "seconds");
}

/** A socket's mark, decimal or hexadecimal: 1..2^32-1. @throws {UsageError} */
export function parseMark(text: string, subject: string): number {
  const mark = /^(\d{1,10}|0x[\da-f]{1,8})$/i.test(text) ? Number(text) : NaN;
  if (mark >= 1 && mark <= 0xffff_ffff) return mark;
  throw new UsageError(
    `${subject} ${quoteValue(text)}: type a number from 1 to 4294967295, or 0x1 to 0xffffffff`,
  );
}

/** A whole number of milliseconds. @throws {UsageError} */
export function parseMilliseconds(text: string, subject: string, limits: Limits): number {
  return parseWhole(text, subject, limits, "milliseconds");
}

function parseWhole(text: string, subject: string, { min, max }: Limits, unit: string): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(
    `${subject} ${quoteValue(text)}: type a number of ${unit} from ${min} to ${max}`,
  );
}

/** Units of a rate, in bits per second. */
const RATE_UNITS_BPS: ReadonlyMap<string, number> = new Map([
  ["kbit", 1e3],
  ["mbit", 1e6],
  ["gbit", 1e9],
]);

/** A rate with its unit, e.g. `1.5mbit`, in bits per second. @throws {UsageError} */
export function parseRateBps(text: string, subject: string): number {
  return parseQuantity(text, subject, {
    units: RATE_UNITS_BPS,
    usual: ["mbit", "kbit", "gbit"],
    figures: ["5", "0.5"],
    min: MIN_CAP_BPS,
    max: MAX_CAP_BPS,
    range: "a rate from 64kbit to 100gbit",
  });
}

/** Units of a size, in bytes: providers count in powers of ten. */
const SIZE_UNITS_BYTES: ReadonlyMap<string, number> = new Map([
  ["mb", 1e6],
  ["gb", 1e9],
  ["tb", 1e12],
  ["mib", 2 ** 20],
  ["gib", 2 ** 30],
  ["tib", 2 ** 40],
]);

/** What a budget can be, in bytes. */
const MIN_SIZE_BYTES = 1e6;
const MAX_SIZE_BYTES = 1e15;

/** A size with its unit, e.g. `1.5GB`, in bytes. @throws {UsageError} */
export function parseSizeBytes(text: string, subject: string): number {
  return parseQuantity(text, subject, {
    units: SIZE_UNITS_BYTES,
    usual: ["GB", "MB", "TB"],
    figures: ["10", "0.5"],
    min: MIN_SIZE_BYTES,
    max: MAX_SIZE_BYTES,
    range: "a size from 1MB to 1000TB",
  });
}

/** Numbers with a unit. */
interface Quantity {
  /** What a unit, in lower case, stands for. */
  readonly units: ReadonlyMap<string, number>;
  /** Units as they are told, the likeliest first. */
  readonly usual: readonly [string, string, string];
  /** Numbers for an example. */
  readonly figures: readonly [string, string];
  readonly min: number;
  readonly max: number;
  /** What it can be, in words. */
  readonly range: string;
}

function parseQuantity(text: string, subject: string, quantity: Quantity): number {
  const { units, usual: [first, second, third], figures: [whole, part], min, max } = quantity;
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quoteValue(text)}: ${problem}`);
  };
  const match = /^(\d{1,9}(?:\.\d{1,9})?)([a-z]*)$/i.exec(text);
  const figure = match?.[1];
  const unit = match?.[2]?.toLowerCase();
  if (figure === undefined || unit === undefined) {
    return fail(`type a number and its unit, e.g. ${whole}${first} or ${part}${first}`);
  }
  if (unit === "") {
    return fail(`the unit is missing: type ${figure}${first}, or ${second} or ${third}`);
  }
  const factor = units.get(unit);
  if (factor === undefined) {
    return fail(`type ${figure}${second}, ${figure}${first} or ${figure}${third}`);
  }
  const value = Math.round(Number(figure) * factor);
  return value >= min && value <= max ? value : fail(`type ${quantity.range}`);
}

/** More than anybody pays for a GB in any currency. */
const MAX_PRICE = 1e6;

/** A price in whatever currency, e.g. `2.50`. @throws {UsageError} */
export function parsePrice(text: string, subject: string): number {
  const price = /^\d{1,7}(?:\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (price <= MAX_PRICE) return price;
  throw new UsageError(
    `${subject} ${quoteValue(text)}: type a number without a currency, e.g. 2.50, at most ` +
      `${MAX_PRICE}, with a point and at most three digits behind it`,
  );
}

/** A day of the month. @throws {UsageError} */
export function parseDayOfMonth(text: string, subject: string): number {
  const day = /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  if (day >= 1 && day <= 31) return day;
  throw new UsageError(`${subject} ${quoteValue(text)}: type a day of the month, 1 to 31`);
}

/** Largest packet in the tunnel. @param hasIpv6 whether the tunnel has an IPv6 address. @throws {UsageError} */
export function parseMtuBytes(text: string, subject: string, hasIpv6: boolean): number {
  const bytes = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  const advice = mtuAdvice(bytes, hasIpv6);
  if (advice !== null) throw new UsageError(`${subject} ${quoteValue(text)}: ${advice}`);
  return bytes;
}

/** An interface name as the kernel takes it. @throws {UsageError} */
export function parseTunName(text: string, subject: string): string {
  const advice = tunNameAdvice(text);
  if (advice !== null) throw new UsageError(`${subject} ${quoteValue(text)}: ${advice}`);
  return text;
}

/** One of a few words. @throws {UsageError} */
export function parseChoice<Choice extends string>(
  text: string,
  subject: string,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  const only = choices.length === 1 ? "the only value is" : "type one of";
  throw new UsageError(`${subject} ${quoteValue(text)}: ${only} ${choices.join(", ")}`);
}

/** Whether the text is an IP literal without brackets, or a host name (RFC 1123 §2.1; `_` is seen in the wild). */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (text.length > MAX_HOST_NAME_CHARS) return false;
  const labels = text.replace(/\.$/, "").split(".");
  const lastLabel = labels.at(-1) ?? "";
  // A name whose last label is a number is a mistyped IPv4 address (RFC 3696 §2).
  if (/^\d+$/.test(lastLabel)) return false;
  return labels.every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label));
}

function parsePort(text: string | undefined, fail: (problem: string) => never): number {
  if (text === undefined || text === "") return fail("the port is missing: add it as :PORT");
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return port >= 1 && port <= 65_535 ? port : fail("the port must be a number from 1 to 65535");
}
