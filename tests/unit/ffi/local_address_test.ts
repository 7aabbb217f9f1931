import assert from "node:assert/strict";
import { LocalAddress, LocalAddressCache } from "../../../ffi/local_address.ts";

const PAD = [9, 9, 9, 9];

function viewOf(...bytes: readonly number[]): DataView<ArrayBuffer> {
  return new DataView(Uint8Array.from(bytes).buffer);
}

/** A `struct in6_pktinfo`. */
function ipv6(first: readonly number[], last: number, ifindex: number): number[] {
  return [...first, ...Array(15 - first.length).fill(0), last, ifindex, 0, 0, 0];
}

Deno.test("LocalAddress crafts IP_PKTINFO: the asked address to answer from, the interface left to the route", () => {
  const { hostname, isUnicast, control } = LocalAddress.fromIpv4(
    viewOf(...PAD, 3, 0, 0, 0, 10, 1, 2, 3, 10, 1, 2, 3),
    4,
  );
  assert.deepEqual([hostname, isUnicast], ["10.1.2.3", true]);
  // cmsg_len 28, level 0 (IPPROTO_IP), type 8; ifindex 0, spec_dst, addr; padding
  assert.deepEqual([...control], [
    ...[28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0],
    ...[0, 0, 0, 0, 10, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0],
  ]);
});

Deno.test("LocalAddress knows what is for everybody, and an address that the kernel did not look up", () => {
  const unicast = (...bytes: readonly number[]): boolean =>
    LocalAddress.fromIpv4(viewOf(1, 0, 0, 0, ...bytes), 0).isUnicast;
  assert.equal(unicast(10, 0, 0, 1, 10, 0, 0, 255), false);
  assert.equal(unicast(10, 0, 0, 1, 224, 0, 0, 1), false);
  assert.equal(unicast(0, 0, 0, 0, 10, 0, 0, 1), true);
  assert.equal(LocalAddress.fromIpv6(viewOf(...ipv6([0xff, 2], 1, 2)), 0).isUnicast, false);
});

Deno.test("LocalAddress crafts IPV6_PKTINFO, with the interface for link-local addresses only", () => {
  const global = LocalAddress.fromIpv6(viewOf(...ipv6([0xfd, 1], 7, 3)), 0);
  assert.deepEqual([global.hostname, global.isUnicast], ["fd01::7", true]);
  assert.deepEqual([...global.control], [
    ...[36, 0, 0, 0, 0, 0, 0, 0, 41, 0, 0, 0, 50, 0, 0, 0],
    ...ipv6([0xfd, 1], 7, 0),
    ...[0, 0, 0, 0],
  ]);
  const local = LocalAddress.fromIpv6(viewOf(...ipv6([0xfe, 0x80], 7, 3)), 0);
  assert.deepEqual([...local.control.subarray(16, 36)], ipv6([0xfe, 0x80], 7, 3));
});

Deno.test("LocalAddressCache gives the same object for the same bytes", () => {
  const cache = new LocalAddressCache(false);
  const a = viewOf(1, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 1);
  const b = viewOf(1, 0, 0, 0, 10, 0, 0, 2, 10, 0, 0, 2);
  const [first, second] = [cache.find(a, 0), cache.find(b, 0)];
  assert.deepEqual([first?.hostname, second?.hostname], ["10.0.0.1", "10.0.0.2"]);
  assert.equal(cache.find(a, 0), first);
  assert.equal(cache.find(b, 0), second);
});
