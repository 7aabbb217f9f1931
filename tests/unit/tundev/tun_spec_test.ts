import assert from "node:assert/strict";
import { loadLibc } from "../../../ffi/libc.ts";
import { checkAssigned, checkTunSpec, type TunSpec } from "../../../src/tundev/tun_spec.ts";
import type { Cidr } from "../../../src/daemon_options.ts";
import { UsageError } from "../../../src/usage_error.ts";

loadLibc();

const ipv4 = { address: "10.10.10.1", prefixBits: 30 };
const ipv6 = { address: "fd00::1", prefixBits: 64 };

function specWith(change: Partial<TunSpec>): TunSpec {
  return { kind: "tun", name: "bind%d", addresses: [ipv4], mtuBytes: 1400, ...change };
}

Deno.test("checkTunSpec gives the addresses as the kernel takes them", () => {
  const addresses = checkTunSpec(specWith({ addresses: [ipv4, ipv6] }));
  assert.deepEqual(addresses.map((a) => [a.label, a.bytes.length, a.prefixBits]), [
    ["10.10.10.1/30", 4, 30],
    ["fd00::1/64", 16, 64],
  ]);
});

Deno.test("checkTunSpec takes the longest name and the smallest and largest MTU", () => {
  checkTunSpec(specWith({ name: "abcdefghijklmno" }));
  checkTunSpec(specWith({ mtuBytes: 576 }));
  checkTunSpec(specWith({ mtuBytes: 65_000 }));
  checkTunSpec(specWith({ addresses: [ipv6], mtuBytes: 1280 }));
  checkTunSpec(specWith({ addresses: [] }));
});

Deno.test("checkAssigned takes an IPv4 and an IPv6 address and the MTU", () => {
  const usable = checkAssigned({ addresses: [ipv6, ipv4], mtuBytes: 1380 }, 1400);
  assert.deepEqual(
    [usable.ipv4?.label, usable.ipv6?.label, usable.mtuBytes, usable.problems],
    ["10.10.10.1/30", "fd00::1/64", 1380, []],
  );
});

const useless: readonly [string, readonly Cidr[], number, RegExp][] = [
  ["a multicast address", [{ address: "224.0.0.1", prefixBits: 4 }], 1380, /not one host's$/],
  ["no address at all", [{ address: "host", prefixBits: 4 }], 1380, /"host\/4".*not one host's$/],
  ["a prefix of 33", [{ address: "10.0.0.1", prefixBits: 33 }], 1380, /not one host's$/],
  ["an MTU of 575", [], 575, /MTU 575, .* 1400 stays$/],
  ["an MTU below IPv6's least", [ipv6], 1279, /fd00::1\/64.*MTU 1279 is too small for IPv6$/],
];

for (const [name, addresses, mtuBytes, message] of useless) {
  Deno.test(`checkAssigned leaves out ${name} and goes on with the rest`, () => {
    const usable = checkAssigned({ addresses: [...addresses, ipv4], mtuBytes }, 1400);
    assert.deepEqual([usable.ipv4?.label, usable.ipv6], ["10.10.10.1/30", null]);
    assert.equal(usable.problems.length, 1);
    assert.match(usable.problems[0]!, /which the master assigned/);
    assert.match(usable.problems[0]!, message);
  });
}

Deno.test("checkAssigned takes the first of two IPv4 addresses", () => {
  const second = { address: "10.10.10.9", prefixBits: 30 };
  const usable = checkAssigned({ addresses: [ipv4, second], mtuBytes: 1380 }, 1400);
  assert.equal(usable.ipv4?.label, "10.10.10.1/30");
  assert.match(usable.problems.join(), /"10\.10\.10\.9\/30".*one of a kind is enough$/);
});

const refused: readonly [string, Partial<TunSpec>, RegExp][] = [
  ["a name of 16 bytes", { name: "abcdefghijklmnop" }, /at most 15 bytes/],
  ["a name of 16 bytes in 8 characters", { name: "öööööööö" }, /at most 15 bytes/],
  ["an empty name", { name: "" }, /type a name/],
  ["a name with a slash", { name: "a/b" }, /without blanks/],
  ["a name with a blank", { name: "a b" }, /without blanks/],
  ["a name with a NUL", { name: "a\0b" }, /without blanks/],
  ["the name of a folder", { name: ".." }, /type a name/],
  ["a template that is none", { name: "bind%s" }, /at most one %d/],
  ["a template with two numbers", { name: "b%d%d" }, /at most one %d/],
  ["an MTU of 575", { mtuBytes: 575 }, /from 576 to 65000/],
  ["an MTU of 65001", { mtuBytes: 65_001 }, /from 576 to 65000/],
  ["an MTU that is no whole number", { mtuBytes: 1400.5 }, /from 576 to 65000/],
  ["an MTU that is no number", { mtuBytes: NaN }, /from 576 to 65000/],
  ["a name as address", { addresses: [{ address: "host", prefixBits: 8 }] }, /"host\/8"/],
  ["an IPv4 prefix of 33", { addresses: [{ ...ipv4, prefixBits: 33 }] }, /from 0 to 32/],
  ["an IPv6 prefix of 129", { addresses: [{ ...ipv6, prefixBits: 129 }] }, /from 0 to 128/],
  ["a negative prefix", { addresses: [{ ...ipv4, prefixBits: -1 }] }, /from 0 to 32/],
  ["0.0.0.0", { addresses: [{ address: "0.0.0.0", prefixBits: 0 }] }, /unspecified/],
  ["a multicast address", { addresses: [{ address: "ff02::1", prefixBits: 8 }] }, /multicast/],
  ["two IPv4 addresses", { addresses: [ipv4, ipv4] }, /at most one IPv4/],
  ["two IPv6 addresses", { addresses: [ipv6, ipv6] }, /at most one IPv4/],
  ["IPv6 with an MTU of 1279", { addresses: [ipv4, ipv6], mtuBytes: 1279 }, /at least 1280/],
];

for (const [name, change, message] of refused) {
  Deno.test(`checkTunSpec refuses ${name}`, () => {
    assert.throws(() => checkTunSpec(specWith(change)), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /^Cannot use /);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}
