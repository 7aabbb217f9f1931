import assert from "node:assert/strict";
import { matcherOf } from "../../../src/hotplug/name_pattern.ts";

Deno.test("a pattern is for the whole name: * is any characters, ? is one, all others are themselves", () => {
  const cases: [string, string, boolean][] = [
    ["usb*", "usb0", true],
    ["usb*", "usb", true],
    ["usb*", "xusb0", false],
    ["wlan?", "wlan0", true],
    ["wlan?", "wlan10", false],
    ["eth0.5", "eth0.5", true],
    ["eth0.5", "eth0x5", false],
    ["a+b$^|", "a+b$^|", true],
    ["USB0", "usb0", false],
    ["*", "", true],
    ["w?", "wé", true],
  ];
  for (const [pattern, name, isMatch] of cases) {
    assert.equal(matcherOf([pattern])(name), isMatch, `${pattern} ${name}`);
  }
  assert.equal(matcherOf(["a", "b*"])("bc"), true);
  assert.equal(matcherOf([])("a"), false);
});
