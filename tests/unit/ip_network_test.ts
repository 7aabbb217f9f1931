import assert from "node:assert/strict";
import { formatCidr, networkOf } from "../../src/ip_network.ts";

Deno.test("networkOf clears the host bits", () => {
  for (
    const [address, prefixBits, network] of [
      ["10.10.10.1", 24, "10.10.10.0/24"],
      ["10.20.255.255", 12, "10.16.0.0/12"],
      ["192.0.2.7", 32, "192.0.2.7/32"],
      ["192.0.2.7", 0, "0.0.0.0/0"],
      ["2001:DB8::1", 64, "2001:db8::/64"],
      ["fd12:3456:789a::1", 48, "fd12:3456:789a::/48"],
      ["2001:db8::1", 0, "::/0"],
    ] as const
  ) {
    assert.equal(formatCidr(networkOf({ address, prefixBits })!), network);
  }
});

Deno.test("networkOf knows no network of what is no address", () => {
  assert.equal(networkOf({ address: "phone", prefixBits: 8 }), null);
});
