import assert from "node:assert/strict";
import { CipherId } from "../../../src/peer/aead.ts";
import { CookieJar } from "../../../src/peer/cookie.ts";
import { mac1Of } from "../../../src/peer/handshake_message.ts";
import { type Refusal, RefusalCode, type Welcome } from "../../../src/peer/handshake_payload.ts";
import { generateKeyPair } from "../../../src/peer/key_pair.ts";
import { HandshakeAnswer } from "../../../src/peer/responder.ts";
import { stampOf } from "../../../src/peer/stamp.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { packetOf, ResponderRig, type TestInitiation } from "../../support/handshake_ends.ts";
import { HELLO, WELCOME } from "../../support/handshake_messages.ts";
import { nobleAead } from "../../support/noble_aead.ts";

Deno.test("Responder welcomes a slave that it knows, in no more bytes than it was asked in", () => {
  const rig = new ResponderRig();
  const initiation = rig.initiate();
  assert.equal(rig.take(initiation.packet, 0), HandshakeAnswer.WELCOME);
  assert.ok(rig.out.length <= initiation.packet.length);
  assert.deepEqual(initiation.read(rig.out).answer, {
    ...WELCOME,
    sessionIndex: 1_000, // the first free one
    mtuBytes: HELLO.mtuBytes,
    software: "master 1",
  });
  assert.ok(rig.slave.keyring.find(1_000, 0) !== null);
});

Deno.test("Responder gives the smaller of both MTUs, its own to a slave that wants none", () => {
  for (const [wanted, given] of [[0, 1_400], [1_300, 1_300], [9_000, 1_400]] as const) {
    const rig = new ResponderRig();
    const initiation = rig.initiate({ mtuBytes: wanted });
    rig.take(initiation.packet, 0);
    const { answer } = initiation.read(rig.out);
    assert.equal(answer.kind === "welcome" && answer.mtuBytes, given);
  }
});

Deno.test("Responder leaves the session in use alone until the new one is confirmed", () => {
  const rig = new ResponderRig();
  const { keyring } = rig.slave;
  const first = rig.initiate();
  rig.take(first.packet, 0);
  const session = keyring.find(sessionIndexOf(first.read(rig.out).answer), 0);
  assert.ok(session !== null && keyring.confirm(session));
  const second = rig.initiate({ stamp: later(1) });
  rig.take(second.packet, 10);
  assert.equal(keyring.sending(10), session);
  assert.ok(keyring.find(sessionIndexOf(second.read(rig.out).answer), 10) !== null);
});

Deno.test("Responder answers a copy with the same bytes and without Diffie-Hellman, whatever its mac2", () => {
  const rig = new ResponderRig();
  const { packet } = rig.initiate();
  rig.take(packet, 0);
  const answer = rig.out.toBytes().slice();
  const { operations } = rig.dh;
  packet.bytes[packet.end - 1]! ^= 1;
  assert.equal(rig.take(packet, 9_999, { text: "198.51.100.1:1" }), HandshakeAnswer.COPY);
  assert.deepEqual(rig.out.toBytes(), answer);
  assert.equal(rig.dh.operations, operations);
});

Deno.test("Responder answers a copy that comes 10 s late as a replay", () => {
  const rig = new ResponderRig();
  const initiation = rig.initiate();
  rig.take(initiation.packet, 0);
  assert.equal(rig.take(initiation.packet, 10_001), HandshakeAnswer.REFUSAL);
});

Deno.test("Responder drops all that is no initiation for it, and answers nothing", () => {
  const rig = new ResponderRig();
  const stranger = generateKeyPair(rig.dh, rig.randomBytes);
  const { packet } = rig.initiate();
  for (let at = packet.start; at < packet.end - 16; at++) {
    packet.bytes[at]! ^= 0x20;
    const expected = at < packet.start + 4 ? DropReason.BAD_HANDSHAKE : DropReason.BAD_MAC;
    assert.equal(rig.take(packet, 0), expected, `byte ${at - packet.start}`);
    packet.bytes[at]! ^= 0x20;
  }
  assert.equal(rig.take(packetOf(new Uint8Array(0)), 0), DropReason.BAD_HANDSHAKE);
  assert.equal(rig.take(rig.initiate({}, stranger).packet, 0), DropReason.UNKNOWN_KEY);
  assert.equal(rig.out.length, 0);
  assert.equal(rig.take(packet, 0), HandshakeAnswer.WELCOME);
});

