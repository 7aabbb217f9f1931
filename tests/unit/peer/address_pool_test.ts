import assert from "node:assert/strict";
import fc from "fast-check";
import { AddressPool, MASTER_HOST_NUMBER } from "../../../src/peer/address_pool.ts";
import { decodeAnswer, encodeAnswer } from "../../../src/peer/handshake_payload.ts";
import { parseIp } from "../../../src/ip_literal.ts";
import { hash } from "../../../src/peer/primitives.ts";
import { WELCOME } from "../../support/handshake_messages.ts";

const KEY = new Uint8Array(32).fill(4);

Deno.test("AddressPool gives the master .1 and slaves the numbers from 2 on, in both networks", () => {
  const pool = new AddressPool({ address: "10.10.10.0", prefixBits: 24 }, KEY);
  const ula = ulaOf(KEY);
  assert.deepEqual(pool.addressesOf(MASTER_HOST_NUMBER), [
    { address: "10.10.10.1", prefixBits: 24 },
    { address: `${ula}::1`, prefixBits: 64 },
  ]);
  assert.deepEqual(pool.addressesOf(254), [
    { address: "10.10.10.254", prefixBits: 24 },
    { address: `${ula}::fe`, prefixBits: 64 },
  ]);
  assert.equal(pool.lastHostNumber, 254);
});

Deno.test("AddressPool's IPv6 network follows from the master's key: fd, then 40 bits of a hash", () => {
  const ipv4 = { address: "10.10.10.0", prefixBits: 24 };
  const [, a] = new AddressPool(ipv4, KEY).addressesOf(2);
  const [, same] = new AddressPool({ address: "10.0.0.0", prefixBits: 8 }, KEY).addressesOf(2);
  const [, other] = new AddressPool(ipv4, new Uint8Array(32).fill(5)).addressesOf(2);
  assert.deepEqual(a, same);
  assert.notDeepEqual(a, other);
  const digest = hash(new TextEncoder().encode("bindlink ula"), KEY);
  const expected = Uint8Array.of(0xfd, ...digest.subarray(0, 5), 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
  assert.deepEqual(parseIp(a!.address), expected);
});

Deno.test("AddressPool of /30 has room for one slave", () => {
  const pool = new AddressPool({ address: "192.168.7.252", prefixBits: 30 }, KEY);
  assert.equal(pool.lastHostNumber, 2);
  assert.equal(pool.addressesOf(2)[0]!.address, "192.168.7.254");
  assert.equal(pool.freeHostNumber(new Set()), 2);
  assert.equal(pool.freeHostNumber(new Set([2])), null);
});

Deno.test("AddressPool of /8 reaches to the address before the broadcast address", () => {
  const pool = new AddressPool({ address: "10.0.0.0", prefixBits: 8 }, KEY);
  assert.deepEqual(pool.addressesOf(pool.lastHostNumber), [
    { address: "10.255.255.254", prefixBits: 8 },
    { address: `${ulaOf(KEY)}::ff:fffe`, prefixBits: 64 },
  ]);
});

Deno.test("AddressPool.freeHostNumber gives the lowest number that is free", () => {
  const pool = new AddressPool({ address: "10.10.10.0", prefixBits: 28 }, KEY);
  assert.equal(pool.freeHostNumber(new Set([2, 3, 5])), 4);
  assert.equal(pool.freeHostNumber(new Set([3])), 2);
  const taken = new Set<number>();
  for (
    let number = pool.freeHostNumber(taken);
    number !== null;
    number = pool.freeHostNumber(taken)
  ) {
    taken.add(number);
  }
  assert.deepEqual([...taken], [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
});

Deno.test("AddressPool.addressesOf refuses numbers beyond the pool", () => {
  const pool = new AddressPool({ address: "10.10.10.0", prefixBits: 24 }, KEY);
  for (const number of [0, 255, 256, -1, 1.5, NaN]) {
    assert.throws(() => pool.addressesOf(number), RangeError);
  }
});

Deno.test("AddressPool refuses networks that are none, and says what was meant", () => {
  const refuse = (address: string, prefixBits: number, message: RegExp): void =>
    assert.throws(() => new AddressPool({ address, prefixBits }, KEY), {
      name: "RangeError",
      message,
    });
  refuse(
    "10.10.10.7",
    24,
    /^Cannot use address pool "10\.10\.10\.7\/24": did you mean 10\.10\.10\.0\/24\?$/,
  );
  refuse("10.10.10.0", 31, /must be from \/8 to \/30$/);
  refuse("10.0.0.0", 7, /must be from \/8 to \/30$/);
  refuse("10.10.10.0", 24.5, /must be from/);
  refuse("fd00::", 64, /not an IPv4 network$/);
  refuse("nowhere", 24, /not an IPv4 network$/);
  refuse("127.0.0.0", 8, /no machine can have its addresses$/);
  refuse("224.0.0.0", 24, /no machine can have its addresses$/);
});

Deno.test("AddressPool gives each number addresses of its own, which a welcome can carry", () => {
  const pools = fc.tuple(
    fc.nat(0xffff_ffff),
    fc.integer({ min: 8, max: 30 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  );
  fc.assert(fc.property(pools, ([bits, prefixBits, place]) => {
    const size = 2 ** (32 - prefixBits);
    const network = bits - bits % size;
    const first = network / 2 ** 24 | 0;
    fc.pre(first !== 0 && first !== 127 && first < 224);
    const address = [first, network >>> 16 & 255, network >>> 8 & 255, network & 255].join(".");
    const pool = new AddressPool({ address, prefixBits }, KEY);
    const number = 2 + Math.floor(place * (pool.lastHostNumber - 2));
    const addresses = pool.addressesOf(number);
    const [ipv4, ipv6] = addresses.map((it) => parseIp(it.address)!);
    assert.equal(new DataView(ipv4!.buffer).getUint32(0), network + number);
    assert.equal(new DataView(ipv6!.buffer).getUint32(12), number);
    assert.deepEqual(decodeAnswer(encodeAnswer({ ...WELCOME, addresses })), {
      ...WELCOME,
      addresses,
    });
  }));
});

/** The network as text; no group of it is 0 for these keys. */
function ulaOf(key: Uint8Array): string {
  const digest = hash(new TextEncoder().encode("bindlink ula"), key);
  const groups = [0xfd00 | digest[0]!, digest[1]! << 8 | digest[2]!, digest[3]! << 8 | digest[4]!];
  return groups.map((group) => group.toString(16)).join(":");
}
