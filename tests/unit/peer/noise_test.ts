import assert from "node:assert/strict";
import type { KeyPair } from "../../../src/peer/key_pair.ts";
import { NoiseInitiator, NoiseResponder } from "../../../src/peer/noise.ts";
import type { NoiseKeys } from "../../../src/peer/noise.ts";
import {
  chachaPolyOpen,
  chachaPolySeal,
  nobleDiffieHellman as dh,
} from "../../../src/peer/primitives.ts";
import { fromHex, toHex } from "../../support/hex.ts";
import vectorFile from "../../vectors/noise-ik.json" with { type: "json" };

interface Vector {
  readonly protocol_name: string;
  readonly init_prologue: string;
  readonly init_static: string;
  readonly init_ephemeral: string;
  readonly init_remote_static: string;
  readonly init_psks?: readonly string[];
  readonly resp_static: string;
  readonly resp_ephemeral: string;
  readonly handshake_hash?: string;
  readonly messages: readonly { readonly payload: string; readonly ciphertext: string }[];
}

const VECTORS: readonly Vector[] = vectorFile.vectors;

const LOW_ORDER_KEYS = [
  "00".repeat(32),
  "01" + "00".repeat(31),
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
].map(fromHex);

for (const [i, vector] of VECTORS.entries()) {
  Deno.test(`Noise follows public vector ${i}, ${vector.protocol_name}`, () => {
    const { initiator, responder, psk } = bothOf(vector);
    const [first, second, ...transport] = vector.messages;

    const initiation = initiator.writeInitiation(fromHex(first!.payload));
    assert.equal(toHex(initiation), first!.ciphertext);
    const heard = responder.readInitiation(initiation);
    assert.equal(toHex(heard!.payload), first!.payload);
    assert.deepEqual(heard!.remoteStatic, keyPairOf(vector.init_static).publicKey);
    const response = responder.writeResponse(psk, fromHex(second!.payload));
    assert.equal(toHex(response!.message), second!.ciphertext);
    const answer = initiator.readResponse(response!.message);
    assert.equal(toHex(answer!.payload), second!.payload);

    assertAgreed(answer!.keys, response!.keys);
    if (vector.handshake_hash !== undefined) {
      assert.equal(toHex(answer!.keys.handshakeHash), vector.handshake_hash);
    }
    assert.ok(transport.length >= 2);
    for (const [j, { payload, ciphertext }] of transport.entries()) {
      const isFromInitiator = j % 2 === 0;
      const [sender, receiver] = isFromInitiator
        ? [answer!.keys, response!.keys]
        : [response!.keys, answer!.keys];
      const counter = Math.floor(j / 2);
      const none = new Uint8Array(0);
      const sealed = chachaPolySeal(sender.sendKey, counter, none, fromHex(payload));
      assert.equal(toHex(sealed), ciphertext);
      assert.equal(toHex(chachaPolyOpen(receiver.receiveKey, counter, none, sealed)!), payload);
    }
  });
}

Deno.test("Noise vectors cover IK and IKpsk2", () => {
  const names = new Set(VECTORS.map(({ protocol_name }) => protocol_name));
  assert.deepEqual([...names], [
    "Noise_IK_25519_ChaChaPoly_BLAKE2s",
    "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
  ]);
});

Deno.test("NoiseInitiator.readResponse refuses every flipped byte and every length, and then takes the true one", () => {
  const { initiator, responder, psk } = bothOf(PSK_VECTOR);
  responder.readInitiation(initiator.writeInitiation(bytesOf("hello")));
  const { message, keys } = responder.writeResponse(psk, bytesOf("welcome"))!;

  for (const bad of spoiled(message)) assert.equal(initiator.readResponse(bad), null);

  const answer = initiator.readResponse(message);
  assert.deepEqual(answer!.payload, bytesOf("welcome"));
  assertAgreed(answer!.keys, keys);
});

Deno.test("NoiseResponder.readInitiation refuses every flipped byte and every length, and then takes the true one", () => {
  const { initiator, responder, psk } = bothOf(PSK_VECTOR);
  const initiation = initiator.writeInitiation(bytesOf("hello"));

  for (const bad of spoiled(initiation)) assert.equal(responder.readInitiation(bad), null);

  assert.deepEqual(responder.readInitiation(initiation)!.payload, bytesOf("hello"));
  const response = responder.writeResponse(psk, bytesOf("welcome"))!;
  assertAgreed(initiator.readResponse(response.message)!.keys, response.keys);
});

