/**
 * The frozen handshake and join tokens. When one of these fails, peers in the field are locked out, or not even told to
 * update: the code is wrong, not the file.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CookieChecker, CookieJar } from "../../../src/peer/cookie.ts";
import { chooseVersion } from "../../../src/peer/handshake_choice.ts";
import {
  mac1Of,
  MAX_HANDSHAKE_BYTES,
  readCookieReceiver,
  readInitiation,
  readResponse,
  writeInitiation,
  writeResponse,
} from "../../../src/peer/handshake_message.ts";
import {
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
  RefusalCode,
} from "../../../src/peer/handshake_payload.ts";
import { handshakePrologue } from "../../../src/peer/handshake_prologue.ts";
import {
  decodeJoinToken,
  deriveSlaveSecrets,
  encodeJoinToken,
} from "../../../src/peer/join_token.ts";
import type { KeyPair } from "../../../src/peer/key_pair.ts";
import { NoiseInitiator, NoiseResponder } from "../../../src/peer/noise.ts";
import { nobleDiffieHellman as dh } from "../../../src/peer/primitives.ts";
import { explainRefusal } from "../../../src/tunnel/refusal_text.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import stored from "../../vectors/handshake-v1.json" with { type: "json" };
import storedTokens from "../../vectors/join-token-v1.json" with { type: "json" };
import { handshakeVectors, joinTokenVectors } from "../../vectors/make_handshake_vectors.ts";

const PSK = fromHex(stored.psk);

Deno.test("Frozen vectors: their maker still makes them", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(handshakeVectors())), stored);
  assert.deepEqual(JSON.parse(JSON.stringify(joinTokenVectors())), storedTokens);
});

Deno.test("Frozen handshake: its prologue is bindlink 1 and the initiation's index", () => {
  const index = stored.initiation.senderIndex.toString(16).padStart(8, "0");
  assert.equal(stored.prologue, toHex(new TextEncoder().encode("bindlink 1")) + index);
  assert.equal(toHex(handshakePrologue(stored.initiation.senderIndex)), stored.prologue);
});

Deno.test("Frozen handshake: the master reads the initiation and writes the same response", () => {
  const asked = packetOf(stored.initiation.datagram);
  assert.ok(checkerOf("master").hasGoodMac1(asked));
  const fields = readInitiation(asked)!;
  assert.equal(fields.senderIndex, stored.initiation.senderIndex);
  const responder = responderOf();
  const heard = responder.readInitiation(fields.noiseMessage)!;
  assert.equal(toHex(heard.remoteStatic), stored.slave.staticPublic);
  assert.equal(toHex(heard.payload), stored.hello.bytes);

  const { message, keys } = responder.writeResponse(PSK, fromHex(stored.welcome.bytes))!;
  const answered = new Packet(MAX_HANDSHAKE_BYTES);
  writeResponse(answered, fields.senderIndex, message, heard.remoteStatic);
  assert.equal(toHex(answered.toBytes()), stored.response.datagram);
  assert.equal(toHex(keys.receiveKey), stored.response.slaveToMasterKey);
  assert.equal(toHex(keys.sendKey), stored.response.masterToSlaveKey);
});

Deno.test("Frozen handshake: the slave writes the same initiation and reads the response", () => {
  const initiator = initiatorOf();
  const noiseMessage = initiator.writeInitiation(fromHex(stored.hello.bytes));
  const asked = new Packet(MAX_HANDSHAKE_BYTES);
  const { senderIndex } = stored.initiation;
  writeInitiation(asked, senderIndex, noiseMessage, fromHex(stored.master.staticPublic));
  assert.equal(toHex(asked.toBytes()), stored.initiation.datagram);

  const answered = packetOf(stored.response.datagram);
  assert.ok(checkerOf("slave").hasGoodMac1(answered));
  const fields = readResponse(answered)!;
  assert.equal(fields.receiverIndex, senderIndex);
  const { payload, keys } = initiator.readResponse(fields.noiseMessage)!;
  assert.equal(toHex(payload), stored.welcome.bytes);
  assert.equal(toHex(keys.sendKey), stored.response.slaveToMasterKey);
  assert.equal(toHex(keys.receiveKey), stored.response.masterToSlaveKey);
  assert.equal(toHex(keys.handshakeHash), stored.response.handshakeHash);
});

Deno.test("Frozen handshake: the slave reads the refusal", () => {
  const initiator = initiatorOf();
  initiator.writeInitiation(fromHex(stored.hello.bytes));
  const fields = readResponse(packetOf(stored.refusalResponse.datagram))!;
  assert.equal(fields.receiverIndex, stored.initiation.senderIndex);
  const { payload } = initiator.readResponse(fields.noiseMessage)!;
  assert.equal(toHex(payload), stored.refusal.bytes);
});

Deno.test("Frozen handshake: hello, welcome and refusal say what they said, and are written so", () => {
  const hello = { ...stored.hello.fields, stamp: fromHex(stored.hello.fields.stamp) };
  assert.deepEqual(decodeHello(fromHex(stored.hello.bytes)), hello);
  assert.equal(toHex(encodeHello(decodeHello(fromHex(stored.hello.bytes))!)), stored.hello.bytes);

  const { lastStamp } = stored.refusal.fields;
  const refusal = { ...stored.refusal.fields, lastStamp: fromHex(lastStamp) };
  assert.deepEqual(decodeAnswer(fromHex(stored.refusal.bytes)), refusal);
  assert.deepEqual(decodeAnswer(fromHex(stored.welcome.bytes)), stored.welcome.fields);
  for (const { bytes } of [stored.welcome, stored.refusal]) {
    assert.equal(toHex(encodeAnswer(decodeAnswer(fromHex(bytes))!)), bytes);
  }
});

Deno.test("Frozen handshake: it is understood, and refused: version 1 is of before bonding", () => {
  const hello = decodeHello(fromHex(stored.hello.bytes))!;
  assert.equal(chooseVersion(hello), null);
  const refusal = decodeAnswer(fromHex(stored.refusal.bytes))!;
  assert(refusal.kind === "refusal");
  const fromOldMaster = { ...refusal, code: RefusalCode.VERSION };
  assert.equal(explainRefusal(fromOldMaster).advice, "update the master");
});

Deno.test("Frozen handshake: the slave takes the cookie, and its mac2 is the same", () => {
  const asked = packetOf(stored.initiation.datagram);
  const reply = packetOf(stored.cookie.datagram);
  assert.equal(readCookieReceiver(reply), stored.initiation.senderIndex);
  const jar = new CookieJar(fromHex(stored.master.staticPublic));
  assert.ok(jar.handleCookieReply(reply, mac1Of(asked), 0));
  jar.writeMac2(asked, 1);
  assert.equal(toHex(asked.toBytes()), stored.cookie.initiationWithMac2);
});

Deno.test("Frozen handshake: the master writes the same cookie reply and takes its mac2", () => {
  const drawn = [fromHex(stored.cookie.masterSecret), fromHex(stored.cookie.nonce)];
  const checker = new CookieChecker(fromHex(stored.master.staticPublic), () => drawn.shift()!);
  const reply = new Packet(MAX_HANDSHAKE_BYTES);
  const { source } = stored.cookie;
  checker.writeCookieReply(reply, packetOf(stored.initiation.datagram), source, 0);
  assert.equal(toHex(reply.toBytes()), stored.cookie.datagram);
  assert.ok(checker.hasGoodMac2(packetOf(stored.cookie.initiationWithMac2), source, 1));
});

for (const [i, { token, ...fields }] of storedTokens.tokens.entries()) {
  Deno.test(`Frozen join token ${i}: says what it said, and is written so`, () => {
    const expected = {
      masterKey: fromHex(fields.masterKey),
      seed: fields.seed === null ? null : fromHex(fields.seed),
      endpoints: fields.endpoints,
    };
    assert.deepEqual(decodeJoinToken(token), expected);
    assert.equal(encodeJoinToken(expected), token);
  });
}

Deno.test("Frozen join token: its seed stands for the same keys", () => {
  const { secretKey, psk } = deriveSlaveSecrets(fromHex(storedTokens.seed));
  assert.equal(toHex(secretKey), storedTokens.slave.secretKey);
  assert.equal(toHex(dh.publicKey(secretKey)), storedTokens.slave.publicKey);
  assert.equal(toHex(psk), storedTokens.slave.psk);
});

function initiatorOf(): NoiseInitiator {
  const { slave, master } = stored;
  return new NoiseInitiator({
    dh,
    prologue: fromHex(stored.prologue),
    localStatic: keyPairOf(slave.staticSecret, slave.staticPublic),
    localEphemeral: keyPairOf(slave.ephemeralSecret, slave.ephemeralPublic),
    remoteStatic: fromHex(master.staticPublic),
    psk: PSK,
  });
}

function responderOf(): NoiseResponder {
  const { master } = stored;
  return new NoiseResponder({
    dh,
    prologue: fromHex(stored.prologue),
    localStatic: keyPairOf(master.staticSecret, master.staticPublic),
    localEphemeral: keyPairOf(master.ephemeralSecret, master.ephemeralPublic),
    hasPsk: true,
  });
}

function checkerOf(receiver: "slave" | "master"): CookieChecker {
  const publicKey = fromHex(stored[receiver].staticPublic);
  return new CookieChecker(publicKey, (lengthBytes) => new Uint8Array(lengthBytes));
}

function keyPairOf(secretHex: string, publicHex: string): KeyPair {
  const secretKey = fromHex(secretHex);
  assert.equal(toHex(dh.publicKey(secretKey)), publicHex);
  return { secretKey, publicKey: fromHex(publicHex) };
}

function packetOf(hex: string): Packet {
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  packet.fill(fromHex(hex));
  return packet;
}
