/**
 * Makes handshake-v1.json and join-token-v1.json: how they came about, for whoever writes another
 * implementation. They are frozen: a run makes only a file that is not there.
 *
 * ```
 * deno run --allow-write=tests/vectors tests/vectors/make_handshake_vectors.ts
 * ```
 *
 * @module
 */

import { CipherId } from "../../src/peer/aead.ts";
import { CookieChecker, CookieJar } from "../../src/peer/cookie.ts";
import {
  mac1KeyOf,
  mac1Of,
  MAX_HANDSHAKE_BYTES,
  writeInitiation,
  writeResponse,
} from "../../src/peer/handshake_message.ts";
import {
  encodeAnswer,
  encodeHello,
  type Hello,
  type Refusal,
  RefusalCode,
  type Welcome,
} from "../../src/peer/handshake_payload.ts";
import { handshakePrologue } from "../../src/peer/handshake_prologue.ts";
import { deriveSlaveSecrets, encodeJoinToken, type JoinToken } from "../../src/peer/join_token.ts";
import type { KeyPair } from "../../src/peer/key_pair.ts";
import { NoiseInitiator, NoiseResponder } from "../../src/peer/noise.ts";
import { nobleDiffieHellman as dh } from "../../src/peer/primitives.ts";
import { stampOf } from "../../src/peer/stamp.ts";
import { Packet } from "../../src/wire/packet.ts";
import { toHex } from "../support/hex.ts";

const FROZEN = "Frozen: these bytes stand for peers in the field and must never change. " +
  "A newer version gets a file of its own, and keeps understanding this one or says which end to update.";

const SLAVE_INDEX = 0x5a17e001;
const MASTER_INDEX = 0xa57e0002;
const SOURCE = "192.0.2.77:40123";

const HELLO: Hello = {
  minVersion: 1,
  maxVersion: 1,
  instanceId: "51a7e00000000001",
  stamp: stampOf(1_764_000_000_123),
  ciphers: [CipherId.AES_256_GCM, CipherId.CHACHA20_POLY1305],
  mtuBytes: 1_400,
  software: "bindlink 0.1.0",
};

const WELCOME: Welcome = {
  kind: "welcome",
  version: 1,
  cipher: CipherId.AES_256_GCM,
  instanceId: "3a57e00000000002",
  sessionIndex: MASTER_INDEX,
  addresses: [
    { address: "10.10.10.2", prefixBits: 24 },
    { address: "fd12:3456:789a::2", prefixBits: 64 },
  ],
  mtuBytes: 1_380,
  name: "laptop",
  software: "bindlink 0.1.0",
};

const REFUSAL: Refusal = {
  kind: "refusal",
  code: RefusalCode.STALE_STAMP,
  minVersion: 1,
  maxVersion: 1,
  lastStamp: stampOf(1_765_000_000_000),
  software: "bindlink 0.1.0",
};

/** The contents of handshake-v1.json. */
export function handshakeVectors(): Record<string, unknown> {
  const slave = keyPairOf(0x10);
  const master = keyPairOf(0x20);
  const psk = bytesFrom(0x30);
  const initiator = new NoiseInitiator({
    dh,
    prologue: handshakePrologue(SLAVE_INDEX),
    localStatic: slave,
    localEphemeral: keyPairOf(0x40),
    remoteStatic: master.publicKey,
    psk,
  });
  const noiseInitiation = initiator.writeInitiation(encodeHello(HELLO));
  const initiation = new Packet(MAX_HANDSHAKE_BYTES);
  writeInitiation(initiation, SLAVE_INDEX, noiseInitiation, master.publicKey);

  const welcome = answer(noiseInitiation, keyPairOf(0x50), WELCOME);
  const refusal = answer(noiseInitiation, keyPairOf(0x60), REFUSAL);
  return {
    about: FROZEN,
    noise: "Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s",
    prologue: toHex(handshakePrologue(SLAVE_INDEX)),
    psk: toHex(psk),
    slave: { ...hexKeyPair("static", slave), ...hexKeyPair("ephemeral", keyPairOf(0x40)) },
    master: {
      ...hexKeyPair("static", master),
      ...hexKeyPair("ephemeral", keyPairOf(0x50)),
      ...hexKeyPair("refusalEphemeral", keyPairOf(0x60)),
    },
    hello: { fields: { ...HELLO, stamp: toHex(HELLO.stamp) }, bytes: toHex(encodeHello(HELLO)) },
    welcome: { fields: WELCOME, bytes: toHex(encodeAnswer(WELCOME)) },
    refusal: {
      fields: { ...REFUSAL, lastStamp: toHex(REFUSAL.lastStamp) },
      bytes: toHex(encodeAnswer(REFUSAL)),
    },
    initiation: { senderIndex: SLAVE_INDEX, datagram: toHex(initiation.toBytes()) },
    response: {
      datagram: welcome.datagram,
      slaveToMasterKey: toHex(welcome.keys.receiveKey),
      masterToSlaveKey: toHex(welcome.keys.sendKey),
      handshakeHash: toHex(welcome.keys.handshakeHash),
    },
    refusalResponse: { datagram: refusal.datagram },
    cookie: cookieVectors(initiation, master.publicKey),
    mac1Keys: {
      toMaster: toHex(mac1KeyOf(master.publicKey)),
      toSlave: toHex(mac1KeyOf(slave.publicKey)),
    },
  };
}