Deno.test("Responder refuses a stamp that is not later than the last, and says which that was", () => {
  const rig = new ResponderRig();
  const stamp = later(10);
  rig.take(rig.initiate({ stamp }).packet, 0);
  for (const stale of [later(0), stamp]) {
    const refusal = refused(rig, rig.initiate({ stamp: stale }), 1);
    assert.equal(refusal.code, RefusalCode.STALE_STAMP);
    assert.deepEqual(refusal.lastStamp, stamp);
  }
});

Deno.test("Responder answers stale stamps of one slave twice a second, after four at once", () => {
  const rig = new ResponderRig();
  rig.take(rig.initiate({ stamp: later(10) }).packet, 0);
  let answered = 0;
  for (let now = 1; now <= 5_000; now += 50) {
    const result = rig.take(rig.initiate().packet, now);
    if (result === HandshakeAnswer.REFUSAL) answered++;
    else assert.equal(result, DropReason.STALE_HANDSHAKE);
  }
  assert.ok(answered >= 13 && answered <= 14, `${answered} answers in 5 s`);
});

Deno.test("Responder answers fresh stamps of one slave five times a second, after twenty at once", () => {
  const rig = new ResponderRig();
  let welcomed = 0;
  for (let i = 0; i < 80; i++) {
    if (rig.take(rig.initiate({ stamp: later(i) }).packet, i * 25) > 0) welcomed++;
  }
  assert.ok(welcomed >= 28 && welcomed <= 30, `${welcomed} in 2 s`);
});

Deno.test("Responder refuses a revoked key, an instance that was replaced, a version, a cipher: each without a session", () => {
  const cases: readonly [number, Partial<typeof HELLO>, (rig: ResponderRig) => void][] = [
    [RefusalCode.REVOKED, {}, (rig) => rig.slave.isRevoked = true],
    [
      RefusalCode.REPLACED,
      {},
      (rig) => void rig.slave.memory.replacedInstances.push(HELLO.instanceId),
    ],
    [RefusalCode.VERSION, { minVersion: 3, maxVersion: 9 }, () => {}],
    [RefusalCode.VERSION, { minVersion: 1, maxVersion: 1 }, () => {}],
    [RefusalCode.CIPHER, { ciphers: [77] }, () => {}],
  ];
  for (const [code, hello, prepare] of cases) {
    const rig = new ResponderRig();
    prepare(rig);
    const initiation = rig.initiate(hello);
    const refusal = refused(rig, initiation, 0);
    assert.equal(refusal.code, code);
    assert.deepEqual([refusal.minVersion, refusal.maxVersion], [2, 2]);
    assert.equal(rig.slave.keyring.nextTimeout(), Infinity, "no session");
    assert.equal(rig.take(initiation.packet, 1), HandshakeAnswer.COPY);
    assert.equal(refused(rig, rig.initiate(hello), 2).code, RefusalCode.STALE_STAMP);
  }
});

Deno.test("Responder keeps the answer to the newest initiation while replays are refused", () => {
  const rig = new ResponderRig();
  const old = rig.initiate();
  const newest = rig.initiate({ stamp: later(1) });
  rig.take(newest.packet, 0);
  assert.equal(rig.take(old.packet, 1), HandshakeAnswer.REFUSAL);
  assert.equal(rig.take(newest.packet, 2), HandshakeAnswer.COPY);
  assert.equal(newest.read(rig.out).answer.kind, "welcome");
});

Deno.test("Responder.forget: no copy of a slave's initiation gets its welcome again, and the others' do", () => {
  const rig = new ResponderRig();
  const otherKeys = generateKeyPair(rig.dh, rig.randomBytes);
  rig.addSlave(otherKeys);
  const [initiation, others] = [rig.initiate(), rig.initiate({}, otherKeys)];
  for (const { packet } of [initiation, others]) {
    assert.equal(rig.take(packet, 0), HandshakeAnswer.WELCOME);
  }
  rig.slave.isRevoked = true;
  rig.slave.keyring.clear();
  rig.responder.forget(rig.slave);
  assert.equal(refused(rig, initiation, 1).code, RefusalCode.STALE_STAMP);
  assert.equal(refused(rig, rig.initiate({ stamp: later(1) }), 2).code, RefusalCode.REVOKED);
  assert.equal(rig.take(others.packet, 3), HandshakeAnswer.COPY);
});

