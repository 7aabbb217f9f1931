/**
 * Segments of the simulator's TCP as bytes: IPv4 and TCP headers as Linux writes them, read and
 * written in place. The payload is whatever the slot holds, and checksums are left 0, for no kernel
 * sees them; lengths, ports, options, flags and the ECN bits are real.
 *
 * ```
 * IPv4 (20) | TCP (20) | NOP NOP timestamps (12) | NOP NOP SACK, up to 3 blocks (4 + 8 each) | payload
 * ```
 *
 * @module
 */

import { Packet } from "../../src/wire/packet.ts";

/** IPv4 header without options (RFC 791). */
const IP_BYTES = 20;
/** The TCP header with the timestamps option (RFC 9293, RFC 7323), as each segment has it. */
const TCP_BYTES = 32;
/** All headers of a data segment. */
export const SEGMENT_HEADER_BYTES = IP_BYTES + TCP_BYTES;
/** SACK blocks that fit beside timestamps (RFC 2018 §3). */
export const MAX_SACK_BLOCKS = 3;

/** Window scale that both ends are taken to have agreed on (RFC 7323 §2): what Linux has for 6 MB. */
const WINDOW_SHIFT = 7;

const TOS_OFFSET = 1;
const PROTOCOL_TCP = 6;
const PORTS_OFFSET = IP_BYTES;
const SEQ_OFFSET = IP_BYTES + 4;
const ACK_OFFSET = IP_BYTES + 8;
const DATA_OFFSET_OFFSET = IP_BYTES + 12;
const FLAGS_OFFSET = IP_BYTES + 13;
const WINDOW_OFFSET = IP_BYTES + 14;
const OPTIONS_OFFSET = IP_BYTES + 20;
const TS_VALUE_OFFSET = OPTIONS_OFFSET + 4;
const TS_ECHO_OFFSET = OPTIONS_OFFSET + 8;
const SACK_OFFSET = OPTIONS_OFFSET + 12;

/** TCP header flags (RFC 9293 §3.1, RFC 3168 §6.1). */
const FLAG_ACK = 0x10;
const FLAG_ECE = 0x40;
const FLAG_CWR = 0x80;

/** The IP header's ECN field (RFC 3168 §5). */
const ECN_MASK = 3;
const ECN_ECT0 = 2;
const ECN_CE = 3;

/** The ends' addresses, 10.10.10.1 and 10.10.10.2, and ports, to which the transfer's id is added. */
const SENDER_ADDRESS = 0x0a0a0a01;
const RECEIVER_ADDRESS = 0x0a0a0a02;
const SENDER_PORT = 40_000;
const RECEIVER_PORT = 5201;

/** A slot with the constant fields of one direction written. @param lengthBytes of the IP packet. */
export function makeSegment(id: number, from: "sender" | "receiver", lengthBytes: number): Packet {
  const packet = new Packet(Math.max(lengthBytes, 100));
  packet.end = packet.start + lengthBytes;
  const { view, start } = packet;
  const isSender = from === "sender";
  view.setUint8(start, 0x45); // version 4, header of 5 words
  view.setUint16(start + 2, lengthBytes);
  view.setUint16(start + 6, 0x4000); // don't fragment
  view.setUint8(start + 8, 64); // time to live
  view.setUint8(start + 9, PROTOCOL_TCP);
  view.setUint32(start + 12, isSender ? SENDER_ADDRESS : RECEIVER_ADDRESS);
  view.setUint32(start + 16, isSender ? RECEIVER_ADDRESS : SENDER_ADDRESS);
  view.setUint16(start + PORTS_OFFSET, (isSender ? SENDER_PORT : RECEIVER_PORT) + id);
  view.setUint16(start + PORTS_OFFSET + 2, (isSender ? RECEIVER_PORT : SENDER_PORT) + id);
  view.setUint8(start + DATA_OFFSET_OFFSET, TCP_BYTES / 4 << 4);
  view.setUint8(start + FLAGS_OFFSET, FLAG_ACK);
  view.setUint32(start + OPTIONS_OFFSET, 0x0101080a); // NOP NOP, timestamps of 10 bytes
  return packet;
}

/** Whether a packet is a segment that {@link makeSegment} made for this transfer and direction. */
export function isSegmentOf(packet: Packet, id: number, from: "sender" | "receiver"): boolean {
  const { view, start, length } = packet;
  if (length < SEGMENT_HEADER_BYTES || view.getUint8(start + 9) !== PROTOCOL_TCP) return false;
  const port = (from === "sender" ? SENDER_PORT : RECEIVER_PORT) + id;
  return view.getUint16(start + PORTS_OFFSET) === port;
}

/** Hot. Writes what differs from one data segment to the next. @param ipId identification, 16 bits. */
export function writeData(
  packet: Packet,
  seqNo: number,
  tsValue: number,
  ipId: number,
  isEct: boolean,
  isCwr: boolean,
): void {
  const { view, start } = packet;
  view.setUint8(start + TOS_OFFSET, isEct ? ECN_ECT0 : 0);
  view.setUint16(start + 4, ipId);
  view.setUint32(start + SEQ_OFFSET, seqNo);
  view.setUint8(start + FLAGS_OFFSET, isCwr ? FLAG_ACK | FLAG_CWR : FLAG_ACK);
  view.setUint16(start + WINDOW_OFFSET, 0xffff);
  view.setUint32(start + TS_VALUE_OFFSET, tsValue);
}

