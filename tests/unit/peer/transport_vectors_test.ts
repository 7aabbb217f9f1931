import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import storedFile from "../../vectors/transport-v1.json" with { type: "json" };
import { CipherId } from "../../../src/peer/aead.ts";
import type { ControlPacket } from "../../../src/wire/control_packet.ts";
import { DatagramType, readDatagramHeader } from "../../../src/wire/datagram_header.ts";
import {
  decodeNotice,
  decodeReport,
  InnerKind,
  readInnerKind,
  stripDataHeader,
} from "../../../src/wire/inner_message.ts";
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

Deno.test("the stored reports say what was received", () => {
  const report: ControlPacket = { seqNo: 0, received: new Map() };
  for (const [name, links] of [["no link", 0], ["three links", 3], ["all links", 255]] as const) {
    for (const vector of storedNamed(`a report of ${name}`)) {
      assert.equal(decodeReport(openStored(vector), report), 0);
      assert.equal(report.seqNo, 2 ** 33 + links);
      assert.deepEqual([...report.received.keys()], Array.from({ length: links }, (_, i) => i + 1));
      if (links > 0) {
        assert.equal(report.received.get(1), 1_000);
        assert.equal(report.received.get(2), Number.MAX_SAFE_INTEGER);
      }
    }
  }
});

Deno.test("the stored notices say closing, replaced, revoked", () => {
  for (const [name, code] of [["closing", 1], ["replaced", 2], ["revoked", 3]] as const) {
    for (const vector of storedNamed(`notice: ${name}`)) {
      assert.equal(decodeNotice(openStored(vector)), code);
    }
  }
});
