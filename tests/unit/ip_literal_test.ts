import assert from "node:assert/strict";
import { isIP } from "node:net";
import fc from "fast-check";
import { canonicalHost, formatIp, ipScope, isSameSubnet, parseIp } from "../../src/ip_literal.ts";

Deno.test("parseIp reads every spelling of an address as the same bytes", () => {
  const spellings = ["2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:0db8::0001", "2001:db8:0::0:1"];
  for (const text of spellings) assert.equal(canonicalHost(text), "2001:db8::1");
  assert.deepEqual([...parseIp("::ffff:192.0.2.1")!.subarray(10)], [255, 255, 192, 0, 2, 1]);
});

Deno.test("parseIp refuses what is not an IP literal", () => {
  const texts = [
    ...["", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "0x7f.0.0.1", "a.b.c.d"],
    ...[":", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%eth0"],
    ...["1.2.3.4::", "::1.2.3.4:1", "1:2:3:4:5:6:7::8", "[::1]", "host.example"],
  ];
  for (const text of texts) assert.equal(parseIp(text), null, text);
});

Deno.test("parseIp agrees with node:net on random texts", () => {
  const piece = fc.constantFrom(
    "0",
    "1",
    "ff",
    "255",
    "256",
    ":",
    "::",
    ".",
    "1.2.3.4",
    "fe80",
    "",
  );
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const text = pieces.join("");
    const family = isIP(text);
    assert.equal(parseIp(text)?.length ?? 0, family === 4 ? 4 : family === 6 ? 16 : 0, text);
  }));
});

Deno.test("formatIp and parseIp are inverse, and formatIp writes what the URL parser writes", () => {
  const hextet = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(fc.property(fc.array(hextet, { minLength: 8, maxLength: 8 }), (groups) => {
    const bytes = Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]));
    const text = formatIp(bytes);
    if (text.includes(".")) return; // IPv4-mapped: shown as IPv4
    assert.deepEqual(parseIp(text), bytes);
    assert.equal(`[${text}]`, new URL(`http://[${text}]`).hostname);
  }));
});

Deno.test("formatIp shows an IPv4-mapped address as IPv4", () => {
  assert.equal(canonicalHost("::ffff:c000:201"), "192.0.2.1");
});

Deno.test("canonicalHost leaves a name alone", () => {
  assert.equal(canonicalHost("Phone.local"), "Phone.local");
});

Deno.test("ipScope tells addresses by where they can be reached from", () => {
  const scopes: Record<string, readonly string[]> = {
    "unspecified": ["0.0.0.0", "::", "0.1.2.3"],
    "loopback": ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"],
    "link-local": ["169.254.1.1", "fe80::1", "febf::1"],
    "private": ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.43.1", "fc00::1", "fdff::1"],
    "shared": ["100.64.0.1", "100.127.255.255"],
    "multicast": ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"],
    "public": ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.169.0.1", "2001:db8::1", "fec0::1"],
  };
  for (const [scope, texts] of Object.entries(scopes)) {
    for (const text of texts) assert.equal(ipScope(parseIp(text)!), scope, text);
  }
});

Deno.test("isSameSubnet compares /24 and /64, never across families", () => {
  const same = (a: string, b: string): boolean => isSameSubnet(parseIp(a)!, parseIp(b)!);
  assert.equal(same("10.1.2.3", "10.1.2.200"), true);
  assert.equal(same("10.1.2.3", "10.1.3.3"), false);
  assert.equal(same("fd00::1:2:3:4", "fd00::5"), true);
  assert.equal(same("fd00:0:0:1::1", "fd00::1"), false);
  assert.equal(same("10.1.2.3", "fd00::1"), false);
});