Deno.test("NoiseResponder answers the newest good initiation, whatever came after it", () => {
  const { responder, psk } = bothOf(PSK_VECTOR);
  const older = bothOf(PSK_VECTOR).initiator;
  const newer = new NoiseInitiator({
    ...initiatorOptions(PSK_VECTOR),
    localEphemeral: keyPairOf("11".repeat(32)),
  });
  const newest = newer.writeInitiation(bytesOf("second"));
  responder.readInitiation(older.writeInitiation(bytesOf("first")));
  responder.readInitiation(newest);
  newest[40]! ^= 1;
  assert.equal(responder.readInitiation(newest), null);

  const response = responder.writeResponse(psk, new Uint8Array(0))!;
  assert.equal(older.readResponse(response.message), null);
  assertAgreed(newer.readResponse(response.message)!.keys, response.keys);
});

Deno.test("Noise ends with nothing when the pre-shared keys differ", () => {
  const { initiator, responder } = bothOf(PSK_VECTOR);
  responder.readInitiation(initiator.writeInitiation(bytesOf("hello")));
  const other = new Uint8Array(32).fill(7);
  const { message } = responder.writeResponse(other, bytesOf("welcome"))!;
  assert.equal(initiator.readResponse(message), null);
});

Deno.test("Noise ends with nothing when the prologues differ", () => {
  const { responder } = bothOf(PSK_VECTOR);
  const other = new NoiseInitiator({
    ...initiatorOptions(PSK_VECTOR),
    prologue: bytesOf("another protocol"),
  });
  assert.equal(responder.readInitiation(other.writeInitiation(bytesOf("hello"))), null);
});

Deno.test("Noise ends with nothing when one end has a psk in its pattern and the other has not", () => {
  const { initiator } = bothOf(PSK_VECTOR);
  const responder = new NoiseResponder({ ...responderOptions(PSK_VECTOR), hasPsk: false });
  assert.equal(responder.readInitiation(initiator.writeInitiation(bytesOf("hello"))), null);
});

Deno.test("NoiseInitiator.writeInitiation refuses a master's key of low order", () => {
  for (const remoteStatic of LOW_ORDER_KEYS) {
    const initiator = new NoiseInitiator({ ...initiatorOptions(PSK_VECTOR), remoteStatic });
    assert.throws(
      () => initiator.writeInitiation(bytesOf("hello")),
      /^Error: Cannot begin handshake: the master's public key is of low order$/,
    );
  }
});

Deno.test("Noise gives null, and throws nothing, for ephemeral keys of low order", () => {
  for (const lowOrder of LOW_ORDER_KEYS) {
    const { initiator, responder, psk } = bothOf(PSK_VECTOR);
    const initiation = initiator.writeInitiation(bytesOf("hello"));
    const spoiledInitiation = Uint8Array.from(initiation);
    spoiledInitiation.set(lowOrder);
    assert.equal(responder.readInitiation(spoiledInitiation), null);
    responder.readInitiation(initiation);
    const { message } = responder.writeResponse(psk, bytesOf("welcome"))!;
    message.set(lowOrder);
    assert.equal(initiator.readResponse(message), null);
  }
});

Deno.test("Noise gives null for a static key of low order that is sealed as it should be", () => {
  const { responder } = bothOf(PSK_VECTOR);
  const options = initiatorOptions(PSK_VECTOR);
  const liar = new NoiseInitiator({
    ...options,
    localStatic: { secretKey: options.localStatic.secretKey, publicKey: LOW_ORDER_KEYS[0]! },
  });
  assert.equal(responder.readInitiation(liar.writeInitiation(bytesOf("hello"))), null);
});

Deno.test("Noise messages are written once: a second one would use a nonce again", () => {
  const { initiator, responder, psk } = bothOf(PSK_VECTOR);
  responder.readInitiation(initiator.writeInitiation(bytesOf("hello")));
  assert.throws(() => initiator.writeInitiation(bytesOf("other")), /one initiation/);
  responder.writeResponse(psk, bytesOf("welcome"));
  assert.throws(() => responder.writeResponse(psk, bytesOf("other")), /no initiation/);
});

