/**
 * Hostile handshake datagrams, payloads and join tokens into what reads them first.
 * Repeat a run with the seed that it prints: BINDLINK_TEST_SEED=1234.
 *
 * @module
 */

import assert from "node:assert/strict";
import { CookieChecker, CookieJar } from "../../src/peer/cookie.ts";
import {
  isCookieReply,
  mac1KeyOf,
  mac1Of,
  MAX_HANDSHAKE_BYTES,
  readCookieReceiver,
  readInitiation,
  readResponse,
} from "../../src/peer/handshake_message.ts";
import {
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
} from "../../src/peer/handshake_payload.ts";
import { decodeJoinToken } from "../../src/peer/join_token.ts";
import type { KeyPair } from "../../src/peer/key_pair.ts";
import { NoiseInitiator, NoiseResponder } from "../../src/peer/noise.ts";
import { mac, nobleDiffieHellman as dh } from "../../src/peer/primitives.ts";
import { Packet } from "../../src/wire/packet.ts";
import { HELLO, REFUSAL, WELCOME } from "../support/handshake_messages.ts";
import { fromHex, toHex } from "../support/hex.ts";
import { Mutator } from "../support/mutate.ts";
import { testSeed } from "../support/rng.ts";
import stored from "../vectors/handshake-v1.json" with { type: "json" };
import storedTokens from "../vectors/join-token-v1.json" with { type: "json" };

const INITIATION = fromHex(stored.initiation.datagram);
const RESPONSE = fromHex(stored.response.datagram);
const COOKIE = fromHex(stored.cookie.datagram);

/** A socket hands over what it got, not only what a handshake may have. */
const MAX_DATAGRAM_BYTES = 2_048;

const DATAGRAM_CASES = 100_000;
const NOISE_CASES = 600;
const PAYLOAD_CASES = 150_000;
const TOKEN_CASES = 20_000;

Deno.test("A hundred thousand hostile handshake datagrams: none throws, only the true ones have good macs", () => {
  const seed = testSeed();
  const corpus = [INITIATION, fromHex(stored.cookie.initiationWithMac2), RESPONSE, COOKIE];
  const mutator = new Mutator(seed, corpus);
  const into = new Uint8Array(MAX_DATAGRAM_BYTES);
  const packet = new Packet(MAX_DATAGRAM_BYTES);
  const out = new Packet(MAX_HANDSHAKE_BYTES);
  const checker = checkerOf(stored.master.staticPublic);
  const counts = { initiations: 0, responses: 0, cookies: 0, goodMacs: 0 };
  withSeed(seed, DATAGRAM_CASES, () => {
    packet.fill(into.subarray(0, mutator.next(into)));
    const fields = readInitiation(packet);
    if (fields !== null) counts.initiations++;
    if (readResponse(packet) !== null) counts.responses++;
    if (readCookieReceiver(packet) !== null) counts.cookies++;
    if (checker.hasGoodMac1(packet)) {
      counts.goodMacs++;
      assert.equal(toHex(packet.toBytes().subarray(0, -16)), toHex(INITIATION.subarray(0, -16)));
      checker.hasGoodMac2(packet, "192.0.2.1:1", 0);
      checker.writeCookieReply(out, packet, "192.0.2.1:1", 0);
      assert.ok(isCookieReply(out));
    }
    assert.ok(fields === null || packet.length <= MAX_HANDSHAKE_BYTES);
  });
  report(`handshake fuzz: seed ${seed}, ${JSON.stringify(counts)}`);
  // The run is worth nothing when all cases die at the first check.
  assert.ok(Math.min(...Object.values(counts)) > DATAGRAM_CASES / 100, `seed ${seed}`);
});

Deno.test("Hostile cookie replies: none throws, only the true one is taken", () => {
  const seed = testSeed();
  const mutator = new Mutator(seed, [COOKIE]);
  const into = new Uint8Array(MAX_DATAGRAM_BYTES);
  const packet = new Packet(MAX_DATAGRAM_BYTES);
  const asked = new Packet(MAX_HANDSHAKE_BYTES);
  asked.fill(INITIATION);
  const mac1 = mac1Of(asked);
  let taken = 0;
  withSeed(seed, 10_000, () => {
    packet.fill(into.subarray(0, mutator.next(into)));
    const jar = new CookieJar(fromHex(stored.master.staticPublic));
    if (!jar.handleCookieReply(packet, mac1, 0)) return;
    taken++;
    // The index is in the clear, and the caller's to check.
    assert.equal(toHex(packet.toBytes().subarray(8)), toHex(COOKIE.subarray(8)));
  });
  assert.ok(taken > 0, `seed ${seed}`);
});

