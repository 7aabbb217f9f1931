import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeChange,
  decodeMode,
  decodeNewLinks,
  encodeChange,
  encodeNewLink,
} from "../../../src/control/link_requests.ts";
import type { NewLink } from "../../../src/live_links.ts";
import { LINK_MODES, type LinkChange } from "../../../src/multiplexer/link_settings.ts";

/** Through the socket. */
function sent(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const CAPS = fc.constantFrom(Infinity, 64_000, 5e6);
const CHANGES = fc.record({
  mode: fc.constantFrom(...LINK_MODES, null),
  isMetered: fc.boolean(),
  capUpBps: CAPS,
  capDownBps: CAPS,
  pricePerGb: fc.constantFrom(null, 0, 2.5, 1e6),
  // From the least to the most that the command line takes.
  budgetBytes: fc.constantFrom(Infinity, 1e6, 500e9, 1e15),
  resetDay: fc.integer({ min: 1, max: 31 }),
  isBudgetHard: fc.boolean(),
}, { requiredKeys: [] }) as fc.Arbitrary<LinkChange>;

Deno.test("a change of settings is read as it was sent", () => {
  fc.assert(fc.property(CHANGES, (change) => {
    assert.deepEqual(decodeChange(sent(encodeChange(change))), { ...change });
  }));
});

Deno.test("a price, a budget and a day that cannot be are refused", () => {
  for (
    const change of [
      { pricePerGb: -1 },
      { pricePerGb: "2" },
      { pricePerGb: 1e7 },
      { budgetBytes: 0 },
      { budgetBytes: 2e15 },
      { budgetBytes: "1GB" },
      { resetDay: 0 },
      { resetDay: 32 },
      { resetDay: 1.5 },
      { resetDay: null },
      { isBudgetHard: 1 },
    ]
  ) {
    const key = Object.keys(change)[0];
    assert.throws(() => decodeChange(change), new RegExp(`"${key}" is missing or malformed$`));
  }
  assert.deepEqual(decodeChange({ pricePerGb: 0.12345, isSpent: true }), { pricePerGb: 0.123 });
});

Deno.test("a link to add is read as it was sent", () => {
  const links: NewLink[] = [
    { name: "a", proxy: null, targets: [{ host: "m", port: 1 }], settings: {} },
    { name: null, proxy: null, device: "usb0", targets: [], settings: { mode: "backup" } },
    {
      name: null,
      proxy: { host: "p", port: 2, credentials: { username: "u", password: "pw" } },
      targets: [],
      settings: { capUpBps: Infinity },
    },
  ];
  assert.deepEqual(decodeNewLinks(sent(links.map(encodeNewLink))), links);
});

Deno.test("a mode that does not exist is refused", () => {
  for (const mode of ["fast", null, 3, undefined]) {
    assert.throws(() => decodeMode(mode), /"mode" is missing or malformed$/);
  }
});

Deno.test("what is malformed is refused, never taken, and never thrown as anything but an Error with its key", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    for (const decode of [decodeChange, decodeNewLinks]) {
      try {
        decode(value);
      } catch (error) {
        assert(error instanceof Error);
        assert.match(error.message, /^Cannot read control request: "\w+" is missing or malformed$/);
      }
    }
  }));
  const link = { name: null, proxy: null, targets: [], settings: {} };
  for (
    const wrong of [
      [],
      [{ ...link, name: 1 }],
      [{ ...link, name: "" }],
      [{ ...link, name: "a b" }],
      [{ ...link, name: "\x1b[31m" }],
      [{ ...link, name: "n".repeat(33) }],
      [{ ...link, device: 1 }],
      [{ ...link, device: "../usb0" }],
      [{ ...link, targets: [{ host: "", port: 1 }] }],
      [{ ...link, targets: [{ host: "h", port: 65_536 }] }],
      [{ ...link, proxy: { host: "h", port: 1, credentials: { username: "u" } } }],
      [{ ...link, settings: { capUpBps: -1 } }],
      [{ ...link, settings: { capUpBps: 0.001 } }],
      [{ ...link, settings: { capDownBps: 1e300 } }],
      [{ ...link, settings: { isMetered: "yes" } }],
      Array.from({ length: 256 }, () => link),
    ]
  ) assert.throws(() => decodeNewLinks(wrong), /missing or malformed/);
});