/** Hot. Writes what differs from one ACK to the next; {@link writeSackBlocks} comes after it. */
export function writeAck(
  packet: Packet,
  ackNo: number,
  tsValue: number,
  tsEcho: number,
  windowBytes: number,
  ipId: number,
  isEce: boolean,
): void {
  const { view, start } = packet;
  view.setUint16(start + 4, ipId);
  view.setUint32(start + ACK_OFFSET, ackNo);
  view.setUint8(start + FLAGS_OFFSET, isEce ? FLAG_ACK | FLAG_ECE : FLAG_ACK);
  view.setUint16(start + WINDOW_OFFSET, Math.min(0xffff, windowBytes >>> WINDOW_SHIFT));
  view.setUint32(start + TS_VALUE_OFFSET, tsValue);
  view.setUint32(start + TS_ECHO_OFFSET, tsEcho);
}

/** Hot. Begins the SACK option with room for some blocks, or none, and sets the lengths. */
export function writeSackBlocks(packet: Packet, blocks: number): void {
  const { view, start } = packet;
  const optionBytes = blocks === 0 ? 0 : 4 + 8 * blocks;
  packet.end = start + SEGMENT_HEADER_BYTES + optionBytes;
  view.setUint16(start + 2, SEGMENT_HEADER_BYTES + optionBytes);
  view.setUint8(start + DATA_OFFSET_OFFSET, (TCP_BYTES + optionBytes) / 4 << 4);
  if (blocks > 0) view.setUint32(start + SACK_OFFSET, 0x01010500 + 2 + 8 * blocks); // NOP NOP, SACK
}

/** Hot. Writes one SACK block, 0..2. */
export function writeSackBlock(packet: Packet, block: number, left: number, right: number): void {
  const at = packet.start + SACK_OFFSET + 4 + 8 * block;
  packet.view.setUint32(at, left);
  packet.view.setUint32(at + 4, right);
}

/** Hot. Sequence number of a data segment. */
export function readSeqNo(packet: Packet): number {
  return packet.view.getUint32(packet.start + SEQ_OFFSET);
}

/** Hot. Acknowledged up to here. */
export function readAckNo(packet: Packet): number {
  return packet.view.getUint32(packet.start + ACK_OFFSET);
}

/** Hot. The timestamp of whoever sent the segment, ms. */
export function readTsValue(packet: Packet): number {
  return packet.view.getUint32(packet.start + TS_VALUE_OFFSET);
}

/** Hot. The timestamp that is sent back, ms of the other end's clock. */
export function readTsEcho(packet: Packet): number {
  return packet.view.getUint32(packet.start + TS_ECHO_OFFSET);
}

/** Hot. Bytes that the receiver has room for. */
export function readWindowBytes(packet: Packet): number {
  return packet.view.getUint16(packet.start + WINDOW_OFFSET) << WINDOW_SHIFT;
}

/** Hot. How many SACK blocks an ACK has. */
export function readSackBlocks(packet: Packet): number {
  const optionBytes = (packet.view.getUint8(packet.start + DATA_OFFSET_OFFSET) >>> 4) * 4 -
    TCP_BYTES;
  return optionBytes <= 4 ? 0 : (optionBytes - 4) >>> 3;
}

/** Hot. First sequence number of a SACK block. */
export function readSackLeft(packet: Packet, block: number): number {
  return packet.view.getUint32(packet.start + SACK_OFFSET + 4 + 8 * block);
}

/** Hot. The sequence number after a SACK block. */
export function readSackRight(packet: Packet, block: number): number {
  return packet.view.getUint32(packet.start + SACK_OFFSET + 8 + 8 * block);
}

/** Hot. The receiver echoes a congestion mark (ECE). */
export function hasEce(packet: Packet): boolean {
  return (packet.view.getUint8(packet.start + FLAGS_OFFSET) & FLAG_ECE) !== 0;
}

/** Hot. The sender says that it has reduced its window (CWR). */
export function hasCwr(packet: Packet): boolean {
  return (packet.view.getUint8(packet.start + FLAGS_OFFSET) & FLAG_CWR) !== 0;
}

/** Hot. Some queue has marked the packet. */
export function isCongestionMarked(packet: Packet): boolean {
  return (packet.view.getUint8(packet.start + TOS_OFFSET) & ECN_MASK) === ECN_CE;
}

/** Hot. Marks a packet as an ECN queue does. @returns false when it is of no ECN-capable transport. */
export function markCongestion(packet: Packet): boolean {
  const tos = packet.view.getUint8(packet.start + TOS_OFFSET);
  if ((tos & ECN_MASK) === 0) return false;
  packet.view.setUint8(packet.start + TOS_OFFSET, tos | ECN_CE);
  return true;
}