Deno.test("Hostile Noise messages with a right mac1: none throws, none but the true ones is read", () => {
  const seed = testSeed();
  const mutator = new Mutator(seed, [INITIATION, RESPONSE]);
  const into = new Uint8Array(MAX_HANDSHAKE_BYTES);
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  const responder = responderOf();
  const initiator = initiatorOf();
  initiator.writeInitiation(fromHex(stored.hello.bytes));
  const checker = checkerOf(stored.master.staticPublic);
  const counts = { tried: 0, read: 0 };
  withSeed(seed, NOISE_CASES, () => {
    packet.fill(into.subarray(0, mutator.next(into)));
    if (packet.length >= 32) writeMac1(packet);
    const asked = readInitiation(packet);
    const answered = readResponse(packet);
    if (asked !== null) {
      assert.ok(checker.hasGoodMac1(packet));
      const heard = responder.readInitiation(asked.noiseMessage);
      if (heard !== null) assert.deepEqual(asked.noiseMessage, INITIATION.subarray(8, -32));
      counts.read += heard === null ? 0 : 1;
    }
    if (answered !== null) {
      const isTrue = toHex(answered.noiseMessage) === toHex(RESPONSE.subarray(8, -32));
      if (!isTrue) assert.equal(initiator.readResponse(answered.noiseMessage), null);
    }
    counts.tried += asked !== null || answered !== null ? 1 : 0;
  });
  assert.ok(
    counts.tried > NOISE_CASES / 5 && counts.read > 0,
    `seed ${seed}: ${JSON.stringify(counts)}`,
  );
  // After all of that the true one is still taken.
  assert.notEqual(initiator.readResponse(RESPONSE.subarray(8, -32)), null);
});

Deno.test("A hundred and fifty thousand hostile payloads: none throws, and what is taken can be written again", () => {
  const seed = testSeed();
  const mutator = new Mutator(seed, [
    encodeHello(HELLO),
    encodeAnswer(WELCOME),
    encodeAnswer(REFUSAL),
  ]);
  const into = new Uint8Array(MAX_HANDSHAKE_BYTES);
  const counts = { hellos: 0, welcomes: 0, refusals: 0, malformed: 0 };
  withSeed(seed, PAYLOAD_CASES, () => {
    const bytes = into.subarray(0, mutator.next(into));
    const hello = decodeHello(bytes);
    const answer = decodeAnswer(bytes);
    if (hello !== null) {
      counts.hellos++;
      encodeHello(hello);
      assertPrintable(hello.software);
    }
    if (answer !== null) {
      counts[answer.kind === "welcome" ? "welcomes" : "refusals"]++;
      encodeAnswer(answer);
      assertPrintable(answer.kind === "welcome" ? answer.name + answer.software : answer.software);
    }
    if (hello === null && answer === null) counts.malformed++;
  });
  report(`payload fuzz: seed ${seed}, ${JSON.stringify(counts)}`);
  assert.ok(Math.min(...Object.values(counts)) > PAYLOAD_CASES / 100, `seed ${seed}`);
});

Deno.test("Twenty thousand hostile join tokens: none throws, none but the true ones is taken", () => {
  const seed = testSeed();
  const texts = storedTokens.tokens.map(({ token }) => token);
  const mutator = new Mutator(seed, texts.map((text) => new TextEncoder().encode(text)));
  const into = new Uint8Array(1_024);
  const taken = new Set<string>();
  withSeed(seed, TOKEN_CASES, () => {
    const text = new TextDecoder().decode(into.subarray(0, mutator.next(into)));
    if (typeof decodeJoinToken(text) !== "string") {
      taken.add(text.replace(/[\s\p{Cf}"'`<>]/gu, ""));
    }
  });
  assert.deepEqual([...taken].sort(), [...texts].sort(), `seed ${seed}`);
});

function withSeed(seed: number, cases: number, feed: () => void): void {
  for (let i = 0; i < cases; i++) {
    try {
      feed();
    } catch (cause) {
      throw new Error(`Seed ${seed}, case ${i}`, { cause });
    }
  }
}

function assertPrintable(text: string): void {
  assert.ok(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text), JSON.stringify(text));
}

/** As whoever knows the master's public key can. */
function writeMac1(packet: Packet): void {
  const covered = packet.toBytes().subarray(0, -32);
  packet.bytes.set(mac(mac1KeyOf(fromHex(stored.master.staticPublic)), covered), packet.end - 32);
}

function checkerOf(publicHex: string): CookieChecker {
  return new CookieChecker(
    fromHex(publicHex),
    (lengthBytes) => new Uint8Array(lengthBytes).fill(7),
  );
}

function initiatorOf(): NoiseInitiator {
  return new NoiseInitiator({
    dh,
    prologue: fromHex(stored.prologue),
    localStatic: keyPairOf(stored.slave.staticSecret),
    localEphemeral: keyPairOf(stored.slave.ephemeralSecret),
    remoteStatic: fromHex(stored.master.staticPublic),
    psk: fromHex(stored.psk),
  });
}

function responderOf(): NoiseResponder {
  return new NoiseResponder({
    dh,
    prologue: fromHex(stored.prologue),
    localStatic: keyPairOf(stored.master.staticSecret),
    localEphemeral: keyPairOf(stored.master.ephemeralSecret),
    hasPsk: true,
  });
}

function keyPairOf(secretHex: string): KeyPair {
  const secretKey = fromHex(secretHex);
  return { secretKey, publicKey: dh.publicKey(secretKey) };
}

/** A test's figures belong on its output. */
function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
