import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import firstFile from "../../vectors/transport-v1.json" with { type: "json" };
import storedFile from "../../vectors/transport-v2.json" with { type: "json" };
import { CipherId } from "../../../src/peer/aead.ts";
import { DatagramType, readDatagramHeader } from "../../../src/wire/datagram_header.ts";
import {
  DataFlag,
  readDataFlags,
  readGroupSeqNo,
  readOrderGroup,
  readSentUs,
  stripDataHeader,
} from "../../../src/wire/data_header.ts";
import { FeedbackReader } from "../../../src/wire/feedback_reader.ts";
import { GivenUp } from "../../../src/wire/given_up.ts";
import { decodeNotice, InnerKind, readInnerKind } from "../../../src/wire/inner_message.ts";
import { LinkNotice } from "../../../src/wire/link_notice.ts";
import { Ping } from "../../../src/wire/ping.ts";
import { checkExactIpPacket } from "../../../src/wire/ip_packet.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { nobleAead } from "../../support/noble_aead.ts";
import { testSession } from "../../support/session_pair.ts";
import {
  bytesOf,
  craftTransportVectors,
  formatTransportVectors,
  hexOf,
  TRANSPORT_VECTORS_FILE,
  type TransportVector,
} from "../../support/transport_vectors.ts";

const STORED: readonly TransportVector[] = storedFile.vectors;

/** Of version 1: sealed as today, though the messages inside have changed. */
const FIRST: readonly TransportVector[] = firstFile.vectors;

function openStored(vector: TransportVector): Packet {
  const cipher = vector.cipher as CipherId;
  const session = testSession({
    provider: nobleAead([cipher]),
    cipher,
    receiveKey: bytesOf(vector.key),
    localIndex: vector.receiverIndex,
  });
  const packet = new Packet(4_000);
  packet.fill(bytesOf(vector.datagram));
  assert.equal(session.open(packet, vector.linkId), 0);
  return packet;
}

function storedNamed(name: string): readonly TransportVector[] {
  const vectors = STORED.filter((vector) => vector.name.startsWith(name));
  assert(vectors.length >= 2, `no vectors "${name}" for both ciphers`);
  return vectors;
}

Deno.test("the stored transport packets are what is sealed today", () => {
  const stored = Deno.readTextFileSync(TRANSPORT_VECTORS_FILE);
  assert.equal(formatTransportVectors(craftTransportVectors()), stored);
});

Deno.test("the stored transport packets hold small numbers, and some beyond 2^32", () => {
  const numbers = STORED.map(({ seqNo }) => Number(seqNo));
  assert(numbers.includes(0) && numbers.includes(Number.MAX_SAFE_INTEGER));
  assert(numbers.some((seqNo) => seqNo > 2 ** 32 && seqNo < 2 ** 53 - 1));
});

for (const vector of STORED) {
  const { name, cipher } = vector;
  Deno.test(`Session.open opens the stored packet: ${name}, cipher ${cipher}`, () => {
    assert.equal(hexOf(openStored(vector).toBytes()), vector.inner);
  });
}

Deno.test("Session.open opens the stored packets of version 1", () => {
  for (const vector of FIRST) assert.equal(hexOf(openStored(vector).toBytes()), vector.inner);
});

Deno.test("the stored transport packets are header, and what OpenSSL's ciphers make with it", () => {
  for (const vector of STORED) {
    const datagram = bytesOf(vector.datagram);
    const header = datagram.subarray(0, 16);
    assert.equal(hexOf(header.subarray(4, 8)), vector.receiverIndex.toString(16));
    assert.equal(hexOf(header.subarray(8)), vector.nonce.slice(8));
    assert.equal(BigInt(`0x${vector.nonce.slice(8)}`), BigInt(vector.seqNo));
    const name = vector.cipher === CipherId.AES_256_GCM ? "aes-256-gcm" : "chacha20-poly1305";
    const cipher = createCipheriv(
      name as "aes-256-gcm",
      bytesOf(vector.key),
      bytesOf(vector.nonce),
      {
        authTagLength: 16,
      },
    );
    const inner = bytesOf(vector.inner);
    cipher.setAAD(header, { plaintextLength: inner.length });
    const sealed = [...cipher.update(inner), ...cipher.final(), ...cipher.getAuthTag()];
    assert.equal(hexOf(Uint8Array.from(sealed)), hexOf(datagram.subarray(16)), vector.name);
  }
});

