import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_TEXT_BYTES } from "../../../src/peer/handshake_entries.ts";
import { MIN_HELLO_BYTES } from "../../../src/peer/handshake_message.ts";
import {
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
  type Hello,
  type InnerAddress,
  type Refusal,
  type Welcome,
} from "../../../src/peer/handshake_payload.ts";
import { formatIp, parseIp } from "../../../src/ip_literal.ts";
import { isHostAddress } from "../../../src/peer/host_address.ts";
import { NO_STAMP, stampOf } from "../../../src/peer/stamp.ts";
import { mtuAdvice } from "../../../src/tun_limits.ts";
import { HELLO, REFUSAL, WELCOME } from "../../support/handshake_messages.ts";

/** The fixed fields' bytes: the entries of a welcome begin behind them. */
const WELCOME_ENTRIES_OFFSET = 18;

const bytes = fc.integer({ min: 1, max: 255 });
const versions = fc.tuple(bytes, bytes).map(([a, b]) => ({
  minVersion: Math.min(a, b),
  maxVersion: Math.max(a, b),
}));
const instanceIds = fc.uint8Array({ minLength: 8, maxLength: 8 }).map(hexOf);
const stamps = fc.oneof(fc.integer({ min: 0, max: 8e15 }).map(stampOf), fc.constant(NO_STAMP));
const mtus = fc.integer({ min: 576, max: 65_000 });
const texts = fc.string({ unit: "grapheme", maxLength: 80 });
const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).filter(isHostAddress);
const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).filter(isHostAddress);

const hellos: fc.Arbitrary<Hello> = fc.record({
  instanceId: instanceIds,
  stamp: stamps.map((stamp) => Uint8Array.from(stamp)),
  ciphers: fc.array(bytes, { minLength: 1, maxLength: 16 }),
  mtuBytes: fc.oneof(mtus, fc.constant(0)),
  software: texts,
  versions,
}).map(({ versions, ...hello }) => ({ ...hello, ...versions }));

const welcomes: fc.Arbitrary<Welcome> = fc.record({
  version: bytes,
  cipher: fc.constantFrom(1, 2),
  instanceId: instanceIds,
  sessionIndex: fc.nat(0xffff_ffff),
  mtuBytes: mtus,
  name: texts,
  software: texts,
  ipv4: fc.option(address(ipv4, 8, 32)),
  ipv6: fc.option(address(ipv6, 48, 128)),
}).map(({ ipv4, ipv6, ...rest }) => ({
  ...rest,
  kind: "welcome",
  addresses: [ipv4, ipv6].filter((it) => it !== null),
}));

const refusals: fc.Arbitrary<Refusal> = fc.record({
  code: bytes,
  lastStamp: stamps.map((stamp) => Uint8Array.from(stamp)),
  software: texts,
  versions,
}).map(({ versions, ...refusal }) => ({ ...refusal, ...versions, kind: "refusal" }));

Deno.test("decodeHello gives back what encodeHello was given, its text as it can be printed", () => {
  fc.assert(fc.property(hellos, (hello) => {
    const encoded = encodeHello(hello);
    const software = printed(hello.software);
    assert.deepEqual(decodeHello(encoded), { ...hello, software });
    assert.deepEqual(encodeHello({ ...hello, software }), encoded);
    assert.ok(encoded.length >= MIN_HELLO_BYTES);
  }));
});

Deno.test("decodeAnswer gives back what encodeAnswer was given, its texts as they can be printed", () => {
  fc.assert(fc.property(fc.oneof(welcomes, refusals), (answer) => {
    const expected = { ...answer, software: printed(answer.software) };
    if (expected.kind === "welcome") Object.assign(expected, { name: printed(expected.name) });
    const encoded = encodeAnswer(answer);
    assert.deepEqual(decodeAnswer(encoded), expected);
    assert.deepEqual(encodeAnswer(expected), encoded);
  }));
});

