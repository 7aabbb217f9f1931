import assert from "node:assert/strict";
import fc from "fast-check";
import { ASCII_GLYPHS, UNICODE_GLYPHS } from "../../../src/top/glyphs.ts";
import { drawBar, drawSparkline, roundScale, shortRate } from "../../../src/top/rate_drawing.ts";

Deno.test("drawBar fills by eighths, and shows the least there is", () => {
  assert.equal(drawBar(0, 4, UNICODE_GLYPHS), "░░░░");
  assert.equal(drawBar(0.0001, 4, UNICODE_GLYPHS), "▏░░░");
  assert.equal(drawBar(0.375, 4, UNICODE_GLYPHS), "█▌░░");
  assert.equal(drawBar(1, 4, UNICODE_GLYPHS), "████");
  assert.equal(drawBar(7, 4, UNICODE_GLYPHS), "████");
  assert.equal(drawBar(-1, 4, UNICODE_GLYPHS), "░░░░");
  assert.equal(drawBar(0.5, 4, ASCII_GLYPHS), "##..");
  assert.equal(drawBar(0.01, 4, ASCII_GLYPHS), "#...");
});

Deno.test("drawBar has just its columns", () => {
  fc.assert(fc.property(fc.double(), fc.nat(50), fc.boolean(), (fraction, columns, isAscii) => {
    const glyphs = isAscii ? ASCII_GLYPHS : UNICODE_GLYPHS;
    const finite = Number.isNaN(fraction) ? 0 : fraction;
    assert.equal(drawBar(finite, columns, glyphs).length, columns);
  }));
});

Deno.test("drawSparkline ends with the newest, and leaves out what is not known", () => {
  const draw = (rates: readonly (number | null)[], columns: number, highest = 7): string =>
    drawSparkline(rates, { columns, highest }, UNICODE_GLYPHS);
  assert.equal(draw([0, 1, 2, 3, 4, 5, 6, 7], 8), "▁▂▃▄▅▆▇█");
  assert.equal(draw([0, 1, 7], 8), "     ▁▂█");
  assert.equal(draw([0, 1, 2, 7], 2), "▃█");
  assert.equal(draw([7, null, 0.001, 9], 4), "█ ▂█");
  assert.equal(draw([1, 2], 3, 0), " ▁▁");
  assert.equal(draw([1], 0), "");
});

Deno.test("roundScale is the next of 1, 2, 5, and no less than 100 kbit/s", () => {
  assert.deepEqual(
    [0, 99_999, 100_000, 100_001, 450_000, 1e6, 12_100_000, 20e6, 51e6, 2.1e9].map(roundScale),
    [1e5, 1e5, 1e5, 2e5, 5e5, 1e6, 2e7, 2e7, 1e8, 5e9],
  );
});

Deno.test("shortRate has five columns at most", () => {
  assert.deepEqual(
    [0, 999, 1_000, 999_499, 999_500, 12.14e6, 99.94e6, 99.95e6, 999.4e6, 999.5e6, 12e9]
      .map(shortRate),
    ["0", "999", "1k", "999k", "1.0M", "12.1M", "99.9M", "100M", "999M", "1.0G", "12.0G"],
  );
  fc.assert(fc.property(fc.double({ min: 0, max: 99e9, noNaN: true }), (bps) => {
    assert(shortRate(bps).length <= 5);
  }));
});
