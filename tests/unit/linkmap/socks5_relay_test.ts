import assert from "node:assert/strict";
import { repairRelayHost } from "../../../src/linkmap/socks5_relay.ts";

/** Named by the proxy, the proxy's own address, what is right, why. */
const CASES: readonly [string | null, string, string, string][] = [
  ["0.0.0.0", "192.168.43.1", "192.168.43.1", "unspecified"],
  ["::", "192.168.43.1", "192.168.43.1", "unspecified, other family"],
  ["::", "2001:db8::1", "2001:db8::1", "unspecified"],
  [null, "203.0.113.5", "203.0.113.5", "a name that does not resolve"],
  ["192.168.43.1", "192.168.43.1", "192.168.43.1", "the proxy itself"],
  ["127.0.0.1", "192.168.43.1", "192.168.43.1", "loopback of the proxy"],
  ["::1", "2001:db8::1", "2001:db8::1", "loopback of the proxy"],
  ["127.0.0.2", "127.0.0.1", "127.0.0.2", "loopback here"],
  ["10.1.2.3", "203.0.113.5", "203.0.113.5", "behind a NAT"],
  ["fd00::3", "2001:db8::1", "2001:db8::1", "behind a NAT"],
  ["10.99.0.7", "192.168.43.1", "192.168.43.1", "a phone's carrier side"],
  ["100.72.1.1", "192.168.43.1", "192.168.43.1", "a phone's carrier side"],
  ["192.168.43.7", "192.168.43.1", "192.168.43.7", "another host beside the proxy"],
  ["fe80::1", "fe80::1", "fe80::1", "link-local both"],
  ["fe80::1", "2001:db8::1", "2001:db8::1", "link-local of the proxy"],
  ["198.51.100.9", "203.0.113.5", "198.51.100.9", "another public host"],
  ["198.51.100.9", "192.168.43.1", "198.51.100.9", "a public relay"],
  ["255.255.255.255", "203.0.113.5", "203.0.113.5", "broadcast"],
  ["ff02::1", "2001:db8::1", "2001:db8::1", "multicast"],
  ["::ffff:192.168.43.1", "192.168.43.1", "192.168.43.1", "IPv4-mapped"],
  ["0.0.0.0", "2001:DB8:0::1", "2001:db8::1", "canonical text"],
];

for (const [bound, proxy, relay, why] of CASES) {
  Deno.test(`repairRelayHost makes ${bound} of a proxy at ${proxy} ${relay} (${why})`, () => {
    assert.equal(repairRelayHost(bound, proxy), relay);
  });
}
