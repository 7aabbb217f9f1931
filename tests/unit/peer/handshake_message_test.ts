import assert from "node:assert/strict";
import {
  COOKIE_REPLY_BYTES,
  INITIATION_OVERHEAD_BYTES,
  isCookieReply,
  mac1KeyOf,
  mac1Of,
  MAX_ANSWER_BYTES,
  MAX_HANDSHAKE_BYTES,
  MAX_HELLO_BYTES,
  MAX_RESPONSE_BYTES,
  MIN_HELLO_BYTES,
  MIN_INITIATION_BYTES,
  readCookieReceiver,
  readInitiation,
  readResponse,
  RESPONSE_OVERHEAD_BYTES,
  writeInitiation,
  writeResponse,
} from "../../../src/peer/handshake_message.ts";
import { encodeAnswer, encodeHello } from "../../../src/peer/handshake_payload.ts";
import { hash, mac } from "../../../src/peer/primitives.ts";
import { stampOf } from "../../../src/peer/stamp.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { HELLO, REFUSAL, WELCOME } from "../../support/handshake_messages.ts";

const KEY = new Uint8Array(32).fill(3);
const NOISE_INITIATION = Uint8Array.from({ length: 96 + MIN_HELLO_BYTES }, (_, i) => i & 0xff);
const NOISE_RESPONSE = Uint8Array.from({ length: 48 + 20 }, (_, i) => 255 - i);

Deno.test("writeInitiation lays out header, index, Noise message, mac1 and a mac2 of zeros", () => {
  const packet = initiation(0xdeadbeef);
  const bytes = packet.toBytes();
  assert.equal(bytes.length, MIN_INITIATION_BYTES);
  assert.deepEqual(
    bytes.subarray(0, 8),
    Uint8Array.of(0x42, 0x4c, 0x49, 0, 0xde, 0xad, 0xbe, 0xef),
  );
  assert.deepEqual(bytes.subarray(8, -32), NOISE_INITIATION);
  assert.deepEqual(bytes.subarray(-32, -16), mac(mac1KeyOf(KEY), bytes.subarray(0, -32)));
  assert.deepEqual(mac1Of(packet), bytes.subarray(-32, -16));
  assert.deepEqual(bytes.subarray(-16), new Uint8Array(16));
});

Deno.test("writeResponse lays out header, index, Noise message, mac1 and a mac2 of zeros", () => {
  const packet = response(0xdeadbeef);
  const bytes = packet.toBytes();
  assert.equal(bytes.length, RESPONSE_OVERHEAD_BYTES + 20);
  assert.deepEqual(
    bytes.subarray(0, 8),
    Uint8Array.of(0x42, 0x4c, 0x52, 0, 0xde, 0xad, 0xbe, 0xef),
  );
  assert.deepEqual(bytes.subarray(8, -32), NOISE_RESPONSE);
  assert.deepEqual(bytes.subarray(-32, -16), mac(mac1KeyOf(KEY), bytes.subarray(0, -32)));
  assert.deepEqual(bytes.subarray(-16), new Uint8Array(16));
});

Deno.test("mac1's key is WireGuard's: HASH(mac1---- || receiver's public key)", () => {
  assert.deepEqual(mac1KeyOf(KEY), hash(new TextEncoder().encode("mac1----"), KEY));
});

Deno.test("readInitiation and readResponse give the fields back, the Noise message as a copy", () => {
  const asked = initiation(0xdeadbeef);
  const fields = readInitiation(asked)!;
  asked.bytes.fill(0);
  assert.deepEqual(fields, {
    senderIndex: 0xdeadbeef,
    noiseMessage: NOISE_INITIATION,
  });
  assert.deepEqual(readResponse(response(0xffffffff)), {
    receiverIndex: 0xffffffff,
    noiseMessage: NOISE_RESPONSE,
  });
});

Deno.test("readInitiation, readResponse and readCookieReceiver take their own type and link id 0 only", () => {
  const cookie = cookieReply(0x80000001);
  const packets = [initiation(1), padded(response(2), MIN_INITIATION_BYTES), cookie];
  assert.deepEqual(packets.map((it) => readInitiation(it) !== null), [true, false, false]);
  assert.deepEqual(packets.map((it) => readResponse(it) !== null), [false, true, false]);
  assert.deepEqual(packets.map(readCookieReceiver), [null, null, 0x80000001]);
  for (const packet of packets) {
    for (let offset = 0; offset < 4; offset++) {
      packet.bytes[packet.start + offset]! ^= 1;
      assert.equal(readInitiation(packet), null);
      assert.equal(readResponse(packet), null);
      assert.equal(readCookieReceiver(packet), null);
      packet.bytes[packet.start + offset]! ^= 1;
    }
  }
});

