import assert from "node:assert/strict";
import { CipherId, type Sealer } from "../../../src/peer/aead.ts";
import { LinkCounters, SEAL_OVERHEAD_BYTES, type Session } from "../../../src/peer/session.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";
import { aeadNonce, nobleAead } from "../../support/noble_aead.ts";
import {
  copyOf,
  INITIATOR_INDEX,
  packetOf,
  PAIR_KEYS,
  RESPONDER_INDEX,
  sealed,
  sessionPair,
  testSession,
} from "../../support/session_pair.ts";

const MAX = Number.MAX_SAFE_INTEGER;

Deno.test("Session.seal writes header, ciphertext and tag from the headroom's end on", () => {
  const { initiator, initiatorCounters } = sessionPair();
  initiatorCounters.next[3] = 2 ** 32 + 1;
  const packet = sealed(initiator, 3, 9, 8, 7);
  assert.equal(packet.start, HEADROOM_BYTES);
  assert.equal(packet.length, 3 + SEAL_OVERHEAD_BYTES);
  assert.deepEqual([...packet.toBytes().subarray(0, 16)], [
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
  for (const linkId of [1, 2, 1, 255, 1]) sealed(session, linkId, 0);
  assert.deepEqual([1, 2, 3, 255].map((id) => counters.next[id]), [3, 1, 0, 1]);
});

Deno.test("Session.seal runs on with the numbers of the session before it", () => {
  const counters = new LinkCounters();
  sealed(testSession({ counters }), 1, 0);
  const packet = sealed(testSession({ counters }), 1, 0);
  assert.equal(packet.view.getBigUint64(packet.start + 8), 1n);
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
  sealed(session, 1, 2);
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
  assert.equal(responder.open(sealed(session, 1, 5), 1), 0);
  assert.equal(session.seal(packetOf(5), 1, new Packet(100)), DropReason.NO_SESSION);
  assert.equal(session.seal(packetOf(5), 2, new Packet(100)), 0, "other links are not concerned");
});

Deno.test("Session.isNewest says whether the packet was newer than all before it on its link", () => {
  const { initiator, responder } = sessionPair();
  const one = Array.from({ length: 4 }, () => sealed(initiator, 1, 0));
  const two = Array.from({ length: 2 }, () => sealed(initiator, 2, 0));
  const seen: boolean[] = [];
  for (const packet of [one[1]!, one[0]!, one[3]!, two[0]!, one[2]!, two[1]!]) {
    assert.equal(responder.open(packet, packet.bytes[packet.start + 3]!), 0);
    seen.push(responder.isNewest);
  }
  assert.deepEqual(seen, [true, false, true, true, false, true]);
});

Deno.test("Session.isNewest is not changed by packets that are refused", () => {
  const { initiator, responder } = sessionPair();
  const [first, second] = [sealed(initiator, 1, 0), sealed(initiator, 1, 0)];
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
  for (const linkId of [1, 2, 1]) responder.open(sealed(initiator, linkId, 0), linkId);
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
  const packet = sealed(initiator, 1, 1);
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
