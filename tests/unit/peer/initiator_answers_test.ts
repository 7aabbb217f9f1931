import assert from "node:assert/strict";
import { mac1KeyOf, readResponse, writeResponse } from "../../../src/peer/handshake_message.ts";
import { RefusalCode } from "../../../src/peer/handshake_payload.ts";
import { mac } from "../../../src/peer/primitives.ts";
import { compareStamps, nextStamp, stampOf } from "../../../src/peer/stamp.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { GOOD_WELCOME, InitiatorRig, packetOf } from "../../support/handshake_ends.ts";
import { REFUSAL } from "../../support/handshake_messages.ts";

Deno.test("Initiator.handleResponse puts the session into the keyring before it tells of the welcome", () => {
  const rig = new InitiatorRig();
  rig.initiator.start(0);
  assert.equal(rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40), 0);
  assert.deepEqual(rig.welcomes, [GOOD_WELCOME]);
  const session = rig.keyring.sending(40);
  assert.equal(session?.remoteIndex, GOOD_WELCOME.sessionIndex);
  assert.equal(session?.isInitiator, true);
  assert.equal(session?.remoteInstanceId, GOOD_WELCOME.instanceId);
});

Deno.test("Initiator.handleResponse takes no second copy, and says that it is one", () => {
  const rig = new InitiatorRig();
  rig.initiator.start(0);
  const response = rig.respond(GOOD_WELCOME);
  rig.initiator.handleResponse(response, 40);
  const session = rig.keyring.current;
  assert.equal(rig.initiator.handleResponse(response, 41), DropReason.HANDSHAKE_COPY);
  assert.equal(rig.welcomes.length, 1);
  assert.equal(rig.keyring.current, session);
});

Deno.test("Initiator.handleResponse refuses every flipped byte, and takes the true response after them", () => {
  const rig = new InitiatorRig();
  rig.initiator.start(0);
  const response = rig.respond(GOOD_WELCOME);
  // mac2 says nothing to a slave.
  for (let at = response.start; at < response.end - 16; at++) {
    response.bytes[at]! ^= 0x10;
    assert.ok(rig.initiator.handleResponse(response, 1) < 0, `byte ${at - response.start}`);
    response.bytes[at]! ^= 0x10;
  }
  assert.equal(rig.initiator.handleResponse(response, 2), 0);
  assert.equal(rig.welcomes.length, 1);
});

Deno.test("Initiator.handleResponse refuses every byte changed by someone who knows the slave's public key", () => {
  const rig = new InitiatorRig();
  rig.initiator.start(0);
  const response = rig.respond(GOOD_WELCOME);
  const original = response.toBytes().slice();
  const mac1Key = mac1KeyOf(rig.slaveKeys.publicKey);
  for (let at = 0; at < original.length - 32; at++) {
    const changed = original.slice();
    changed[at]! ^= 0x10;
    changed.set(mac(mac1Key, changed.subarray(0, -32)), changed.length - 32);
    assert.ok(rig.initiator.handleResponse(packetOf(changed), 1) < 0, `byte ${at}`);
  }
  assert.equal(rig.initiator.handleResponse(response, 2), 0);
  assert.equal(rig.keyring.current?.remoteIndex, GOOD_WELCOME.sessionIndex);
});

Deno.test("Initiator.handleResponse refuses the answer to an attempt before", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  const late = rig.respond(GOOD_WELCOME);
  rig.runUntil(6_500);
  assert.equal(rig.initiator.handleResponse(late, 6_500), DropReason.UNEXPECTED_RESPONSE);
  assert.equal(rig.keyring.current, null);
});

Deno.test("Initiator.handleResponse refuses one with a good mac1 that does not decrypt, and takes the true one after it", () => {
  const rig = new InitiatorRig();
  rig.initiator.start(0);
  const response = rig.respond(GOOD_WELCOME);
  const fields = readResponse(response);
  assert.ok(fields !== null);
  fields.noiseMessage[40]! ^= 1;
  const forged = new Packet(600);
  const { receiverIndex, noiseMessage } = fields;
  writeResponse(forged, receiverIndex, noiseMessage, rig.slaveKeys.publicKey);
  assert.equal(rig.initiator.handleResponse(forged, 1), DropReason.UNKNOWN_KEY);
  assert.equal(rig.initiator.handleResponse(response, 2), 0);
});