Deno.test("readInitiation and readResponse look at no length outside their bounds", () => {
  const packet = new Packet(MAX_HANDSHAKE_BYTES + 1);
  const lengths = { initiation: new Set<number>(), response: new Set<number>() };
  for (let length = 0; length <= MAX_HANDSHAKE_BYTES + 1; length++) {
    packet.fill(new Uint8Array(length));
    packet.bytes.set([0x42, 0x4c, 0x49, 0], packet.start);
    if (readInitiation(packet) !== null) lengths.initiation.add(length);
    packet.bytes[packet.start + 2] = 0x52;
    if (readResponse(packet) !== null) lengths.response.add(length);
  }
  assert.equal(Math.min(...lengths.initiation), MIN_INITIATION_BYTES);
  assert.equal(Math.max(...lengths.initiation), MAX_HANDSHAKE_BYTES);
  assert.equal(Math.min(...lengths.response), RESPONSE_OVERHEAD_BYTES);
  assert.equal(Math.max(...lengths.response), MAX_RESPONSE_BYTES);
});

Deno.test("A cookie reply has one length", () => {
  const cookie = cookieReply(1);
  assert.ok(isCookieReply(cookie));
  cookie.end -= 1;
  assert.ok(!isCookieReply(cookie));
  cookie.end += 2;
  assert.ok(!isCookieReply(cookie));
});

Deno.test("No answer is longer than the shortest initiation, whatever its texts and addresses", () => {
  const longest = {
    ...WELCOME,
    name: "n".repeat(63),
    software: "s".repeat(63),
    addresses: [
      { address: "100.100.100.100", prefixBits: 32 },
      { address: "fd12:3456:789a:bcde:f012:3456:789a:bcde", prefixBits: 128 },
    ],
  };
  const answers = [
    encodeAnswer(longest),
    encodeAnswer({ ...REFUSAL, software: "s".repeat(200), lastStamp: stampOf(1e15) }),
  ];
  const shortest = encodeHello({ ...HELLO, ciphers: [1], software: "" });
  for (const { length } of answers) {
    assert.ok(length <= MAX_ANSWER_BYTES);
    assert.ok(RESPONSE_OVERHEAD_BYTES + length <= INITIATION_OVERHEAD_BYTES + shortest.length);
  }
  assert.equal(MAX_RESPONSE_BYTES, INITIATION_OVERHEAD_BYTES + shortest.length);
  assert.ok(COOKIE_REPLY_BYTES <= MIN_INITIATION_BYTES);
});

Deno.test("Every hello fits into an initiation", () => {
  const ciphers = Array.from({ length: 16 }, (_, i) => 255 - i);
  const longest = encodeHello({ ...HELLO, ciphers, software: "\u{1f517}".repeat(99) });
  assert.ok(longest.length <= MAX_HELLO_BYTES);
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  writeInitiation(packet, 1, new Uint8Array(96 + longest.length), KEY);
  assert.notEqual(readInitiation(packet), null);
});

Deno.test("writeInitiation and writeResponse refuse lengths that nobody would read", () => {
  const packet = new Packet(1_000);
  const noise = (length: number): Uint8Array => new Uint8Array(length);
  assert.throws(
    () => writeInitiation(packet, 1, noise(96 + MIN_HELLO_BYTES - 1), KEY),
    /Invariant/,
  );
  assert.throws(
    () => writeInitiation(packet, 1, noise(96 + MAX_HELLO_BYTES + 1), KEY),
    /Invariant/,
  );
  assert.throws(() => writeResponse(packet, 1, noise(47), KEY), /Invariant/);
  assert.throws(
    () => writeResponse(packet, 1, noise(48 + MAX_ANSWER_BYTES + 1), KEY),
    /Invariant/,
  );
});

function initiation(senderIndex: number): Packet {
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  writeInitiation(packet, senderIndex, NOISE_INITIATION, KEY);
  return packet;
}

function response(receiverIndex: number): Packet {
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  writeResponse(packet, receiverIndex, NOISE_RESPONSE, KEY);
  return packet;
}

function cookieReply(receiverIndex: number): Packet {
  const packet = new Packet(MAX_HANDSHAKE_BYTES);
  packet.fill(new Uint8Array(COOKIE_REPLY_BYTES));
  packet.bytes.set([0x42, 0x4c, 0x4b, 0], packet.start);
  packet.view.setUint32(packet.start + 4, receiverIndex);
  return packet;
}

function padded(packet: Packet, lengthBytes: number): Packet {
  packet.end = packet.start + lengthBytes;
  return packet;
}
