/**
 * Which IP addresses a machine can have in a tunnel. Pure.
 *
 * @module
 */

/**
 * Whether a machine can have this address: not in "this network", not loopback, not multicast, not reserved
 * (RFC 6890); of IPv6 besides nothing below 100::, where IPv4 addresses in disguise are, and nothing link-local (RFC 4291
 * §2.5.6): the kernel gives each device its own, and their network is every link's.
 * @param bytes 4 or 16
 */
export function isHostAddress(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  if (bytes.length === 4) return first !== 0 && first !== 127 && first < 224;
  const isLinkLocal = first === 0xfe && bytes[1]! >> 6 === 0b10;
  return first !== 0 && first !== 0xff && !isLinkLocal;
}