Deno.test("readDatagramHeader knows the stored packets as transport packets of their links", () => {
  for (const vector of STORED) {
    const packet = new Packet(4_000);
    packet.fill(bytesOf(vector.datagram));
    assert.equal(readDatagramHeader(packet), DatagramType.TRANSPORT << 8 | vector.linkId);
  }
});

Deno.test("the stored data messages hold IP packets", () => {
  for (const vector of storedNamed("data, IPv")) {
    const packet = openStored(vector);
    assert.equal(readInnerKind(packet), InnerKind.DATA);
    assert.equal(stripDataHeader(packet), 0);
    assert.equal(checkExactIpPacket(packet), 0, vector.name);
  }
});

Deno.test("the stored data messages say order, time and what is special", () => {
  for (const vector of storedNamed("data, sent again")) {
    const packet = openStored(vector);
    assert.equal(stripDataHeader(packet), 0);
    assert.equal(readDataFlags(packet), DataFlag.REALTIME | DataFlag.RESENT);
    assert.equal(readOrderGroup(packet), 255);
    assert.equal(readSentUs(packet), 0xfedc_ba98);
    assert.equal(readGroupSeqNo(packet), 0xffff_fffe);
  }
});

Deno.test("the stored feedback says what arrived", () => {
  const reader = new FeedbackReader();
  for (const [name, links] of [["no link", 0], ["three links", 3]] as const) {
    for (const vector of storedNamed(`feedback of ${name}`)) {
      assert.equal(reader.begin(openStored(vector)), 0);
      assert.equal(reader.number, 0x0a0b_0c0d + links);
      assert.equal(reader.sentUs, 123_456_789);
      for (let linkId = 1; linkId <= links; linkId++) {
        assert(reader.nextLink());
        assert.equal(reader.linkId, linkId);
        assert.equal(reader.newestSeqNo, linkId === 2 ? 2 ** 48 - 1 : 1_000 * linkId);
        assert.equal(reader.receivedBytes, 2 ** 40 + linkId);
        assert.equal(reader.rangeCount, linkId);
        assert(reader.nextRange());
        assert.equal(reader.rangeFirst, reader.newestSeqNo - 98);
      }
      assert(!reader.nextLink());
    }
  }
});

Deno.test("the stored pings ask and answer", () => {
  const ping = new Ping();
  for (const vector of storedNamed("ping: an answer")) {
    assert.equal(ping.decode(openStored(vector)), 0);
    const { intervalMs, sentUs, echoedUs, heldUs, transitUs } = ping;
    assert.deepEqual({ intervalMs, sentUs, echoedUs, heldUs, transitUs }, {
      intervalMs: 17_300,
      sentUs: 0x0102_0304,
      echoedUs: 0xffff_fffe,
      heldUs: 45_678,
      transitUs: 0x8000_0001,
    });
  }
});

Deno.test("the stored link messages say what the user wants", () => {
  const notice = new LinkNotice();
  for (const vector of storedNamed("link: all said")) {
    assert.equal(notice.decode(openStored(vector)), 0);
    const { flags, mode, capBps, name } = notice;
    assert.deepEqual({ flags, mode, capBps, name }, {
      flags: 7,
      mode: 3,
      capBps: 2_500_000,
      name: "téléphone 1",
    });
  }
});

Deno.test("the stored lists of what was given up name group and number", () => {
  const list = new GivenUp();
  for (const vector of storedNamed("given up: two")) {
    assert.equal(list.decode(openStored(vector)), 0);
    assert.equal(list.count, 2);
    assert.deepEqual([list.group(1), list.seqNo(1)], [254, 0xffff_ffff - 1_000]);
  }
});

Deno.test("the stored notices say closing, replaced, revoked", () => {
  for (const [name, code] of [["closing", 1], ["replaced", 2], ["revoked", 3]] as const) {
    for (const vector of storedNamed(`notice: ${name}`)) {
      assert.equal(decodeNotice(openStored(vector)), code);
    }
  }
});