Deno.test("Initiator makes stamps that grow whatever the clock does", () => {
  const rig = new InitiatorRig({ links: [1] });
  const stamps: Uint8Array[] = [];
  rig.initiator.start(0);
  for (const wallMs of [1_750_000_000_000, 0, -5, NaN, 1_750_000_000_000, 9e12, 1]) {
    rig.wallMs = wallMs;
    stamps.push(rig.hello().stamp);
    const { length } = rig.sent;
    rig.runUntil((stamps.length) * 7_000);
    assert.ok(rig.sent.length > length);
  }
  for (let i = 1; i < stamps.length; i++) {
    assert.ok(compareStamps(stamps[i]!, stamps[i - 1]!) > 0, `stamp ${i}`);
  }
});

Deno.test("Initiator begins anew at once after a stale stamp, with a later one, and says nothing", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.wallMs = 0;
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(REFUSAL), 40);
  assert.equal(rig.sent.length, 2);
  assert.deepEqual(rig.hello().stamp, nextStamp(REFUSAL.lastStamp));
  assert.deepEqual(rig.refusals, []);
  assert.deepEqual(rig.staleStamps, [REFUSAL.lastStamp]);
  assert.equal(rig.keyring.current, null);
});

Deno.test("Initiator begins anew after stale stamps once a second at most", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  let answered = 0;
  for (let now = 50; now < 10_000; now += 50) {
    rig.runUntil(now);
    const stale = rig.respond({ ...REFUSAL, lastStamp: stampOf(2_000_000_000_000 + now) });
    if (rig.initiator.handleResponse(stale, now) === 0) answered++;
  }
  assert.ok(new Set(rig.sent.map((it) => it.datagram.join())).size <= 12);
  assert.ok(answered > 8);
});

Deno.test("Initiator tells of a refusal once, and goes on slowly", () => {
  const rig = new InitiatorRig({ links: [1] });
  const version = { ...REFUSAL, code: RefusalCode.VERSION };
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(version), 40);
  assert.equal(rig.sent.length, 1);
  const againMs = rig.initiator.nextTimeout();
  assert.ok(againMs >= 48_000 && againMs <= 72_040, `${againMs} ms`);
  rig.initiator.handleTimeout(againMs);
  assert.equal(rig.sent.length, 2);
  rig.initiator.handleResponse(rig.respond(version), againMs + 40);
  assert.equal(rig.refusals.length, 1);
});

Deno.test("Initiator tells of a refusal again when its code changes, and after a welcome", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  const codes = [RefusalCode.VERSION, RefusalCode.CIPHER, 0, RefusalCode.CIPHER, 99];
  let now = 0;
  for (const code of codes) {
    const answer = code === 0 ? GOOD_WELCOME : { ...REFUSAL, code };
    rig.initiator.handleResponse(rig.respond(answer), now);
    if (code === 0) rig.initiator.handleClosing(now);
    else rig.runUntil(now += 72_001);
  }
  assert.deepEqual(rig.refusals.map((it) => it.code), [2, 5, 5, 99]);
});

Deno.test("Initiator stays away for good when it was replaced, and its sessions are wiped", () => {
  const rig = new InitiatorRig({
    links: [1],
    limits: { rekeyAfterMs: 1_000, rejectAfterMs: 2_000 },
  });
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40);
  rig.initiator.handleHeard();
  rig.runUntil(1_400);
  rig.initiator.handleResponse(rig.respond({ ...REFUSAL, code: RefusalCode.REPLACED }), 1_450);
  assert.deepEqual(rig.refusals.map((it) => it.code), [RefusalCode.REPLACED]);
  assert.equal(rig.keyring.current, null);
  const { length } = rig.sent;
  rig.initiator.start(2_000);
  rig.initiator.handleLinkOpen(1, 2_000);
  rig.initiator.handleClosing(2_000);
  rig.runUntil(1e9);
  assert.equal(rig.initiator.nextTimeout(), Infinity);
  assert.equal(rig.sent.length, length);
});

Deno.test("Initiator asks again, slowly, when it was revoked, and its sessions are wiped", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40);
  rig.initiator.start(100);
  rig.initiator.handleResponse(rig.respond({ ...REFUSAL, code: RefusalCode.REVOKED }), 140);
  assert.equal(rig.keyring.current, null);
  rig.runUntil(80_000);
  assert.ok(rig.sent.length >= 3);
});

Deno.test("Initiator refuses a welcome with a cipher it does not have, and asks again", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  const wrong = rig.respond({ ...GOOD_WELCOME, cipher: 2 });
  assert.equal(rig.initiator.handleResponse(wrong, 1), DropReason.BAD_HANDSHAKE);
  assert.equal(rig.keyring.current, null);
  rig.runUntil(6_001);
  assert.equal(rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 6_001), 0);
  assert.ok(rig.keyring.current !== null);
});