Deno.test("decodeHello and decodeAnswer never throw, and what they take is sound", () => {
  const random = fc.uint8Array({ maxLength: 400 });
  const spoiled = fc.tuple(
    fc.oneof(hellos.map(encodeHello), welcomes.map(encodeAnswer), refusals.map(encodeAnswer)),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
    fc.nat(400),
  ).map(([encoded, changes, length]) => {
    const spoiledBytes = Uint8Array.from(encoded);
    for (const [at, value] of changes) spoiledBytes[at % encoded.length] = value;
    return spoiledBytes.subarray(0, length);
  });
  fc.assert(
    fc.property(fc.oneof(random, spoiled), (input) => {
      const hello = decodeHello(input);
      if (hello !== null) assert.deepEqual(decodeHello(encodeHello(hello)), hello);
      const answer = decodeAnswer(input);
      if (answer !== null) assert.deepEqual(decodeAnswer(encodeAnswer(answer)), answer);
    }),
    { numRuns: 3_000 },
  );
});

Deno.test("decodeHello refuses every hello that is cut within its fields and entries", () => {
  const encoded = encodeHello(HELLO);
  const usedBytes = 24 + 2 + HELLO.ciphers.length + 2 + HELLO.software.length;
  for (let length = 0; length < usedBytes; length++) {
    const cut = decodeHello(encoded.subarray(0, length));
    // Between two entries there is nothing to see: only the name of the software is missing.
    if (length === 24 + 2 + HELLO.ciphers.length) assert.equal(cut?.software, "");
    else assert.equal(cut, null, `${length} bytes`);
  }
  assert.deepEqual(decodeHello(encoded.subarray(0, usedBytes)), HELLO);
});

Deno.test("Unknown entries are skipped: that is how a later version adds to a hello and an answer", () => {
  const unknown = Uint8Array.of(200, 3, 1, 2, 3, 255, 0);
  const hello = insertAt(encodeHello(HELLO), 24, unknown);
  assert.deepEqual(decodeHello(hello), HELLO);
  assert.deepEqual(
    decodeAnswer(insertAt(encodeAnswer(WELCOME), WELCOME_ENTRIES_OFFSET, unknown)),
    WELCOME,
  );
  assert.deepEqual(decodeAnswer(insertAt(encodeAnswer(REFUSAL), 16, unknown)), REFUSAL);
});

Deno.test("A later version's hello is read, so that the answer can be that no version is common", () => {
  const later = decodeHello(encodeHello({ ...HELLO, minVersion: 7, maxVersion: 9, ciphers: [99] }));
  assert.equal(later?.minVersion, 7);
  assert.deepEqual(later?.ciphers, [99]);
});

Deno.test("What follows the end of the entries is padding, whatever it is", () => {
  const encoded = encodeHello(HELLO);
  encoded.fill(0xff, encoded.length - 20);
  assert.deepEqual(decodeHello(encoded), HELLO);
});

Deno.test("An entry that comes twice makes a message malformed", () => {
  const software = Uint8Array.of(2, 1, 0x78);
  assert.equal(decodeHello(insertAt(encodeHello(HELLO), 24, software)), null);
  assert.equal(
    decodeAnswer(insertAt(encodeAnswer(WELCOME), WELCOME_ENTRIES_OFFSET, software)),
    null,
  );
});

Deno.test("A payload's MTU is one that a tun device can have, and every such one", () => {
  for (const mtuBytes of [575, 576, 1_279, 65_000, 65_001]) {
    const encoded = encodeAnswer({ ...WELCOME, mtuBytes: 1_400 });
    new DataView(encoded.buffer).setUint16(4, mtuBytes);
    const isTaken = decodeAnswer(encoded) !== null;
    assert.equal(isTaken, mtuAdvice(mtuBytes, false) === null, `${mtuBytes} bytes`);
  }
});

