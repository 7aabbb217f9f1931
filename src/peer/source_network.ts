/**
 * What counts as one source when handshakes are rationed: whoever has one address usually has all ports of it, and whoever
 * has one IPv6 address has 2^64 of them. Pure.
 *
 * @module
 */

/** Groups of 16 bits in the part of an IPv6 address that names a network: /64. */
const NETWORK_GROUPS = 4;

/**
 * The network of a source: the address of an IPv4 one, the /64 of an IPv6 one. A text of another form stands for itself.
 * @param source `192.0.2.1:5000` or `[2001:db8::1]:5000`.
 *
 * @example
 * ```ts
 * import { sourceNetwork } from "./source_network.ts";
 *
 * if (sourceNetwork("192.0.2.1:5000") !== "192.0.2.1") throw new Error("the address alone");
 * if (sourceNetwork("[2001:db8::7]:5000") !== "2001:db8:0:0/64") throw new Error("the network alone");
 * ```
 */
export function sourceNetwork(source: string): string {
  if (!source.startsWith("[")) {
    const colon = source.lastIndexOf(":");
    return colon < 0 ? source : source.slice(0, colon);
  }
  const close = source.indexOf("]");
  const address = source.slice(1, close < 0 ? undefined : close);
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const tailGroups = tail === "" ? 0 : tail.split(":").length + (tail.includes(".") ? 1 : 0);
    for (let zeros = 8 - groups.length - tailGroups; zeros > 0; zeros--) groups.push("0");
    if (tail !== "") groups.push(...tail.split(":"));
  }
  return `${groups.slice(0, NETWORK_GROUPS).join(":")}/64`;
}
