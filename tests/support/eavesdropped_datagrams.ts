/**
 * What an eavesdropper can tell of a secure tunnel's datagrams: type, link, session index, size. Of a
 * tunnel over the cables of a direct network, whose addresses are 10.1.LINK.HOST. Pure.
 *
 * @module
 */

import type { UdpDatagram, UdpEnd } from "./pcap_file.ts";

/** The master's port. */
export const MASTER_PORT = 4_000;

/** The third byte. */
export const WireType = {
  INITIATION: 0x49,
  RESPONSE: 0x52,
  COOKIE: 0x4b,
  TRANSPORT: 0x54,
} as const;

/** The ends of a link. */
export interface LinkEnds {
  readonly slave: UdpEnd;
  readonly master: UdpEnd;
}

/** A ping of 84 bytes, sealed: 16 bytes of header, 12 of the data's header, 16 of the tag. */
const PING_BYTES = 128;

/** A tunnel's own ping, short feedback, or a notice: 16 bytes of header, the least message of 32, 16 of the tag. */
const MESSAGE_BYTES = 64;

/** Offset of the receiver's session index in a transport packet. */
const INDEX_OFFSET = 4;

/** Whether it goes from the slave to the master. */
export function isUpward({ destination }: UdpDatagram): boolean {
  return destination.port === MASTER_PORT;
}

/** Whether it is of a type. */
export function isOfType(type: number): (datagram: UdpDatagram) => boolean {
  return ({ payload }) => payload[2] === type;
}

/** Whether by its size it can be a ping, as ping(8) sends them when nobody says otherwise. */
export function isPing({ payload }: UdpDatagram): boolean {
  return payload.length === PING_BYTES;
}

/** Whether by its size it can be a message of the tunnel's own. */
export function isMessage({ payload }: UdpDatagram): boolean {
  return payload.length === MESSAGE_BYTES;
}

/** The link by whose cable it went. */
export function linkOf({ source }: UdpDatagram): number {
  return Number(source.hostname.split(".")[2]);
}

/** Each link's ends as its newest datagram from the slave has them. */
export function linkEndsIn(datagrams: readonly UdpDatagram[]): ReadonlyMap<number, LinkEnds> {
  const upward = datagrams.filter(isUpward);
  return new Map(
    upward.map((each) => [linkOf(each), { slave: each.source, master: each.destination }]),
  );
}

/** Session indices in the transport packets of one direction, each once, in order of their first packets. */
export function sessionIndices(datagrams: readonly UdpDatagram[], isUp: boolean): number[] {
  const indices = datagrams
    .filter((each) => isOfType(WireType.TRANSPORT)(each) && isUpward(each) === isUp)
    .map(({ payload }) => new DataView(payload.buffer, payload.byteOffset).getUint32(INDEX_OFFSET));
  return [...new Set(indices)];
}

/** How many there are of each type, as text: `I 4, R 2`. */
export function kindsOf(datagrams: readonly UdpDatagram[]): string {
  const counts = Object.values(WireType).map((type) =>
    `${String.fromCharCode(type)} ${datagrams.filter(isOfType(type)).length}`
  );
  return counts.join(", ");
}
