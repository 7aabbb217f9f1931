/**
 * The stored transport packets of version 2, and what makes them:
 *
 * ```
 * deno run -A tests/support/transport_vectors.ts
 * ```
 *
 * writes tests/vectors/transport-v2.json. It was written once: when what comes out differs from the
 * file, it is the protocol that has changed, and older programs no longer understand it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { CipherId } from "../../src/peer/aead.ts";
import { LinkCounters, type SessionOptions } from "../../src/peer/session.ts";
import { DataFlag, prependDataHeader } from "../../src/wire/data_header.ts";
import { type FeedbackSource, FeedbackWriter } from "../../src/wire/feedback.ts";
import { GivenUp, MAX_GIVEN_UP } from "../../src/wire/given_up.ts";
import { encodeNotice, NoticeCode } from "../../src/wire/inner_message.ts";
import { LinkFlag, LinkNotice } from "../../src/wire/link_notice.ts";
import { Packet } from "../../src/wire/packet.ts";
import { Ping, PingFlag } from "../../src/wire/ping.ts";
import { nobleAead } from "./noble_aead.ts";
import { testSession } from "./session_pair.ts";

/** Where the stored ones are. */
export const TRANSPORT_VECTORS_FILE = fileURLToPath(
  new URL("../vectors/transport-v2.json", import.meta.url),
);

/** One sealed packet. Bytes are hexadecimal. */
export interface TransportVector {
  readonly name: string;
  /** One of CipherId. */
  readonly cipher: number;
  readonly key: string;
  readonly receiverIndex: number;
  readonly linkId: number;
  /** Decimal. */
  readonly seqNo: string;
  /** Of the AEAD: link id and sequence number. */
  readonly nonce: string;
  readonly inner: string;
  readonly datagram: string;
}

/** The file. */
export interface TransportVectors {
  readonly about: string;
  readonly vectors: readonly TransportVector[];
}

const ABOUT = [
  "Transport packets of bindlink's secure protocol, version 2: docs/protocol.md.",
  "key, nonce: of the AEAD (cipher 1: ChaCha20-Poly1305, RFC 8439; 2: AES-256-GCM).",
  "The additional data is the datagram's first 16 bytes. receiverIndex: what stands in the packet.",
  "inner: the inner message before it is sealed. All bytes hexadecimal.",
].join(" ");

const KEYS: Readonly<Record<number, Uint8Array<ArrayBuffer>>> = {
  [CipherId.CHACHA20_POLY1305]: Uint8Array.from({ length: 32 }, (_, i) => i),
  [CipherId.AES_256_GCM]: Uint8Array.from({ length: 32 }, (_, i) => 0xff - 3 * i),
};

/** An ICMP echo request from 10.10.10.2 to 10.10.10.1, with good checksums. */
const PING = bytesOf("4500001c00010000400152ca0a0a0a020a0a0a010800f7fd00010001");

/** A packet of an IPv6 header alone (no next header, 59), between two unique local addresses. */
const IPV6 = bytesOf(
  "6000000000003b40fd000000000000000000000000000002fd000000000000000000000000000001",
);

/** What is sealed, with which link id and number. */
const CASES: readonly (readonly [string, number, number, (packet: Packet) => void])[] = [
  ["an empty message", 1, 0, (packet) => packet.reset()],
  ["data, IPv4", 1, 1, (packet) => fillData(packet, PING)],
  ["data, IPv6", 255, 0xffff_ffff, (packet) => fillData(packet, IPV6)],
  [
    "data, sent again and in a hurry",
    1,
    2,
    (packet) => fillData(packet, PING, DataFlag.REALTIME | DataFlag.RESENT, 255, 0xffff_fffe),
  ],
  ["feedback of no link", 2, 2 ** 32, (packet) => encodeFeedback(0, packet)],
  ["feedback of three links", 2, 2 ** 32 + 1, (packet) => encodeFeedback(3, packet)],
  ["feedback of as many links as fit", 2, 2 ** 40 + 7, (packet) => encodeFeedback(255, packet)],
  ["ping: a question", 6, 20, (packet) => encodePing(PingFlag.WANTS_ANSWER, packet)],
  ["ping: an answer", 6, 21, (packet) => encodePing(PingFlag.HAS_ECHO, packet)],
  ["link: nothing said", 6, 22, (packet) => new LinkNotice().encode(packet)],
  ["link: all said", 6, 23, (packet) => encodeLink(packet)],
  ["given up: two", 6, 24, (packet) => encodeGivenUp(2, packet)],
  ["given up: as many as fit", 6, 25, (packet) => encodeGivenUp(MAX_GIVEN_UP, packet)],
  ["notice: closing", 3, 10, (packet) => encodeNotice(NoticeCode.CLOSING, packet)],
  ["notice: replaced", 3, 11, (packet) => encodeNotice(NoticeCode.REPLACED, packet)],
  ["notice: revoked", 3, 12, (packet) => encodeNotice(NoticeCode.REVOKED, packet)],
  ["a message of an unknown kind", 4, 0, (packet) => packet.fill(Uint8Array.of(200, 1, 2, 3))],
  ["the last number", 5, Number.MAX_SAFE_INTEGER, (packet) => fillData(packet, PING)],
];