Deno.test("decodeHello refuses impossible versions, stamps, MTUs and ciphers", () => {
  const changes: readonly (readonly [number, readonly number[]])[] = [
    [0, [0]], // versions from 0
    [0, [3]], // lowest above highest
    [10, [0x80]], // reserved seconds
    [18, [0x3b, 0x9a, 0xca, 0x00]], // a second of nanoseconds
    [22, [0, 1]], // 1 byte
    [22, [0x02, 0x3f]], // 575 bytes
    [22, [0xfd, 0xe9]], // 65,001 bytes
    [26, [0]], // cipher 0
    [25, [0]], // no cipher, and then a mess
  ];
  for (const [offset, change] of changes) {
    const encoded = encodeHello(HELLO);
    encoded.set(change, offset);
    assert.equal(decodeHello(encoded), null, `offset ${offset}`);
  }
  assert.equal(decodeHello(new Uint8Array(377)), null);
});

Deno.test("decodeAnswer refuses impossible versions, ciphers, MTUs, codes and kinds", () => {
  for (
    const [offset, value] of [[0, 0], [0, 3], [1, 0], [2, 0], [2, 3], [4, 0], [4, 0xfe]] as const
  ) {
    const encoded = encodeAnswer(WELCOME);
    encoded[offset] = value;
    assert.equal(decodeAnswer(encoded), null, `welcome, offset ${offset}`);
  }
  for (const [offset, value] of [[1, 0], [2, 0], [2, 3], [4, 0x80]] as const) {
    const encoded = encodeAnswer(REFUSAL);
    encoded[offset] = value;
    assert.equal(decodeAnswer(encoded), null, `refusal, offset ${offset}`);
  }
});

Deno.test("decodeAnswer refuses addresses that no slave can have, and impossible prefixes", () => {
  const addresses: readonly (readonly [string, number])[] = [
    ["10.10.10.2", 0],
    ["10.10.10.2", 1],
    ["10.10.10.2", 7],
    ["10.10.10.2", 33],
    ["0.0.0.0", 24],
    ["127.0.0.1", 8],
    ["224.0.0.1", 24],
    ["255.255.255.255", 32],
    ["fd00::2", 0],
    ["fd00::2", 1],
    ["fd00::2", 47],
    ["fd00::2", 129],
    ["::", 64],
    ["::1", 128],
    ["ff02::1", 64],
    ["fe80::1", 64],
    ["febf:ffff::1", 64],
  ];
  const bare = encodeAnswer({ ...WELCOME, addresses: [] });
  for (const [text, prefixBits] of addresses) {
    const host = parseIp(text)!;
    const entry = Uint8Array.of(host.length === 4 ? 4 : 5, host.length + 1, ...host, prefixBits);
    assert.equal(
      decodeAnswer(insertAt(bare, WELCOME_ENTRIES_OFFSET, entry)),
      null,
      `${text}/${prefixBits}`,
    );
  }
  for (const lengthBytes of [0, 4, 6, 17]) {
    const entry = Uint8Array.of(4, lengthBytes, ...new Uint8Array(lengthBytes).fill(10));
    assert.equal(
      decodeAnswer(insertAt(bare, WELCOME_ENTRIES_OFFSET, entry)),
      null,
      `${lengthBytes} bytes`,
    );
  }
});

Deno.test("Texts lose what could write over a terminal or turn a line of the log around", () => {
  const evil = "a\x1b[2Jb\r\n\tc\x00\x7f\x9bd\u202ee\u2028f\ufeffg\u{e0001}h";
  const raw = new TextEncoder().encode(evil);
  const entry = Uint8Array.of(3, raw.length, ...raw);
  const nameless = encodeAnswer({ ...WELCOME, name: "" });
  // The entry of the empty name is the two bytes behind that of the software.
  const at = WELCOME_ENTRIES_OFFSET + 2 + WELCOME.software.length;
  const encoded = Uint8Array.of(
    ...nameless.subarray(0, at),
    ...entry,
    ...nameless.subarray(at + 2),
  );
  const answer = decodeAnswer(encoded);
  assert.equal(answer?.kind === "welcome" ? answer.name : null, "a[2Jbcdefgh");
});

Deno.test("Texts that are no UTF-8 are read as far as they are", () => {
  const encoded = encodeAnswer(REFUSAL);
  encoded[18] = 0xff;
  assert.equal(decodeAnswer(encoded)?.software, "\ufffdindlink 0.1.0");
});