/** What the master answers. */
function answer(
  noiseInitiation: Uint8Array,
  localEphemeral: KeyPair,
  payload: Welcome | Refusal,
): {
  datagram: string;
  keys: { sendKey: Uint8Array; receiveKey: Uint8Array; handshakeHash: Uint8Array };
} {
  const responder = new NoiseResponder({
    dh,
    prologue: handshakePrologue(SLAVE_INDEX),
    localStatic: keyPairOf(0x20),
    localEphemeral,
    hasPsk: true,
  });
  const heard = responder.readInitiation(noiseInitiation);
  const response = responder.writeResponse(bytesFrom(0x30), encodeAnswer(payload));
  if (heard === null || response === null) throw new Error("the handshake failed");
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  writeResponse(packet, SLAVE_INDEX, response.message, heard.remoteStatic);
  return { datagram: toHex(packet.toBytes()), keys: response.keys };
}

/** A cookie reply to the initiation, and the initiation again with its mac2. */
function cookieVectors(initiation: Packet, masterKey: Uint8Array): Record<string, unknown> {
  const drawn = [bytesFrom(0x70), bytesFrom(0x80).slice(0, 24)];
  const [secret, nonce] = drawn.map(toHex);
  const checker = new CookieChecker(masterKey, () => drawn.shift()!);
  const reply = new Packet(MAX_HANDSHAKE_BYTES);
  checker.writeCookieReply(reply, initiation, SOURCE, 0);
  const jar = new CookieJar(masterKey);
  jar.handleCookieReply(reply, mac1Of(initiation), 0);
  const again = new Packet(MAX_HANDSHAKE_BYTES);
  again.copyFrom(initiation);
  jar.writeMac2(again, 0);
  return {
    masterSecret: secret,
    source: SOURCE,
    nonce,
    datagram: toHex(reply.toBytes()),
    initiationWithMac2: toHex(again.toBytes()),
  };
}

/** The contents of join-token-v1.json. */
export function joinTokenVectors(): Record<string, unknown> {
  const masterKey = keyPairOf(0x20).publicKey;
  const seed = bytesFrom(0x90);
  const named = { host: "vpn.example.org", port: 4_321 };
  const tokens: readonly JoinToken[] = [
    { masterKey, seed, endpoints: [named] },
    {
      masterKey,
      seed,
      endpoints: [{ host: "203.0.113.5", port: 443 }, { host: "2001:db8::5", port: 65_535 }, named],
    },
    { masterKey, seed: null, endpoints: [{ host: "203.0.113.5", port: 1 }] },
  ];
  const { secretKey, psk } = deriveSlaveSecrets(seed);
  return {
    about: FROZEN,
    seed: toHex(seed),
    slave: {
      secretKey: toHex(secretKey),
      publicKey: toHex(dh.publicKey(secretKey)),
      psk: toHex(psk),
    },
    tokens: tokens.map((token) => ({
      token: encodeJoinToken(token),
      masterKey: toHex(token.masterKey),
      seed: token.seed === null ? null : toHex(token.seed),
      endpoints: token.endpoints,
    })),
  };
}

/** 32 bytes that count up: of a handshake that anyone may read. */
function bytesFrom(first: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => (first + i * 11) & 0xff);
}

/** A new one each time: a handshake wipes its ephemeral key. */
function keyPairOf(first: number): KeyPair {
  const secretKey = bytesFrom(first);
  return { secretKey, publicKey: dh.publicKey(secretKey) };
}

function hexKeyPair(name: string, { secretKey, publicKey }: KeyPair): Record<string, string> {
  return { [`${name}Secret`]: toHex(secretKey), [`${name}Public`]: toHex(publicKey) };
}

if (import.meta.main) {
  const files = { "handshake-v1": handshakeVectors(), "join-token-v1": joinTokenVectors() };
  for (const [name, contents] of Object.entries(files)) {
    const url = new URL(`${name}.json`, import.meta.url);
    Deno.writeTextFileSync(url, `${JSON.stringify(contents, null, 2)}\n`, { createNew: true });
  }
}
