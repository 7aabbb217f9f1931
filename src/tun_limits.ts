/**
 * What a tun device can be asked for: its MTU and its name. The command line and the tundev say it
 * in their own words, by these rules. Pure.
 *
 * @module
 */

/** Smallest MTU: what every IPv4 host takes in one piece or several (RFC 791 §3.1). */
const MIN_MTU_BYTES = 576;

/** Largest MTU: with all headers a datagram stays below IPv4's 65,507 bytes. */
const MAX_MTU_BYTES = 65_000;

/** Smallest MTU with an IPv6 address (RFC 8200 §5): below it the kernel turns IPv6 off. */
const MIN_IPV6_MTU_BYTES = 1280;

/** Longest interface name, in bytes (IFNAMSIZ 16, less the final zero; linux/if.h). */
const MAX_NAME_BYTES = 15;

/** What is to be done about an MTU; null when it is sound. */
export function mtuAdvice(mtuBytes: number, hasIpv6: boolean): string | null {
  if (!Number.isInteger(mtuBytes) || mtuBytes < MIN_MTU_BYTES || mtuBytes > MAX_MTU_BYTES) {
    return `type a number from ${MIN_MTU_BYTES} to ${MAX_MTU_BYTES}`;
  }
  if (hasIpv6 && mtuBytes < MIN_IPV6_MTU_BYTES) {
    return `with an IPv6 address type at least ${MIN_IPV6_MTU_BYTES}`;
  }
  return null;
}

/**
 * What is to be done about an interface name, or a template for one such as `bind%d`; null when it is
 * sound. The kernel's rules (dev_valid_name() and dev_alloc_name() in net/core/dev.c), and nothing
 * that cannot be seen.
 */
export function tunNameAdvice(name: string): string | null {
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    return `an interface name has at most ${MAX_NAME_BYTES} bytes`;
  }
  if (name === "" || name === "." || name === "..") return "type a name, e.g. bind%d";
  const isSound =
    /^(?:(?![/:%])[\p{L}\p{N}\p{P}\p{S}])*(?:%d)?(?:(?![/:%])[\p{L}\p{N}\p{P}\p{S}])*$/u
      .test(name);
  return isSound ? null : "type a name without blanks, / and :, with at most one %d, e.g. bind%d";
}
