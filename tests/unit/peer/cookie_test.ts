import assert from "node:assert/strict";
import {
  COOKIE_SECRET_MS,
  COOKIE_USABLE_MS,
  CookieChecker,
  CookieJar,
} from "../../../src/peer/cookie.ts";
import {
  COOKIE_REPLY_BYTES,
  mac1Of,
  MAX_HANDSHAKE_BYTES,
  MIN_HELLO_BYTES,
  writeInitiation,
  writeResponse,
} from "../../../src/peer/handshake_message.ts";
import { Packet } from "../../../src/wire/packet.ts";

const MASTER_KEY = new Uint8Array(32).fill(1);
const OTHER_KEY = new Uint8Array(32).fill(2);
const SOURCE = "192.0.2.1:5000";

Deno.test("CookieChecker.hasGoodMac1 takes what was made for its key, and nothing else", () => {
  assert.ok(checkerOf(MASTER_KEY).hasGoodMac1(initiation()));
  assert.ok(!checkerOf(OTHER_KEY).hasGoodMac1(initiation()));
  const response = new Packet(MAX_HANDSHAKE_BYTES);
  writeResponse(response, 2, new Uint8Array(100), MASTER_KEY);
  assert.ok(checkerOf(MASTER_KEY).hasGoodMac1(response));
});

Deno.test("CookieChecker.hasGoodMac1 refuses every flipped byte but those of mac2, and every other length", () => {
  const checker = checkerOf(MASTER_KEY);
  const packet = initiation();
  for (let i = 0; i < packet.length; i++) {
    packet.bytes[packet.start + i]! ^= 1;
    assert.equal(checker.hasGoodMac1(packet), i >= packet.length - 16, `byte ${i}`);
    packet.bytes[packet.start + i]! ^= 1;
  }
  const { end } = packet;
  for (packet.end = packet.start; packet.end < end; packet.end++) {
    assert.ok(!checker.hasGoodMac1(packet));
  }
});

Deno.test("A mac2 of zeros is never good", () => {
  assert.ok(!checkerOf(MASTER_KEY).hasGoodMac2(initiation(), SOURCE, 0));
});

Deno.test("A cookie makes mac2 good for the source it was given to, and for no other", () => {
  const { checker, jar, packet } = withCookie(0);
  jar.writeMac2(packet, 10);
  assert.ok(checker.hasGoodMac1(packet));
  assert.ok(checker.hasGoodMac2(packet, SOURCE, 10));
  assert.ok(!checker.hasGoodMac2(packet, "192.0.2.1:5001", 10));
  assert.ok(!checker.hasGoodMac2(packet, "192.0.2.2:5000", 10));
});

Deno.test("A cookie is good for other messages too, but a mac2 only for its own", () => {
  const { checker, jar, packet } = withCookie(0);
  jar.writeMac2(packet, 10);
  const next = initiation(7);
  next.bytes.set(packet.bytes.subarray(packet.end - 16, packet.end), next.end - 16);
  assert.ok(!checker.hasGoodMac2(next, SOURCE, 10));
  jar.writeMac2(next, 10);
  assert.ok(checker.hasGoodMac2(next, SOURCE, 10));
});

Deno.test("hasGoodMac2 refuses every flipped byte of mac1 and mac2", () => {
  const { checker, jar, packet } = withCookie(0);
  jar.writeMac2(packet, 10);
  for (let offset = packet.end - 32; offset < packet.end; offset++) {
    packet.bytes[offset]! ^= 0x40;
    assert.ok(!checker.hasGoodMac2(packet, SOURCE, 10));
    packet.bytes[offset]! ^= 0x40;
  }
});

Deno.test("A cookie that was given at any moment is good for as long as the slave uses it", () => {
  for (const givenAt of [0, 1, COOKIE_SECRET_MS - 1, COOKIE_SECRET_MS, COOKIE_SECRET_MS + 1]) {
    const { checker, jar, packet } = withCookie(givenAt);
    const last = givenAt + COOKIE_USABLE_MS - 1;
    jar.writeMac2(packet, last);
    assert.ok(checker.hasGoodMac2(packet, SOURCE, last), `given at ${givenAt}`);
  }
});

Deno.test("A cookie ends with the second change of the secret, however long nothing came", () => {
  for (const later of [2 * COOKIE_SECRET_MS, 3 * COOKIE_SECRET_MS, 1e9]) {
    const { checker, jar, packet } = withCookie(0);
    jar.writeMac2(packet, 10);
    assert.ok(checker.hasGoodMac2(packet, SOURCE, 2 * COOKIE_SECRET_MS - 1));
    assert.ok(!withSameCookie(packet, jar).hasGoodMac2(packet, SOURCE, later));
  }
});

