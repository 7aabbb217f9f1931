import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeBase64Url } from "../../../src/peer/base64url.ts";
import { concatBytes } from "../../../src/peer/concat_bytes.ts";
import { formatIp } from "../../../src/ip_literal.ts";
import {
  decodeJoinToken,
  deriveSlaveSecrets,
  encodeJoinToken,
  type JoinToken,
} from "../../../src/peer/join_token.ts";
import { hash } from "../../../src/peer/primitives.ts";
import type { HostPort } from "../../../src/net_address.ts";

const PREFIX = "bindlink1_";

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((key) => Uint8Array.from(key));
const hosts = fc.oneof(
  fc.ipV4(),
  fc.uint8Array({ minLength: 16, maxLength: 16 }).map(formatIp),
  fc.domain(),
  fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,30}$/),
);
const endpoints: fc.Arbitrary<HostPort> = fc.tuple(hosts, fc.integer({ min: 1, max: 65_535 }))
  .map(([host, port]) => ({ host, port }));
const tokens: fc.Arbitrary<JoinToken> = fc.tuple(
  keys,
  fc.option(keys),
  fc.array(endpoints, { minLength: 1, maxLength: 4 }),
).map(([masterKey, seed, endpoints]) => ({ masterKey, seed, endpoints }));

const TOKEN: JoinToken = {
  masterKey: Uint8Array.from({ length: 32 }, (_, i) => i * 7),
  seed: Uint8Array.from({ length: 32 }, (_, i) => 255 - i),
  endpoints: [
    { host: "203.0.113.5", port: 4321 },
    { host: "2001:db8::5", port: 443 },
    { host: "vpn.example.org", port: 65_535 },
  ],
};
const TEXT = encodeJoinToken(TOKEN);

Deno.test("decodeJoinToken gives back what encodeJoinToken was given", () => {
  fc.assert(fc.property(tokens, (token) => {
    const text = encodeJoinToken(token);
    assert.match(text, /^bindlink1_[A-Za-z0-9_-]+$/);
    assert.deepEqual(decodeJoinToken(text), token);
  }));
});

Deno.test("A token without a seed, for a slave that has a key, says so", () => {
  const text = encodeJoinToken({ ...TOKEN, seed: null });
  assert.ok(text.length < TEXT.length);
  assert.deepEqual(decodeJoinToken(text), { ...TOKEN, seed: null });
});

Deno.test("decodeJoinToken takes a token between quotes, blanks and line breaks", () => {
  const wrapped = TEXT.replace(/.{20}/g, "$&\r\n  ");
  for (
    const text of [` ${TEXT}\n`, `"${TEXT}"`, `'${TEXT}' `, `\u201c${TEXT}\u201d`, `<${TEXT}>`]
      .concat([wrapped, `\ufeff${TEXT}`, TEXT.replace(/.{30}/g, "$&\u200b"), `\`${TEXT}\``])
  ) assert.deepEqual(decodeJoinToken(text), TOKEN, JSON.stringify(text));
});

Deno.test("Every single wrong character is refused", () => {
  const others = "AZaz09-_Bb81=+/.\u00e4";
  for (let i = 0; i < TEXT.length; i++) {
    for (const other of others) {
      if (other === TEXT[i]) continue;
      assertRefused(TEXT.slice(0, i) + other + TEXT.slice(i + 1), `${other} at ${i}`);
    }
  }
});

Deno.test("Every other last character is refused, though its last bits hold nothing", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  // Three lengths of a name leave 0, 2 and 4 bits over.
  for (const host of ["a", "ab", "abc"]) {
    const text = encodeJoinToken({ ...TOKEN, endpoints: [{ host, port: 1 }] });
    for (const last of alphabet) {
      if (last !== text.at(-1)) assertRefused(text.slice(0, -1) + last, last);
    }
  }
});

Deno.test("Every missing, doubled and swapped character is refused", () => {
  for (let i = 0; i < TEXT.length; i++) {
    assertRefused(TEXT.slice(0, i) + TEXT.slice(i + 1), `without ${i}`);
    assertRefused(TEXT.slice(0, i + 1) + TEXT.slice(i), `${i} twice`);
    if (TEXT[i] === TEXT[i + 1] || i + 1 === TEXT.length) continue;
    assertRefused(
      TEXT.slice(0, i) + TEXT[i + 1] + TEXT[i] + TEXT.slice(i + 2),
      `${i} and ${i + 1} swapped`,
    );
  }
});

