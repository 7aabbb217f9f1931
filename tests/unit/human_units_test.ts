import assert from "node:assert/strict";
import { formatAgo, formatBytes } from "../../src/human_units.ts";

Deno.test("formatBytes shows two to four digits in the right unit", () => {
  const cases: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [9.99 * 1024, "10 KiB"],
    [1023.4 * 1024, "1023 KiB"],
    [1023.6 * 1024, "1.0 MiB"],
    [5 * 2 ** 30, "5.0 GiB"],
    [2 ** 50, "1.0 PiB"],
    [Number.MAX_SAFE_INTEGER, "8.0 PiB"],
    [2000 * 2 ** 50, "2000 PiB"],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

Deno.test("formatAgo rounds down, and takes a time to come as now", () => {
  const minute = 60_000;
  const hour = 60 * minute;
  const cases: readonly (readonly [number, string])[] = [
    [-hour, "just now"],
    [4_999, "just now"],
    [5_000, "5 s ago"],
    [59_999, "59 s ago"],
    [3 * minute, "3 min ago"],
    [hour - 1, "59 min ago"],
    [hour, "1 h ago"],
    [48 * hour - 1, "47 h ago"],
    [48 * hour, "2 days ago"],
    [1000 * 24 * hour, "1000 days ago"],
  ];
  for (const [ms, text] of cases) assert.equal(formatAgo(ms), text);
});
