import assert from "node:assert/strict";
import { CipherId, type Opener } from "../../../src/peer/aead.ts";
import { SEAL_OVERHEAD_BYTES } from "../../../src/peer/session.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import { nobleAead } from "../../support/noble_aead.ts";
import {
  copyOf,
  INITIATOR_INDEX,
  packetOf,
  sealed,
  sessionPair,
  testSession,
} from "../../support/session_pair.ts";

Deno.test("Session.open gives the inner message in place", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 7, 1, 2, 3);
  assert.equal(responder.open(packet, 7), 0);
  assert.deepEqual([...packet.toBytes()], [1, 2, 3]);
  assert.equal(packet.start, HEADROOM_BYTES + 16);
});

Deno.test("Session.open opens both directions", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(responder, 7, 4, 5);
  assert.equal(initiator.open(packet, 7), 0);
  assert.deepEqual([...packet.toBytes()], [4, 5]);
});

Deno.test("Session.open opens an empty message", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 1);
  assert.equal(responder.open(packet, 1), 0);
  assert.equal(packet.length, 0);
});

Deno.test("Session.open opens a packet that does not begin at the headroom's end", () => {
  const { initiator, responder } = sessionPair();
  const datagram = sealed(initiator, 1, 6).toBytes();
  const packet = new Packet(2_000);
  packet.start += 22; // behind a SOCKS5 header
  packet.end = packet.start + datagram.length;
  packet.bytes.set(datagram, packet.start);
  assert.equal(responder.open(packet, 1), 0);
  assert.deepEqual([...packet.toBytes()], [6]);
});

Deno.test("Session.open opens under both ciphers, and not across them", () => {
  const provider = nobleAead([CipherId.AES_256_GCM, CipherId.CHACHA20_POLY1305]);
  const aes = sessionPair({ provider, cipher: CipherId.AES_256_GCM });
  const chacha = sessionPair({ provider });
  const packet = sealed(aes.initiator, 1, 1);
  assert.equal(chacha.responder.open(copyOf(packet), 1), DropReason.NOT_AUTHENTIC);
  assert.equal(aes.responder.open(packet, 1), 0);
});

Deno.test("Session.open refuses a packet that was seen", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 1, 1);
  assert.equal(responder.open(copyOf(packet), 1), 0);
  const again = copyOf(packet);
  assert.equal(responder.open(again, 1), DropReason.REPLAYED);
  assert.deepEqual([...again.toBytes()], [...packet.toBytes()]);
  assert.equal(responder.receivedPkts, 1);
});

Deno.test("Session.open has a window per link", () => {
  const { initiator, initiatorCounters, responder } = sessionPair();
  initiatorCounters.next[1] = 1_000_000;
  assert.equal(responder.open(sealed(initiator, 1, 1), 1), 0);
  assert.equal(responder.open(sealed(initiator, 2, 1), 2), 0);
  assert.equal(responder.open(sealed(initiator, 255, 1), 255), 0);
});

Deno.test("Session.open refuses a packet that is behind the window", () => {
  const { initiator, initiatorCounters, responder } = sessionPair();
  const late = sealed(initiator, 1, 1);
  const inTime = sealed(initiator, 1, 2);
  initiatorCounters.next[1] = 1 + 4_096;
  assert.equal(responder.open(sealed(initiator, 1, 3), 1), 0);
  assert.equal(responder.open(late, 1), DropReason.REPLAYED);
  assert.equal(responder.open(inTime, 1), 0);
});

Deno.test("Session.open refuses a packet with any byte changed", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 1, 1, 2, 3, 4);
  for (let at = 0; at < packet.length; at++) {
    for (const xor of [1, 0x80, 0xff]) {
      const forged = copyOf(packet);
      forged.bytes[forged.start + at]! ^= xor;
      assert.equal(responder.open(forged, 1), DropReason.NOT_AUTHENTIC, `byte ${at}`);
    }
  }
  assert.equal(responder.receivedPkts, 0);
  assert.equal(responder.open(packet, 1), 0, "a forged packet has used the number up");
});

Deno.test("Session.open refuses a packet of every shorter length", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 1, 1, 2, 3, 4);
  for (let length = 0; length < packet.length; length++) {
    const cut = copyOf(packet);
    cut.end = cut.start + length;
    const reason = length < SEAL_OVERHEAD_BYTES ? DropReason.TRUNCATED : DropReason.NOT_AUTHENTIC;
    assert.equal(responder.open(cut, 1), reason, `${length} bytes`);
    assert.equal(cut.length, length);
  }
});

Deno.test("Session.open refuses a packet with bytes appended", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 1, 1);
  packet.end += 1;
  assert.equal(responder.open(packet, 1), DropReason.NOT_AUTHENTIC);
});

Deno.test("Session.open refuses its own packet sent back", () => {
  const { initiator, responder } = sessionPair();
  for (const session of [initiator, responder]) {
    assert.equal(session.open(sealed(session, 1, 1), 1), DropReason.NOT_AUTHENTIC);
  }
});

Deno.test("Session.open refuses a reflected packet even when its index is rewritten", () => {
  const { initiator } = sessionPair();
  const packet = sealed(initiator, 1, 1);
  packet.view.setUint32(packet.start + 4, INITIATOR_INDEX);
  assert.equal(initiator.open(packet, 1), DropReason.NOT_AUTHENTIC);
});

Deno.test("Session.open refuses a packet of another link", () => {
  const { initiator, responder } = sessionPair();
  const packet = sealed(initiator, 1, 1);
  assert.equal(responder.open(copyOf(packet), 2), DropReason.NOT_AUTHENTIC);
  packet.bytes[packet.start + 3] = 2;
  assert.equal(responder.open(packet, 2), DropReason.NOT_AUTHENTIC);
});

Deno.test("Session.open refuses a number beyond 2^53 - 1 before it opens", () => {
  const opener: Opener = {
    open: () => assert.fail("was opened"),
    [Symbol.dispose](): void {},
  };
  const session = testSession({ provider: { ...nobleAead(), createOpener: () => opener } });
  const packet = packetOf(...new Array(40).fill(0));
  packet.view.setBigUint64(packet.start + 8, 2n ** 53n);
  assert.equal(session.open(packet, 1), DropReason.NOT_AUTHENTIC);
});

Deno.test("Session.open does not decrypt what was seen", () => {
  let openings = 0;
  const opener: Opener = {
    open: () => ++openings > 0,
    [Symbol.dispose](): void {},
  };
  const session = testSession({ provider: { ...nobleAead(), createOpener: () => opener } });
  const packet = packetOf(...new Array(40).fill(0));
  assert.equal(session.open(copyOf(packet), 1), 0);
  assert.equal(session.open(copyOf(packet), 1), DropReason.REPLAYED);
  assert.equal(openings, 1);
});