Deno.test("Every token that ends early is called cut off, and says what to do", () => {
  for (let length = 1; length < TEXT.length; length++) {
    assert.equal(
      decodeJoinToken(TEXT.slice(0, length)),
      "The join token is cut off, characters are missing: " +
        'copy the whole line that "bindlink invite" printed',
      `${length} characters`,
    );
  }
});

Deno.test("A token that begins late, or has something behind it, is refused", () => {
  for (let start = 1; start < TEXT.length; start++) {
    assertRefused(TEXT.slice(start), `from ${start}`);
  }
  for (const behind of ["A", "AAAA", "_", TEXT]) assertRefused(TEXT + behind, behind);
});

Deno.test("No token at all is told apart: nothing, a URL, a key, a command, something else", () => {
  const begins = 'is no join token, which begins with "bindlink1_": ' +
    'copy the whole line that "bindlink invite" printed';
  assert.equal(
    decodeJoinToken(" \n"),
    'There is no join token: copy the whole line that "bindlink invite" printed',
  );
  assert.equal(decodeJoinToken('""'), decodeJoinToken(""));
  assert.equal(decodeJoinToken("https://example.org/x"), `A URL ${begins}`);
  assert.equal(decodeJoinToken("socks5://127.0.0.1:1080"), `A URL ${begins}`);
  assert.equal(decodeJoinToken("YAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="), `A key ${begins}`);
  assert.equal(decodeJoinToken("ab".repeat(32)), `A key ${begins}`);
  assert.equal(decodeJoinToken("hello"), `This ${begins}`);
  assert.equal(decodeJoinToken(TEXT.toUpperCase()), `This ${begins}`);
  assert.equal(
    decodeJoinToken(`bindlink slave --token ${TEXT}`),
    'More than a join token was given: give only what begins with "bindlink1_"',
  );
});

Deno.test("A character that no token has is named by its position", () => {
  for (const at of [10, 11, TEXT.length - 1]) {
    assert.equal(
      decodeJoinToken(`${TEXT.slice(0, at)}\u2013${TEXT.slice(at + 1)}`),
      `The join token is mistyped: character ${at + 1} is none that a token has; ` +
        'copy the whole line that "bindlink invite" printed',
    );
  }
});

Deno.test("A wrong character within the keys is called mistyped", () => {
  const at = 40;
  const other = TEXT[at] === "A" ? "B" : "A";
  assert.equal(
    decodeJoinToken(TEXT.slice(0, at) + other + TEXT.slice(at + 1)),
    "The join token is mistyped, a character is wrong or too many: " +
      'copy the whole line that "bindlink invite" printed',
  );
});

Deno.test("A token of a newer bindlink says which end to update", () => {
  const newer = "The join token was made by a newer bindlink: update bindlink on this end";
  const head = [1, 0, ...TOKEN.masterKey];
  const address = [1, 203, 0, 113, 5, 1, 187];
  assert.equal(decodeJoinToken(TEXT.replace("1_", "2_")), newer);
  assert.equal(decodeJoinToken("bindlink10_anything"), newer);
  assert.equal(decodeJoinToken(sealed([2, 9, 9])), newer, "another version");
  assert.equal(decodeJoinToken(sealed([1, 2, ...TOKEN.masterKey, 1, ...address])), newer, "a flag");
  assert.equal(decodeJoinToken(sealed([...head, 1, 9, 1, 2, 3])), newer, "a type of endpoint");
  assert.equal(decodeJoinToken(sealed([...head, 1, ...address, 7])), newer, "more behind");
  assert.equal(decodeJoinToken(sealed([...head, 17, ...address])), newer, "more endpoints");
  assert.notEqual(typeof decodeJoinToken(sealed([...head, 1, ...address])), "string");
});

