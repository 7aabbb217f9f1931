import assert from "node:assert/strict";
import { sourceNetwork } from "../../../src/peer/source_network.ts";

Deno.test("sourceNetwork is an IPv4 address whatever the port, and an IPv6 address's /64", () => {
  const cases = [
    ["192.0.2.1:1", "192.0.2.1"],
    ["192.0.2.1:65535", "192.0.2.1"],
    ["[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2/64"],
    ["[2001:db8:1:2::9]:1", "2001:db8:1:2/64"],
    ["[2001:db8::9]:1", "2001:db8:0:0/64"],
    ["[::1]:1", "0:0:0:0/64"],
    ["[::]:1", "0:0:0:0/64"],
    ["[1::]:1", "1:0:0:0/64"],
    ["[::ffff:192.0.2.1]:1", "0:0:0:0/64"],
    ["[fe80::1%eth0]:1", "fe80:0:0:0/64"],
    ["", ""],
    ["somewhere", "somewhere"],
  ];
  for (const [source, network] of cases) assert.equal(sourceNetwork(source!), network, source);
});