/** Makes the vectors anew. */
export function craftTransportVectors(): TransportVectors {
  const ciphers = [CipherId.CHACHA20_POLY1305, CipherId.AES_256_GCM];
  const vectors = ciphers.flatMap((cipher) =>
    CASES.map(([name, linkId, seqNo, fill]) => {
      const inner = new Packet(4_000);
      fill(inner);
      return craftVector(name, { cipher, linkId, seqNo }, inner);
    })
  );
  return { about: ABOUT, vectors };
}

/** As it is stored. */
export function formatTransportVectors(vectors: TransportVectors): string {
  return `${JSON.stringify(vectors, null, 2)}\n`;
}

/** Bytes of hexadecimal digits. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

/** Hexadecimal digits of bytes. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function craftVector(
  name: string,
  { cipher, linkId, seqNo }: { cipher: CipherId; linkId: number; seqNo: number },
  inner: Packet,
): TransportVector {
  const key = KEYS[cipher]!;
  const receiverIndex = 0xa1b2_c3d4;
  const counters = new LinkCounters();
  counters.next[linkId] = seqNo;
  const options: Partial<SessionOptions> = {
    provider: nobleAead([cipher]),
    cipher,
    sendKey: key.slice(),
    remoteIndex: receiverIndex,
    counters,
  };
  const sealed = new Packet(4_000);
  const result = testSession(options).seal(inner, linkId, sealed);
  if (result < 0) throw new Error(`Cannot seal vector "${name}": ${result}`);
  return {
    name,
    cipher,
    key: hexOf(key),
    receiverIndex,
    linkId,
    seqNo: String(seqNo),
    nonce: linkId.toString(16).padStart(8, "0") + seqNo.toString(16).padStart(16, "0"),
    inner: hexOf(inner.toBytes()),
    datagram: hexOf(sealed.toBytes()),
  };
}

function fillData(
  packet: Packet,
  ipPacket: Uint8Array,
  flags = 0,
  group = 7,
  groupSeqNo = 0x0102_0304,
): void {
  packet.fill(ipPacket);
  prependDataHeader(packet, flags, group, 0xfedc_ba98, groupSeqNo);
}

/** Of each link the numbers up to 1000 x its id, without every hundredth below; of link 2, up to the highest number. */
function encodeFeedback(links: number, out: Packet): void {
  const writer = new FeedbackWriter();
  writer.begin(out, 0x0a0b_0c0d + links, links, 123_456.789);
  for (let linkId = 1; linkId <= links; linkId++) writer.addLink(linkId, sourceOf(linkId), 0);
  writer.finish();
}

function sourceOf(linkId: number): FeedbackSource {
  const newestSeqNo = linkId === 2 ? 2 ** 48 - 1 : 1_000 * linkId;
  return {
    newestSeqNo,
    newestReceivedMs: 5_000_000 + linkId,
    receivedBytes: 2 ** 40 + linkId,
    rangeCount: Math.min(linkId, 4),
    rangeFirst: (i) => newestSeqNo - 100 * i - 98,
    rangeLast: (i) => newestSeqNo - 100 * i,
    minTransitUs: () => 0xffff_0000 + linkId,
  };
}

function encodePing(flags: number, out: Packet): void {
  const ping = new Ping();
  const hasEcho = (flags & PingFlag.HAS_ECHO) !== 0;
  ping.flags = flags;
  ping.intervalMs = 17_300;
  ping.sentUs = 0x0102_0304;
  ping.echoedUs = hasEcho ? 0xffff_fffe : 0;
  ping.heldUs = hasEcho ? 45_678 : 0;
  ping.transitUs = hasEcho ? 0x8000_0001 : 0;
  ping.encode(out);
}

function encodeLink(out: Packet): void {
  const notice = new LinkNotice();
  notice.flags = LinkFlag.METERED | LinkFlag.LEAVING | LinkFlag.HEARD;
  notice.mode = 3;
  notice.capBps = 2_500_000;
  notice.name = "téléphone 1";
  notice.encode(out);
}

function encodeGivenUp(count: number, out: Packet): void {
  const list = new GivenUp();
  for (let i = 0; i < count; i++) list.add(255 - i, 0xffff_ffff - 1_000 * i);
  list.encode(out);
}

if (import.meta.main) {
  Deno.writeTextFileSync(TRANSPORT_VECTORS_FILE, formatTransportVectors(craftTransportVectors()));
}
