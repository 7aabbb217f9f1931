import assert from "node:assert/strict";
import { IFNAME_BYTES, Ifreq, IFREQ_BYTES, IN6_IFREQ_BYTES } from "../../../ffi/ifreq.ts";
import { POLLFD_BYTES } from "../../../ffi/nonblocking_writer.ts";

Deno.test("struct sizes are those of 64-bit Linux", () => {
  // char[16] + the union's largest member, struct ifmap: 2 * 8 + 2 + 1 + 1 + 1, padded to 24
  assert.equal(IFREQ_BYTES, 16 + 24);
  // struct in6_addr + __u32 + int
  assert.equal(IN6_IFREQ_BYTES, 16 + 4 + 4);
  // int + 2 * short
  assert.equal(POLLFD_BYTES, 4 + 2 + 2);
  assert.equal(IFNAME_BYTES, 16);
});

Deno.test("Ifreq keeps a name of 15 bytes beside its fields and refuses one of 16", () => {
  using ifreq = new Ifreq("abcdefghijklmno");
  ifreq.flags = 0x9001;
  assert.equal(ifreq.name, "abcdefghijklmno");
  assert.equal(ifreq.flags, 0x9001);
  ifreq.int = 65_500;
  assert.equal(ifreq.int, 65_500);
  assert.throws(() => new Ifreq("abcdefghijklmnop"), /interface name/);
});