Deno.test("A secret makes no cookies after two minutes", () => {
  const { checker, jar, packet } = withCookie(0);
  const reply = new Packet(MAX_HANDSHAKE_BYTES);
  jar.writeMac2(packet, 10);
  const early = packet.toBytes().slice(-16);
  checker.writeCookieReply(reply, packet, SOURCE, COOKIE_SECRET_MS);
  assert.ok(jar.handleCookieReply(reply, mac1Of(packet), COOKIE_SECRET_MS));
  jar.writeMac2(packet, COOKIE_SECRET_MS);
  assert.notDeepEqual(packet.toBytes().slice(-16), early);
});

Deno.test("CookieJar.writeMac2 writes zeros before a cookie came, and when it is old", () => {
  const packet = initiation();
  packet.bytes.fill(9, packet.end - 16, packet.end);
  new CookieJar(MASTER_KEY).writeMac2(packet, 0);
  assert.deepEqual(packet.toBytes().subarray(-16), new Uint8Array(16));

  const { jar } = withCookie(0);
  jar.writeMac2(packet, COOKIE_USABLE_MS - 1);
  assert.notDeepEqual(packet.toBytes().subarray(-16), new Uint8Array(16));
  jar.writeMac2(packet, COOKIE_USABLE_MS);
  assert.deepEqual(packet.toBytes().subarray(-16), new Uint8Array(16));
});

Deno.test("CookieJar.writeMac2 changes nothing but mac2", () => {
  const { jar, packet } = withCookie(0);
  const before = packet.bytes.slice(0, packet.end - 16);
  jar.writeMac2(packet, 10);
  assert.deepEqual(packet.bytes.slice(0, packet.end - 16), before);
});

Deno.test("CookieJar.handleCookieReply refuses a reply to another message, of another master, spoiled", () => {
  const checker = checkerOf(MASTER_KEY);
  const packet = initiation();
  const reply = new Packet(MAX_HANDSHAKE_BYTES);
  checker.writeCookieReply(reply, packet, SOURCE, 0);
  const mac1 = mac1Of(packet);

  const jar = new CookieJar(MASTER_KEY);
  assert.ok(!jar.handleCookieReply(reply, mac1Of(initiation(7)), 0));
  assert.ok(!new CookieJar(OTHER_KEY).handleCookieReply(reply, mac1, 0));
  for (let i = 0; i < COOKIE_REPLY_BYTES; i++) {
    // The index is the caller's to check.
    if (i >= 4 && i < 8) continue;
    reply.bytes[reply.start + i]! ^= 1;
    assert.ok(!jar.handleCookieReply(reply, mac1, 0), `byte ${i}`);
    reply.bytes[reply.start + i]! ^= 1;
  }
  jar.writeMac2(packet, 0);
  assert.deepEqual(packet.toBytes().subarray(-16), new Uint8Array(16));
  assert.ok(jar.handleCookieReply(reply, mac1, 0));
});

Deno.test("A cookie reply names the sender's index, and its bytes never repeat", () => {
  const checker = checkerOf(MASTER_KEY);
  const packet = initiation(0xcafebabe);
  const replies = [new Packet(MAX_HANDSHAKE_BYTES), new Packet(MAX_HANDSHAKE_BYTES)];
  for (const reply of replies) checker.writeCookieReply(reply, packet, SOURCE, 0);
  const [a, b] = replies.map((reply) => reply.toBytes());
  assert.deepEqual(a!.subarray(0, 8), Uint8Array.of(0x42, 0x4c, 0x4b, 0, 0xca, 0xfe, 0xba, 0xbe));
  assert.notDeepEqual(a!.subarray(8), b!.subarray(8));
});

/** A slave that got a cookie at a moment, from a master whose first secret is from moment 0. */
function withCookie(now: number): { checker: CookieChecker; jar: CookieJar; packet: Packet } {
  const checker = checkerOf(MASTER_KEY);
  const jar = new CookieJar(MASTER_KEY);
  const packet = initiation();
  const reply = new Packet(MAX_HANDSHAKE_BYTES);
  checker.writeCookieReply(reply, packet, SOURCE, 0);
  checker.writeCookieReply(reply, packet, SOURCE, now);
  assert.ok(jar.handleCookieReply(reply, mac1Of(packet), now));
  return { checker, jar, packet };
}

/** A master that gave the same cookie and then heard nothing. */
function withSameCookie(packet: Packet, jar: CookieJar): CookieChecker {
  const { checker } = withCookie(0);
  jar.writeMac2(packet, 10);
  assert.ok(checker.hasGoodMac2(packet, SOURCE, 10), "not the same cookie");
  return checker;
}

function initiation(senderIndex = 1): Packet {
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  writeInitiation(packet, senderIndex, new Uint8Array(96 + MIN_HELLO_BYTES).fill(5), MASTER_KEY);
  return packet;
}

/** Its random bytes count up: the same ones for each checker. */
function checkerOf(publicKey: Uint8Array): CookieChecker {
  let next = 1;
  return new CookieChecker(publicKey, (lengthBytes) => new Uint8Array(lengthBytes).fill(next++));
}
