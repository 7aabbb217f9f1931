import assert from "node:assert/strict";
import { publicAddresses } from "../../../src/state/public_addresses.ts";

function of(...addresses: string[]): readonly string[] {
  return publicAddresses(addresses.map((address) => ({ address })));
}

Deno.test("publicAddresses leaves out what the internet cannot reach", () => {
  assert.deepEqual(
    of(
      "127.0.0.1",
      "10.1.2.3",
      "172.31.0.1",
      "192.168.1.1",
      "100.64.0.1",
      "169.254.3.4",
      "0.0.0.0",
      "224.0.0.1",
      "::1",
      "fe80::1",
      "fd00::1",
      "ff02::1",
      "::",
      "nonsense",
    ),
    [],
  );
});

Deno.test("publicAddresses gives IPv4 first and one address of each IPv6 network", () => {
  assert.deepEqual(
    of("2001:db8:1::5", "198.51.100.7", "2001:db8:1::9", "2001:db8:2::5", "172.32.0.1"),
    ["198.51.100.7", "172.32.0.1", "2001:db8:1::5", "2001:db8:2::5"],
  );
});

Deno.test("publicAddresses gives each once, and no more than four", () => {
  assert.deepEqual(of("1.1.1.1", "1.1.1.1", "1.1.1.2", "1.1.1.3", "1.1.1.4", "1.1.1.5"), [
    "1.1.1.1",
    "1.1.1.2",
    "1.1.1.3",
    "1.1.1.4",
  ]);
});