Deno.test("Texts that are no UTF-8 do not grow beyond 63 bytes by what stands for them", () => {
  const raw = Uint8Array.of(2, 63, ...new Uint8Array(63).fill(0xff));
  const answer = decodeAnswer(Uint8Array.of(...encodeAnswer(REFUSAL).subarray(0, 16), ...raw));
  assert.equal(answer?.software, "\ufffd".repeat(21));
});

Deno.test("A text of more than 63 bytes is malformed, and cut between characters when it is written", () => {
  const long = Uint8Array.of(2, 64, ...new Uint8Array(64).fill(0x61));
  const encoded = encodeAnswer(REFUSAL).subarray(0, 16);
  assert.equal(decodeAnswer(Uint8Array.of(...encoded, ...long)), null);
  const cut = decodeAnswer(encodeAnswer({ ...REFUSAL, software: "€".repeat(30) }));
  assert.equal(cut?.software, "€".repeat(21));
  const cutInEmoji = decodeAnswer(encodeAnswer({ ...REFUSAL, software: "\u{1f517}".repeat(30) }));
  assert.equal(cutInEmoji?.software, "\u{1f517}".repeat(15));
});

Deno.test("encodeHello and encodeAnswer refuse what the other end could not read", () => {
  const wrongHellos: Partial<Hello>[] = [
    { minVersion: 0 },
    { minVersion: 3 },
    { maxVersion: 256 },
    { instanceId: "0123456789ABCDEF" },
    { instanceId: "" },
    { stamp: new Uint8Array(11) },
    { ciphers: [] },
    { ciphers: [0] },
    { ciphers: new Array<number>(17).fill(1) },
    { mtuBytes: 100 },
    { mtuBytes: 65_001 },
  ];
  for (const wrong of wrongHellos) {
    assert.throws(() => encodeHello({ ...HELLO, ...wrong }), /^Error: Invariant: /);
  }
  const wrongWelcomes: Partial<Welcome>[] = [
    { version: 0 },
    { mtuBytes: 0 },
    { mtuBytes: 65_001 },
    { sessionIndex: -1 },
    { sessionIndex: 2 ** 32 },
    { sessionIndex: 0.5 },
    { addresses: [{ address: "10.10.10.2", prefixBits: 7 }] },
    { addresses: [{ address: "fd00::2", prefixBits: 47 }] },
    { addresses: [{ address: "fe80::2", prefixBits: 64 }] },
    { addresses: [{ address: "nowhere", prefixBits: 24 }] },
    { addresses: [WELCOME.addresses[0]!, WELCOME.addresses[0]!] },
  ];
  for (const wrong of wrongWelcomes) {
    assert.throws(() => encodeAnswer({ ...WELCOME, ...wrong }), /^Error: Invariant: /);
  }
  assert.throws(() => encodeAnswer({ ...REFUSAL, code: 0 }), /^Error: Invariant: /);
});

function address(
  hosts: fc.Arbitrary<Uint8Array>,
  minPrefixBits: number,
  maxPrefixBits: number,
): fc.Arbitrary<InnerAddress> {
  const prefixes = fc.integer({ min: minPrefixBits, max: maxPrefixBits });
  return fc.tuple(hosts.map(formatIp), prefixes)
    .map(([address, prefixBits]) => ({ address, prefixBits }));
}

/** What must be left of a text, so simple that it can be seen. */
function printed(text: string): string {
  let kept = "";
  for (const char of text) {
    if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(char)) continue;
    if (new TextEncoder().encode(kept + char).length > MAX_TEXT_BYTES) break;
    kept += char;
  }
  return kept;
}

function insertAt(message: Uint8Array, offset: number, inserted: Uint8Array): Uint8Array {
  return Uint8Array.of(...message.subarray(0, offset), ...inserted, ...message.subarray(offset));
}

function hexOf(id: Uint8Array): string {
  return Array.from(id, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