Deno.test("Endpoints that no host has are refused, although the checksum is right", () => {
  const head = [1, 0, ...TOKEN.masterKey, 1];
  const named = (name: string, port: number): number[] => {
    const bytes = new TextEncoder().encode(name);
    return [...head, 3, bytes.length, ...bytes, port >> 8, port & 0xff];
  };
  assert.notEqual(typeof decodeJoinToken(sealed(named("a.example", 1))), "string");
  for (const name of ["", "a b", "a\nb", "-x", "\x1b[2J", "a/b", "1.2.3.4", "\u00e4.example"]) {
    assertRefused(sealed(named(name, 1)), name);
  }
  assertRefused(sealed(named("a.example", 0)), "port 0");
  const mapped = [...new Uint8Array(10), 0xff, 0xff, 1, 2, 3, 4];
  assertRefused(sealed([...head, 2, ...mapped, 0, 1]), "IPv4 dressed up");
});

Deno.test("encodeJoinToken refuses what a token cannot hold", () => {
  const withEndpoints = (...list: HostPort[]): () => string => () =>
    encodeJoinToken({ ...TOKEN, endpoints: list });
  assert.throws(withEndpoints(), RangeError);
  assert.throws(
    withEndpoints(...Array.from({ length: 17 }, () => TOKEN.endpoints[0]!)),
    RangeError,
  );
  assert.throws(withEndpoints({ host: "a", port: 0 }), RangeError);
  assert.throws(withEndpoints({ host: "a", port: 65_536 }), RangeError);
  assert.throws(withEndpoints({ host: "", port: 1 }), RangeError);
  assert.throws(withEndpoints({ host: "\u00e4.example", port: 1 }), RangeError);
  assert.throws(withEndpoints({ host: "a".repeat(254), port: 1 }), RangeError);
  assert.throws(withEndpoints({ host: "fe80::1%eth0", port: 1 }), RangeError);
  const longest = { host: "a".repeat(253), port: 1 };
  const sixteen = Array.from({ length: 16 }, () => longest);
  assert.deepEqual(
    decodeJoinToken(encodeJoinToken({ ...TOKEN, endpoints: sixteen })),
    { ...TOKEN, endpoints: sixteen },
  );
});

Deno.test("Endpoints come out canonical: one address has one text", () => {
  const list = [{ host: "2001:DB8:0:0::1", port: 1 }, { host: "::ffff:192.0.2.1", port: 2 }];
  const token = decodeJoinToken(encodeJoinToken({ ...TOKEN, endpoints: list }));
  assert.deepEqual(typeof token === "string" ? token : token.endpoints, [
    { host: "2001:db8::1", port: 1 },
    { host: "192.0.2.1", port: 2 },
  ]);
});

Deno.test("decodeJoinToken never throws, and its messages hold nothing of what it was given", () => {
  const pasted = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.tuple(fc.nat(TEXT.length), fc.nat(TEXT.length), fc.string()).map(([a, b, noise]) =>
      TEXT.slice(0, a) + noise + TEXT.slice(b)
    ),
    fc.base64String().map((text) => PREFIX + text),
  );
  fc.assert(
    fc.property(pasted, (text) => {
      const result = decodeJoinToken(text);
      if (typeof result !== "string") return assert.deepEqual(result, TOKEN);
      assert.ok(!result.includes("\n"));
      for (let i = PREFIX.length; i + 6 <= TEXT.length; i++) {
        assert.ok(!result.includes(TEXT.slice(i, i + 6)), "a piece of the token");
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("deriveSlaveSecrets gives two secrets that belong to the seed alone", () => {
  const seed = new Uint8Array(32).fill(5);
  const a = deriveSlaveSecrets(seed);
  assert.deepEqual(a, deriveSlaveSecrets(Uint8Array.from(seed)));
  assert.notDeepEqual(a.secretKey, a.psk);
  const b = deriveSlaveSecrets(new Uint8Array(32).fill(6));
  assert.notDeepEqual(a.secretKey, b.secretKey);
  assert.notDeepEqual(a.psk, b.psk);
  assert.deepEqual([a.secretKey.length, a.psk.length], [32, 32]);
  assert.throws(() => deriveSlaveSecrets(new Uint8Array(31)), /Invariant/);
});

/** A token with a right checksum around any bytes, as a bindlink of another version might make it. */
function sealed(body: readonly number[]): string {
  const bytes = Uint8Array.from(body);
  const checksum = hash(new TextEncoder().encode(PREFIX), bytes).subarray(0, 4);
  return PREFIX + encodeBase64Url(concatBytes(bytes, checksum));
}

function assertRefused(text: string, what: string): void {
  const result = decodeJoinToken(text);
  assert.equal(typeof result, "string", what);
}
