import assert from "node:assert/strict";
import {
  type DeviceRules,
  hasDoubtfulGateway,
  linkBy,
  whyNoLink,
} from "../../../src/hotplug/device_choice.ts";
import { proxied, usb, via } from "./interfaces.ts";

const RULES: DeviceRules = { isIncluded: null, isExcluded: () => false, tunName: "bind0" };

Deno.test("an interface that is up, with address and route, is a link", () => {
  for (const kind of ["", "wwan", "ppp", "vlan"]) {
    assert.equal(whyNoLink(usb(0, { kind }), RULES), null);
  }
});

Deno.test("what does not lead out is none, and it is told why", () => {
  const whys: [Parameters<typeof usb>[1], RegExp][] = [
    [{ isLoopback: true }, /loopback/],
    [{ name: "bind0" }, /tunnel's own/],
    [{ kind: "veth" }, /is a veth: --auto-include/],
    [{ kind: "bridge" }, /is a bridge/],
    [{ kind: "tun" }, /is a tun/],
    [{ isUp: false }, /down/],
    [{ isRunning: false }, /carrier/],
    [{ addresses: [] }, /address/],
    [{ hasRoute: false }, /default route/],
  ];
  for (const [more, why] of whys) assert.match(whyNoLink(usb(0, more), RULES) ?? "", why);
});

Deno.test("patterns: only what is included, of whatever kind; what is excluded never", () => {
  const rules = {
    ...RULES,
    isIncluded: (name: string) => name !== "usb1",
    isExcluded: (name: string) => name === "usb2",
  };
  assert.equal(whyNoLink(usb(0, { kind: "veth" }), rules), null);
  assert.match(whyNoLink(usb(1), rules) ?? "", /--auto-include/);
  assert.match(whyNoLink(usb(2), rules) ?? "", /--auto-exclude/);
  assert.match(whyNoLink(usb(0, { name: "bind0", kind: "tun" }), rules) ?? "", /tunnel's own/);
});

Deno.test("an interface by which a given link goes is that link's", () => {
  assert.equal(linkBy(usb(0), [via("usb1", 1), via("usb0", 2)]), "usb0");
  assert.equal(linkBy(usb(0), [proxied("phone", "192.168.40.1")]), "phone", "its gateway");
  assert.equal(linkBy(usb(0), [proxied("box", "192.168.40.99")]), "box", "in its network");
  assert.equal(
    linkBy(usb(0), [proxied("phone", "192.168.41.1"), proxied("name", "phone.lan")]),
    null,
  );
});

Deno.test("networks are compared to the bit, and only within a family", () => {
  const isBy = (address: string, prefixBits: number, host: string): boolean =>
    linkBy(usb(0, { gateway: null, addresses: [{ address, prefixBits }] }), [
      proxied("x", host),
    ]) !== null;
  assert.equal(isBy("10.0.16.1", 20, "10.0.31.255"), true);
  assert.equal(isBy("10.0.16.1", 20, "10.0.32.0"), false);
  assert.equal(isBy("10.0.0.1", 32, "10.0.0.1"), true);
  assert.equal(isBy("10.0.0.1", 32, "10.0.0.0"), false);
  assert.equal(isBy("10.0.0.1", 0, "203.0.113.9"), true);
  assert.equal(isBy("2001:db8:0:1::1", 63, "2001:db8::9"), true);
  assert.equal(isBy("2001:db8:0:1::1", 64, "2001:db8::9"), false);
  assert.equal(isBy("2001:db8::1", 0, "10.0.0.1"), false);
});

Deno.test("a gateway that another interface's network holds, too, is in doubt", () => {
  const same = { addresses: [{ address: "192.168.40.11", prefixBits: 24 }] };
  assert.equal(hasDoubtfulGateway(usb(0), [usb(0), usb(1)]), false);
  assert.equal(hasDoubtfulGateway(usb(0), [usb(0), usb(1, same)]), true);
  assert.equal(hasDoubtfulGateway(usb(0), [usb(0), usb(1, { ...same, isUp: false })]), false);
  assert.equal(hasDoubtfulGateway(usb(0, { gateway: null }), [usb(1, same)]), false);
});