Deno.test("Responder chooses the cipher that suits both ends", () => {
  const rig = new ResponderRig({
    provider: nobleAead([CipherId.CHACHA20_POLY1305, CipherId.AES_256_GCM]),
  });
  const initiation = rig.initiate({ ciphers: [99, 98, CipherId.AES_256_GCM] });
  rig.take(initiation.packet, 0);
  const { answer } = initiation.read(rig.out);
  assert.equal(answer.kind === "welcome" && answer.cipher, CipherId.AES_256_GCM);
});

Deno.test("Responder asks for the proof of an address under load, and takes it", () => {
  const rig = new ResponderRig();
  const stranger = generateKeyPair(rig.dh, rig.randomBytes);
  const noise = rig.initiate({}, stranger).packet;
  for (let i = 0; i < 100; i++) rig.take(noise, i);
  const { packet } = rig.initiate();
  const { operations } = rig.dh;
  assert.equal(rig.take(packet, 101), HandshakeAnswer.COOKIE);
  assert.equal(rig.dh.operations, operations);
  assert.ok(rig.out.length < packet.length);
  const jar = new CookieJar(rig.masterKeys.publicKey);
  assert.ok(jar.handleCookieReply(rig.out, mac1Of(packet), 101));
  jar.writeMac2(packet, 102);
  assert.equal(
    rig.take(packet, 102, { text: "198.51.100.1:1" }),
    HandshakeAnswer.COOKIE,
    "its own",
  );
  assert.equal(rig.take(packet, 103), HandshakeAnswer.WELCOME);
});

Deno.test("Responder asks a proven source for no cookie", () => {
  const rig = new ResponderRig();
  const stranger = generateKeyPair(rig.dh, rig.randomBytes);
  const noise = rig.initiate({}, stranger).packet;
  for (let i = 0; i < 200; i++) rig.take(noise, i);
  assert.equal(rig.take(rig.initiate().packet, 201, { isProven: true }), HandshakeAnswer.WELCOME);
});

Deno.test("Responder asks nobody for a cookie any more when the load is over", () => {
  const rig = new ResponderRig();
  const stranger = generateKeyPair(rig.dh, rig.randomBytes);
  const noise = rig.initiate({}, stranger).packet;
  for (let i = 0; i < 200; i++) rig.take(noise, i);
  assert.equal(rig.take(noise, 1_100), HandshakeAnswer.COOKIE);
  assert.equal(rig.take(rig.initiate().packet, 1_200), HandshakeAnswer.WELCOME);
});

Deno.test("Responder does no more than 400 handshakes at once, whoever asks", () => {
  const rig = new ResponderRig();
  let welcomed = 0;
  for (let i = 0; i < 420; i++) {
    const keys = generateKeyPair(rig.dh, rig.randomBytes);
    rig.addSlave(keys);
    const source = { text: `10.0.${i >> 8}.${i & 255}:5000`, isProven: true };
    const result = rig.take(rig.initiate({}, keys).packet, 0, source);
    if (result === HandshakeAnswer.WELCOME) welcomed++;
    else assert.equal(result, DropReason.HANDSHAKE_FLOOD);
  }
  assert.equal(welcomed, 400);
});

Deno.test("Responder.handleConfirmed replaces another instance, not the same one and not none", () => {
  const rig = new ResponderRig();
  const confirm = (id: string): boolean => rig.responder.handleConfirmed(rig.slave, id);
  assert.deepEqual(["a", "a", "b", "b", "c"].map(confirm), [false, false, true, false, true]);
  assert.deepEqual(rig.slave.memory.replacedInstances, ["a", "b"]);
});

/** A stamp some seconds after the usual one. */
function later(seconds: number): Uint8Array<ArrayBuffer> {
  return stampOf(1_750_000_000_000 + seconds * 1_000);
}

function refused(rig: ResponderRig, initiation: TestInitiation, now: number): Refusal {
  assert.equal(rig.take(initiation.packet, now), HandshakeAnswer.REFUSAL);
  const { answer } = initiation.read(rig.out);
  if (answer.kind !== "refusal") throw new Error("Invariant: a welcome");
  return answer;
}

function sessionIndexOf(answer: Welcome | Refusal): number {
  if (answer.kind !== "welcome") throw new Error("Invariant: a refusal");
  return answer.sessionIndex;
}
