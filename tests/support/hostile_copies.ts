/**
 * What an attacker makes of datagrams that it has seen. Pure.
 *
 * @module
 */

import type { UdpDatagram } from "./pcap_file.ts";

/** A changed type is none of the legacy protocol's: the first of those is told in the log. */
const TYPE_OFFSET = 2;
const LEGACY_TYPES = [0x43, 0x44];

/** Copies with one byte changed that each datagram is made into. */
const CHANGED_COPIES = 3;

/**
 * Spoiled copies: for one of each type and length a copy with each byte changed and one cut off at each length, for every
 * one some with a byte changed and one cut off somewhere. Addresses stay.
 * @param random uniform in [0, 1).
 */
export function spoil(datagrams: readonly UdpDatagram[], random: () => number): UdpDatagram[] {
  const samples = new Map<string, UdpDatagram>();
  const spoiled: UdpDatagram[] = [];
  for (const datagram of datagrams) {
    const { payload } = datagram;
    // The newest of its kind: of the session in use.
    samples.set(`${payload[2]} ${payload.length}`, datagram);
    for (let i = 0; i < CHANGED_COPIES; i++) {
      const at = Math.floor(random() * payload.length);
      spoiled.push({ ...datagram, payload: changedAt(payload, at, random) });
    }
    const lengthBytes = Math.floor(random() * payload.length);
    spoiled.push({ ...datagram, payload: payload.subarray(0, lengthBytes) });
  }
  for (const datagram of samples.values()) {
    const { payload } = datagram;
    for (let at = 0; at < payload.length; at++) {
      spoiled.push({ ...datagram, payload: changedAt(payload, at, random) });
      spoiled.push({ ...datagram, payload: payload.subarray(0, at) });
    }
  }
  return spoiled;
}

/** The same from somewhere else: another port, another host, another network, in turns. */
export function fromElsewhere(datagram: UdpDatagram, turn: number): UdpDatagram {
  const { hostname, port } = datagram.source;
  const [a, b, c, d] = hostname.split(".").map(Number);
  const sources = [
    { hostname, port: port === 65_535 ? port - 1 : port + 1 },
    { hostname: `${a}.${b}.${c}.99`, port },
    { hostname: `${a}.${b}.${3 - c!}.${d}`, port },
  ];
  return { ...datagram, source: sources[turn % sources.length]! };
}

function changedAt(bytes: Uint8Array, at: number, random: () => number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 1 + Math.floor(random() * 255);
  if (at === TYPE_OFFSET && LEGACY_TYPES.includes(copy[at]!)) copy[at] = 0;
  return copy;
}
