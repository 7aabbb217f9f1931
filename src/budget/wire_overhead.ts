/**
 * What a provider counts besides our datagrams: the headers of IP and of UDP or TCP. Pure.
 *
 * @module
 */

/** IPv4 or IPv6 header, and UDP's. */
const UDP_BYTES = { v4: 20 + 8, v6: 40 + 8 } as const;

/**
 * Over TCP what one datagram costs depends on how it is cut and joined; rather too much than too little: a segment of its own (IP
 * header, 20 of TCP, 12 of time stamps), 2 bytes of framing, and half an acknowledgement.
 */
const TCP_BYTES = { v4: 1.5 * (20 + 32) + 2, v6: 1.5 * (40 + 32) + 2 } as const;

/** Bytes added to each datagram. @param remote where it goes, as text; brackets are IPv6; empty: not known, taken for IPv4 */
export function overheadBytes(transport: "udp" | "tcp", remote: string): number {
  const bytes = transport === "udp" ? UDP_BYTES : TCP_BYTES;
  return remote.startsWith("[") ? bytes.v6 : bytes.v4;
}