Deno.test("NoiseInitiator.readResponse takes the true response once", () => {
  const { initiator, responder, psk } = bothOf(PSK_VECTOR);
  responder.readInitiation(initiator.writeInitiation(bytesOf("hello")));
  const { message } = responder.writeResponse(psk, bytesOf("welcome"))!;
  assert.notEqual(initiator.readResponse(message), null);
  assert.equal(initiator.readResponse(message), null);
});

Deno.test("Noise wipes the ephemeral secret when the handshake is over, and never the static one", () => {
  const ours = initiatorOptions(PSK_VECTOR);
  const theirs = responderOptions(PSK_VECTOR);
  const initiator = new NoiseInitiator(ours);
  const responder = new NoiseResponder(theirs);
  responder.readInitiation(initiator.writeInitiation(bytesOf("hello")));
  const { message, keys } = responder.writeResponse(ours.psk, bytesOf("welcome"))!;
  const answer = initiator.readResponse(message)!;

  assert.deepEqual(ours.localEphemeral.secretKey, new Uint8Array(32));
  assert.deepEqual(theirs.localEphemeral.secretKey, new Uint8Array(32));
  assert.equal(toHex(ours.localStatic.secretKey), PSK_VECTOR.init_static);
  assert.equal(toHex(theirs.localStatic.secretKey), PSK_VECTOR.resp_static);
  assert.equal(toHex(ours.psk!), PSK_VECTOR.init_psks![0]);
  assertAgreed(answer.keys, keys);
});

Deno.test("Noise reads nothing any more after wipe, which may be called again", () => {
  const { initiator, responder, psk } = bothOf(PSK_VECTOR);
  const initiation = initiator.writeInitiation(bytesOf("hello"));
  responder.readInitiation(initiation);
  const { message } = responder.writeResponse(psk, bytesOf("welcome"))!;
  for (let i = 0; i < 2; i++) {
    initiator.wipe();
    responder.wipe();
    assert.equal(initiator.readResponse(message), null);
    assert.equal(responder.readInitiation(initiation), null);
  }
});

const PSK_VECTOR: Vector = VECTORS.find(({ protocol_name }) => protocol_name.includes("psk2"))!;

function bothOf(vector: Vector): {
  initiator: NoiseInitiator;
  responder: NoiseResponder;
  psk: Uint8Array | null;
} {
  const options = initiatorOptions(vector);
  return {
    initiator: new NoiseInitiator(options),
    responder: new NoiseResponder(responderOptions(vector)),
    psk: options.psk,
  };
}

function initiatorOptions(vector: Vector): ConstructorParameters<typeof NoiseInitiator>[0] {
  const psk = vector.init_psks?.[0];
  return {
    dh,
    prologue: fromHex(vector.init_prologue),
    localStatic: keyPairOf(vector.init_static),
    localEphemeral: keyPairOf(vector.init_ephemeral),
    remoteStatic: fromHex(vector.init_remote_static),
    psk: psk === undefined ? null : fromHex(psk),
  };
}

function responderOptions(vector: Vector): ConstructorParameters<typeof NoiseResponder>[0] {
  return {
    dh,
    prologue: fromHex(vector.init_prologue),
    localStatic: keyPairOf(vector.resp_static),
    localEphemeral: keyPairOf(vector.resp_ephemeral),
    hasPsk: vector.init_psks?.[0] !== undefined,
  };
}

function keyPairOf(secretHex: string): KeyPair {
  const secretKey = fromHex(secretHex);
  return { secretKey, publicKey: dh.publicKey(secretKey) };
}

function assertAgreed(a: NoiseKeys, b: NoiseKeys): void {
  assert.deepEqual(a.sendKey, b.receiveKey);
  assert.deepEqual(a.receiveKey, b.sendKey);
  assert.deepEqual(a.handshakeHash, b.handshakeHash);
  assert.notDeepEqual(a.sendKey, a.receiveKey);
  assert.notDeepEqual(a.sendKey, new Uint8Array(32));
}

/** Every byte flipped, the top bit of an X25519 key too; every shorter length; one byte more. */
function* spoiled(message: Uint8Array): Iterable<Uint8Array> {
  for (let i = 0; i < message.length; i++) {
    const bad = Uint8Array.from(message);
    bad[i]! ^= 0x80;
    yield bad;
  }
  for (let length = 0; length < message.length; length++) yield message.subarray(0, length);
  yield Uint8Array.of(...message, 0);
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
