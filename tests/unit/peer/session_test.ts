import assert from "node:assert/strict";
import { CipherId, type Opener, type Sealer } from "../../../src/peer/aead.ts";
import { LinkCounters, SEAL_OVERHEAD_BYTES, Session } from "../../../src/peer/session.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import { aeadNonce, nobleAead } from "../../support/noble_aead.ts";
import {
  INITIATOR_INDEX,
  PAIR_KEYS,
  RESPONDER_INDEX,
  sessionPair,
  testSession,
} from "../../support/session_pair.ts";

const MAX = Number.MAX_SAFE_INTEGER;

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(2_000);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

/** Seals; the packet is new each time, so that several can be under way. */
function seal(session: Session, linkId: number, ...inner: number[]): Packet {
  const out = new Packet(2_000);
  assert.equal(session.seal(packetOf(...inner), linkId, out), 0);
  return out;
}

/** A copy, as the network makes one: open works in place. */
function copyOf(packet: Packet): Packet {
  return packetOf(...packet.toBytes());
}

Deno.test("Session.seal writes header, ciphertext and tag from the headroom's end on", () => {
  const { initiator, initiatorCounters } = sessionPair();
  initiatorCounters.next[3] = 2 ** 32 + 1;
  const sealed = seal(initiator, 3, 9, 8, 7);
  assert.equal(sealed.start, HEADROOM_BYTES);
  assert.equal(sealed.length, 3 + SEAL_OVERHEAD_BYTES);
  assert.deepEqual([...sealed.toBytes().subarray(0, 16)], [
    ...[0x42, 0x4c, 0x54, 3, 0xfe, 0xfe, 0xfe, 0xfe],
    ...[0, 0, 0, 1, 0, 0, 0, 1],
  ]);
});

Deno.test("Session.seal leaves the inner message as it was", () => {
  const inner = packetOf(1, 2, 3);
  const before = inner.bytes.slice();
  const { start, end } = inner;
  assert.equal(testSession().seal(inner, 1, new Packet(100)), 0);
  assert.deepEqual(inner.bytes, before);
  assert.deepEqual([inner.start, inner.end], [start, end]);
});

Deno.test("Session.seal gives each link its own numbers, which run on", () => {
  const counters = new LinkCounters();
  const session = testSession({ counters });
  for (const linkId of [1, 2, 1, 255, 1]) seal(session, linkId, 0);
  assert.deepEqual([1, 2, 3, 255].map((id) => counters.next[id]), [3, 1, 0, 1]);
});

Deno.test("Session.seal runs on with the numbers of the session before it", () => {
  const counters = new LinkCounters();
  seal(testSession({ counters }), 1, 0);
  const sealed = seal(testSession({ counters }), 1, 0);
  assert.equal(sealed.view.getBigUint64(sealed.start + 8), 1n);
});

Deno.test("Session.seal takes no nonce twice, not even when sealing fails", () => {
  const nonces: string[] = [];
  let failures = 1;
  const failing: Sealer = {
    seal(_src, _srcStart, _srcEnd, _dst, _dstStart, linkId, seqNo): void {
      nonces.push(aeadNonce(linkId, seqNo).join());
      if (failures-- > 0) throw new Error("the library is broken");
    },
    [Symbol.dispose](): void {},
  };
  const session = testSession({ provider: { ...nobleAead(), createSealer: () => failing } });
  assert.throws(() => session.seal(packetOf(1), 1, new Packet(100)), /broken/);
  seal(session, 1, 2);
  assert.equal(new Set(nonces).size, 2);
});

Deno.test("Session.seal fills a datagram to the last byte, and refuses one byte more", () => {
  const out = new Packet(100);
  const inner = packetOf(...new Array(100 - SEAL_OVERHEAD_BYTES).fill(7));
  const session = testSession();
  assert.equal(session.seal(inner, 1, out), 0);
  assert.equal(out.length, 100);
  inner.end += 1;
  assert.equal(session.seal(inner, 1, out), DropReason.TOO_LARGE);
  assert.equal(session.sentPkts, 1);
});

