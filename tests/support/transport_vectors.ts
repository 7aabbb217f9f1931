/**
 * The stored transport packets of version 1, and what makes them:
 *
 * ```
 * deno run -A tests/support/transport_vectors.ts
 * ```
 *
 * writes tests/vectors/transport-v1.json. It was written once: when what comes out differs from the
 * file, it is the protocol that has changed, and older programs no longer understand it.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { CipherId } from "../../src/peer/aead.ts";
import { LinkCounters, type SessionOptions } from "../../src/peer/session.ts";
import {
  encodeNotice,
  encodeReport,
  NoticeCode,
  prependDataHeader,
} from "../../src/wire/inner_message.ts";
import { Packet } from "../../src/wire/packet.ts";
import { nobleAead } from "./noble_aead.ts";
import { testSession } from "./session_pair.ts";

/** Where the stored ones are. */
export const TRANSPORT_VECTORS_FILE = fileURLToPath(
  new URL("../vectors/transport-v1.json", import.meta.url),
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
  "Transport packets of bindlink's secure protocol, version 1: docs/protocol.md.",
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
  ["a report of no link", 2, 2 ** 32, (packet) => encodeReport(reportOf(0), packet)],
  ["a report of three links", 2, 2 ** 32 + 1, (packet) => encodeReport(reportOf(3), packet)],
  ["a report of all links", 2, 2 ** 40 + 7, (packet) => encodeReport(reportOf(255), packet)],
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

function fillData(packet: Packet, ipPacket: Uint8Array): void {
  packet.fill(ipPacket);
  prependDataHeader(packet);
}

function reportOf(links: number): { seqNo: number; received: Map<number, number> } {
  const received = new Map<number, number>();
  for (let linkId = 1; linkId <= links; linkId++) received.set(linkId, 1_000 * linkId);
  if (links > 1) received.set(2, Number.MAX_SAFE_INTEGER);
  return { seqNo: 2 ** 33 + links, received };
}

if (import.meta.main) {
  Deno.writeTextFileSync(TRANSPORT_VECTORS_FILE, formatTransportVectors(craftTransportVectors()));
}
