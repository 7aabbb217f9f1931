import assert from "node:assert/strict";
import fc from "fast-check";
import {
  isHost,
  parseChoice,
  parseCidr,
  parseHostPort,
  parseListenAddress,
  parseMtuBytes,
  parsePool,
  parseRateBps,
  parseSeconds,
  parseTunName,
} from "../../../src/cli/values.ts";
import { formatHostPort } from "../../../src/net_address.ts";
import { UsageError } from "../../../src/usage_error.ts";

function refused(parse: () => unknown, expected: RegExp): void {
  assert.throws(parse, (error) => {
    assert.ok(error instanceof UsageError);
    assert.match(error.message, expected);
    return true;
  });
}

Deno.test("parseHostPort reads names, IPv4, and IPv6 in brackets", () => {
  assert.deepEqual(parseHostPort("proxy.example:80", "--x"), { host: "proxy.example", port: 80 });
  assert.deepEqual(parseHostPort("192.0.2.1:65535", "--x"), { host: "192.0.2.1", port: 65535 });
  assert.deepEqual(parseHostPort("[2001:db8::1]:1", "--x"), { host: "2001:db8::1", port: 1 });
});

Deno.test("parseHostPort names the option, the value and the remedy", () => {
  refused(
    () => parseHostPort("a:99999", "--x"),
    /^--x "a:99999": the port must be a number from 1/,
  );
  refused(() => parseHostPort("a:0", "--x"), /port must be/);
  refused(() => parseHostPort("a:1e3", "--x"), /port must be/);
  refused(() => parseHostPort("a", "--x"), /port is missing/);
  refused(() => parseHostPort("a:", "--x"), /port is missing/);
  refused(() => parseHostPort(":1", "--x"), /host is missing/);
  refused(() => parseHostPort("", "--x"), /host is missing/);
  refused(() => parseHostPort("2001:db8::1", "--x"), /in brackets/);
  refused(() => parseHostPort("::1:1080", "--x"), /in brackets/);
  refused(() => parseHostPort("[192.0.2.1]:1", "--x"), /not an IPv6 address/);
  refused(() => parseHostPort("[::1]", "--x"), /port is missing/);
  refused(() => parseHostPort("[fe80::1%eth0]:1", "--x"), /^--x ".*": zones .* not supported/);
  refused(() => parseHostPort("300.1.1.1:1", "--x"), /not an IP address or a host name/);
  refused(() => parseHostPort("a b:1", "--x"), /not an IP address or a host name/);
});

Deno.test("parseHostPort reads back what formatHostPort writes", () => {
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  fc.assert(fc.property(host, fc.integer({ min: 1, max: 65535 }), (host, port) => {
    assert.deepEqual(parseHostPort(formatHostPort(host, port), "--x"), { host, port });
  }));
});

Deno.test("parseListenAddress takes a port alone, with the given host", () => {
  assert.deepEqual(parseListenAddress("4000", "--x", null), { host: null, port: 4000 });
  assert.deepEqual(parseListenAddress(":8080", "--x", "127.0.0.1"), {
    host: "127.0.0.1",
    port: 8080,
  });
  assert.deepEqual(parseListenAddress("[::]:1", "--x", null), { host: "::", port: 1 });
  assert.deepEqual(parseListenAddress("localhost:1", "--x", null), { host: "127.0.0.1", port: 1 });
});

Deno.test("parseListenAddress refuses names and bad ports", () => {
  refused(() => parseListenAddress("example.org:1", "--x", null), /IP address of this machine/);
  refused(() => parseListenAddress("99999", "--x", null), /port must be/);
  refused(() => parseListenAddress("abc", "--x", null), /port must be/);
  refused(() => parseListenAddress("", "--x", null), /port is missing/);
  refused(() => parseListenAddress("192.0.2.1", "--x", null), /port is missing/);
});

Deno.test("parseCidr reads an address with its prefix length", () => {
  assert.deepEqual(parseCidr("10.0.0.1/30", "--x"), { address: "10.0.0.1", prefixBits: 30 });
  assert.deepEqual(parseCidr("fd00::1/64", "--x"), { address: "fd00::1", prefixBits: 64 });
});

Deno.test("parseCidr refuses what is none", () => {
  refused(
    () => parseCidr("10.0.0.1", "--x"),
    /prefix length must be 0 to 32: type e.g. 10.0.0.1\/30/,
  );
  refused(() => parseCidr("10.0.0.1/33", "--x"), /0 to 32/);
  refused(() => parseCidr("fd00::1/129", "--x"), /0 to 128/);
  refused(() => parseCidr("fe80::1%eth0/64", "--x"), /with its prefix length/);
  refused(() => parseCidr("host/30", "--x"), /with its prefix length/);
});

Deno.test("parsePool reads an IPv4 network", () => {
  assert.deepEqual(parsePool("10.0.0.0/8", "--x"), { address: "10.0.0.0", prefixBits: 8 });
  assert.deepEqual(parsePool("192.168.7.252/30", "--x"), {
    address: "192.168.7.252",
    prefixBits: 30,
  });
});

Deno.test("parsePool says which network an address is in", () => {
  refused(() => parsePool("10.10.10.1/24", "--x"), /within the network 10\.10\.10\.0\/24: type/);
  refused(() => parsePool("172.31.255.255/12", "--x"), /network 172\.16\.0\.0\/12/);
  refused(() => parsePool("10.255.3.4/9", "--x"), /network 10\.128\.0\.0\/9/);
  refused(() => parsePool("192.168.7.255/30", "--x"), /network 192\.168\.7\.252\/30/);
});