Deno.test("Session.seal uses the number 2^53 - 1 and none beyond it", () => {
  const counters = new LinkCounters();
  counters.next[1] = MAX;
  const { responder } = sessionPair();
  const session = testSession({ counters });
  assert.equal(responder.open(seal(session, 1, 5), 1), 0);
  assert.equal(session.seal(packetOf(5), 1, new Packet(100)), DropReason.NO_SESSION);
  assert.equal(session.seal(packetOf(5), 2, new Packet(100)), 0, "other links are not concerned");
});

Deno.test("Session.open gives the inner message in place", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(initiator, 7, 1, 2, 3);
  assert.equal(responder.open(packet, 7), 0);
  assert.deepEqual([...packet.toBytes()], [1, 2, 3]);
  assert.equal(packet.start, HEADROOM_BYTES + 16);
});

Deno.test("Session.open opens both directions", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(responder, 7, 4, 5);
  assert.equal(initiator.open(packet, 7), 0);
  assert.deepEqual([...packet.toBytes()], [4, 5]);
});

Deno.test("Session.open opens an empty message", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(initiator, 1);
  assert.equal(responder.open(packet, 1), 0);
  assert.equal(packet.length, 0);
});

Deno.test("Session.open opens a packet that does not begin at the headroom's end", () => {
  const { initiator, responder } = sessionPair();
  const sealed = seal(initiator, 1, 6).toBytes();
  const packet = new Packet(2_000);
  packet.start += 22; // behind a SOCKS5 header
  packet.end = packet.start + sealed.length;
  packet.bytes.set(sealed, packet.start);
  assert.equal(responder.open(packet, 1), 0);
  assert.deepEqual([...packet.toBytes()], [6]);
});

Deno.test("Session.open opens under both ciphers, and not across them", () => {
  const provider = nobleAead([CipherId.AES_256_GCM, CipherId.CHACHA20_POLY1305]);
  const aes = sessionPair({ provider, cipher: CipherId.AES_256_GCM });
  const chacha = sessionPair({ provider });
  const packet = seal(aes.initiator, 1, 1);
  assert.equal(chacha.responder.open(copyOf(packet), 1), DropReason.NOT_AUTHENTIC);
  assert.equal(aes.responder.open(packet, 1), 0);
});

Deno.test("Session.open refuses a packet that was seen", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(initiator, 1, 1);
  assert.equal(responder.open(copyOf(packet), 1), 0);
  const again = copyOf(packet);
  assert.equal(responder.open(again, 1), DropReason.REPLAYED);
  assert.deepEqual([...again.toBytes()], [...packet.toBytes()]);
  assert.equal(responder.receivedPkts, 1);
});

Deno.test("Session.open has a window per link", () => {
  const { initiator, initiatorCounters, responder } = sessionPair();
  initiatorCounters.next[1] = 1_000_000;
  assert.equal(responder.open(seal(initiator, 1, 1), 1), 0);
  assert.equal(responder.open(seal(initiator, 2, 1), 2), 0);
  assert.equal(responder.open(seal(initiator, 255, 1), 255), 0);
});

Deno.test("Session.open refuses a packet that is behind the window", () => {
  const { initiator, initiatorCounters, responder } = sessionPair();
  const late = seal(initiator, 1, 1);
  const inTime = seal(initiator, 1, 2);
  initiatorCounters.next[1] = 1 + 4_096;
  assert.equal(responder.open(seal(initiator, 1, 3), 1), 0);
  assert.equal(responder.open(late, 1), DropReason.REPLAYED);
  assert.equal(responder.open(inTime, 1), 0);
});

Deno.test("Session.open refuses a packet with any byte changed", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(initiator, 1, 1, 2, 3, 4);
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
  const packet = seal(initiator, 1, 1, 2, 3, 4);
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
  const packet = seal(initiator, 1, 1);
  packet.end += 1;
  assert.equal(responder.open(packet, 1), DropReason.NOT_AUTHENTIC);
});

Deno.test("Session.open refuses its own packet sent back", () => {
  const { initiator, responder } = sessionPair();
  for (const session of [initiator, responder]) {
    assert.equal(session.open(seal(session, 1, 1), 1), DropReason.NOT_AUTHENTIC);
  }
});

Deno.test("Session.open refuses a reflected packet even when its index is rewritten", () => {
  const { initiator } = sessionPair();
  const packet = seal(initiator, 1, 1);
  packet.view.setUint32(packet.start + 4, INITIATOR_INDEX);
  assert.equal(initiator.open(packet, 1), DropReason.NOT_AUTHENTIC);
});

Deno.test("Session.open refuses a packet of another link", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(initiator, 1, 1);
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

Deno.test("Session.isNewest says whether the packet was newer than all before it on its link", () => {
  const { initiator, responder } = sessionPair();
  const one = Array.from({ length: 4 }, () => seal(initiator, 1, 0));
  const two = Array.from({ length: 2 }, () => seal(initiator, 2, 0));
  const seen: boolean[] = [];
  for (const packet of [one[1]!, one[0]!, one[3]!, two[0]!, one[2]!, two[1]!]) {
    assert.equal(responder.open(packet, packet.bytes[packet.start + 3]!), 0);
    seen.push(responder.isNewest);
  }
  assert.deepEqual(seen, [true, false, true, true, false, true]);
});

Deno.test("Session.isNewest is not changed by packets that are refused", () => {
  const { initiator, responder } = sessionPair();
  const [first, second] = [seal(initiator, 1, 0), seal(initiator, 1, 0)];
  const forged = copyOf(second);
  forged.bytes[forged.end - 1]! ^= 1;
  responder.open(second, 1);
  responder.open(first, 1);
  assert.equal(responder.isNewest, false);
  assert.equal(responder.open(forged, 1), DropReason.REPLAYED);
  assert.equal(responder.isNewest, false);
});

Deno.test("Session counts what it sealed and opened", () => {
  const { initiator, responder } = sessionPair();
  for (const linkId of [1, 2, 1]) responder.open(seal(initiator, linkId, 0), linkId);
  assert.deepEqual([initiator.sentPkts, initiator.receivedPkts], [3, 0]);
  assert.deepEqual([responder.sentPkts, responder.receivedPkts], [0, 3]);
});

Deno.test("Session wipes the keys it was made of", () => {
  const sendKey = PAIR_KEYS.toResponder.slice();
  const receiveKey = PAIR_KEYS.toInitiator.slice();
  testSession({ sendKey, receiveKey });
  assert.deepEqual([...sendKey, ...receiveKey], new Array(64).fill(0));
});

Deno.test("Session wipes the keys also when there is no such cipher", () => {
  const sendKey = PAIR_KEYS.toResponder.slice();
  const receiveKey = PAIR_KEYS.toInitiator.slice();
  const make = (): Session => testSession({ cipher: CipherId.AES_256_GCM, sendKey, receiveKey });
  assert.throws(make, /Cannot use cipher 2/);
  assert.deepEqual([...sendKey, ...receiveKey], new Array(64).fill(0));
});

Deno.test("Session that was wiped seals and opens nothing", () => {
  const { initiator, responder } = sessionPair();
  const packet = seal(initiator, 1, 1);
  initiator.wipe();
  responder.wipe();
  assert.equal(initiator.seal(packetOf(1), 1, new Packet(100)), DropReason.NO_SESSION);
  assert.equal(responder.open(packet, 1), DropReason.NO_SESSION);
});

Deno.test("Session.wipe disposes of both ciphers, once", () => {
  const disposed: string[] = [];
  const provider = nobleAead();
  const session = testSession({
    provider: {
      ...provider,
      createSealer: (cipher, key) => watched(provider.createSealer(cipher, key), "sealer"),
      createOpener: (cipher, key) => watched(provider.createOpener(cipher, key), "opener"),
    },
  });
  function watched<Cipher extends Disposable>(cipher: Cipher, name: string): Cipher {
    const dispose = cipher[Symbol.dispose];
    cipher[Symbol.dispose] = (): void => {
      disposed.push(name);
      dispose.call(cipher);
    };
    return cipher;
  }
  session.wipe();
  session.wipe();
  assert.deepEqual(disposed.sort(), ["opener", "sealer"]);
});

Deno.test("Session says what it was made of", () => {
  const session = testSession({ createdMs: 17, isInitiator: false });
  assert.equal(session.cipher, CipherId.CHACHA20_POLY1305);
  assert.equal(session.localIndex, INITIATOR_INDEX);
  assert.equal(session.remoteIndex, RESPONDER_INDEX);
  assert.equal(session.createdMs, 17);
  assert.equal(session.isInitiator, false);
  assert.equal(session.remoteInstanceId, "0011223344556677");
});