Deno.test("parsePool takes the network that it names itself", () => {
  fc.assert(fc.property(fc.ipV4(), fc.integer({ min: 8, max: 30 }), (address, prefixBits) => {
    fc.pre(!/^(0|127|22[4-9]|2[3-5]\d)\./.test(address));
    let pool = `${address}/${prefixBits}`;
    try {
      parsePool(pool, "--x");
    } catch (error) {
      pool = /network (\S+):/.exec(String(error))?.[1] ?? "";
    }
    const network = parsePool(pool, "--x");
    assert.equal(network.prefixBits, prefixBits);
    const toNumber = (text: string): number =>
      text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const size = 2 ** (32 - prefixBits);
    assert.equal(Math.floor(toNumber(address) / size) * size, toNumber(network.address));
  }));
});

Deno.test("parsePool refuses what no tunnel can use", () => {
  refused(() => parsePool("fd00::/64", "--x"), /type an IPv4 network/);
  refused(() => parsePool("10.0.0.0/7", "--x"), /must be 8 to 30/);
  refused(() => parsePool("10.0.0.0/31", "--x"), /must be 8 to 30/);
  refused(() => parsePool("10.0.0.0", "--x"), /prefix length must be 0 to 32/);
  for (const bad of ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/8", "240.0.0.0/8"]) {
    refused(() => parsePool(bad, "--x"), /cannot have addresses of this network/);
  }
});

Deno.test("parseSeconds keeps to its limits", () => {
  const limits = { min: 1, max: 150 };
  assert.equal(parseSeconds("1", "--x", limits), 1);
  assert.equal(parseSeconds("150", "--x", limits), 150);
  for (const bad of ["0", "151", "", "1.5", "-1", "1e2", "9".repeat(20)]) {
    refused(() => parseSeconds(bad, "--x", limits), /^--x ".*": type a number of seconds from 1/);
  }
});

Deno.test("parseMtuBytes keeps to its limits", () => {
  assert.equal(parseMtuBytes("576", "--mtu", false), 576);
  assert.equal(parseMtuBytes("65000", "--mtu", false), 65000);
  assert.equal(parseMtuBytes("1280", "--mtu", true), 1280);
  refused(() => parseMtuBytes("1279", "--mtu", true), /^--mtu "1279": .* IPv6 .* at least 1280/);
  for (const bad of ["575", "65001", "-1", "1.5", "", "0x600", "1e3"]) {
    refused(() => parseMtuBytes(bad, "--mtu", false), /type a number from 576 to 65000/);
  }
});

Deno.test("parseRateBps reads kbit, mbit and gbit a second, decimals and either case", () => {
  assert.equal(parseRateBps("64kbit", "cap"), 64_000);
  assert.equal(parseRateBps("5mbit", "cap"), 5_000_000);
  assert.equal(parseRateBps("0.5MBit", "cap"), 500_000);
  assert.equal(parseRateBps("1.25gbit", "cap"), 1_250_000_000);
  assert.equal(parseRateBps("100gbit", "cap"), 100e9);
});

Deno.test("parseRateBps says what to type", () => {
  refused(
    () => parseRateBps("5", "cap"),
    /^cap "5": the unit is missing: type 5mbit, or kbit or gbit$/,
  );
  refused(() => parseRateBps("5mb", "cap"), /^cap "5mb": type 5kbit, 5mbit or 5gbit$/);
  refused(() => parseRateBps("5constructor", "cap"), /type 5kbit/);
  for (const bad of ["", "mbit", "-5mbit", ".5mbit", "1,5mbit", "5 mbit", "5e3mbit", "5mbit/s"]) {
    refused(() => parseRateBps(bad, "cap"), /type a number and its unit, e.g. 5mbit or 0.5mbit$/);
  }
  for (const bad of ["0mbit", "63kbit", "101gbit", "999999999gbit"]) {
    refused(() => parseRateBps(bad, "cap"), /type a rate from 64kbit to 100gbit$/);
  }
});

Deno.test("parseTunName takes names and templates that the kernel takes", () => {
  for (const good of ["bind%d", "tun0", "a", "fifteen-bytes.x"]) {
    assert.equal(parseTunName(good, "--x"), good);
  }
  for (
    const bad of ["", ".", "..", "a b", "a/b", "a:b", "%d%d", "a%s", "a\nb", "sixteen-bytes-xx"]
  ) {
    refused(() => parseTunName(bad, "--x"), /type a name|at most 15 bytes/);
  }
});

Deno.test("parseChoice lists the choices", () => {
  assert.equal(parseChoice("a", "--x", ["a", "b"]), "a");
  refused(() => parseChoice("c", "--x", ["a", "b"]), /^--x "c": type one of a, b$/);
  refused(() => parseChoice("c", "--x", ["a"]), /the only value is a/);
});

Deno.test("isHost keeps to the limits of host names", () => {
  assert.ok(isHost("a".repeat(63) + ".example"));
  assert.ok(isHost("my_phone.local."));
  assert.ok(!isHost("a".repeat(64) + ".example"));
  assert.ok(!isHost(Array(50).fill("abcde").join(".")));
  for (const bad of ["", ".", "a..b", "-a", "a-", "1.2.3", "0x7f.1", "ä"]) {
    assert.ok(!isHost(bad), bad);
  }
});
