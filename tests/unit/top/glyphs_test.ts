import assert from "node:assert/strict";
import { ASCII_GLYPHS, type Glyphs, glyphsOf, UNICODE_GLYPHS } from "../../../src/top/glyphs.ts";
import { textWidth } from "../../../src/top/text_width.ts";

function glyphsIn(environment: Readonly<Record<string, string>>): Glyphs {
  return glyphsOf((name) => environment[name]);
}

Deno.test("glyphsOf takes ASCII unless the locale says UTF-8", () => {
  assert.equal(glyphsIn({ LANG: "de_DE.UTF-8" }), UNICODE_GLYPHS);
  assert.equal(glyphsIn({ LANG: "C.utf8" }), UNICODE_GLYPHS);
  assert.equal(glyphsIn({ LANG: "de_DE.UTF-8", LC_ALL: "C" }), ASCII_GLYPHS);
  assert.equal(glyphsIn({ LANG: "C", LC_CTYPE: "C.UTF-8" }), UNICODE_GLYPHS);
  assert.equal(glyphsIn({ LANG: "C.UTF-8", LC_ALL: "" }), UNICODE_GLYPHS);
  assert.equal(glyphsIn({}), ASCII_GLYPHS);
});

Deno.test("all glyphs take one column, and ASCII is ASCII", () => {
  for (
    const { bar, barEmpty, spark, ellipsis, sent, received, states } of [
      UNICODE_GLYPHS,
      ASCII_GLYPHS,
    ]
  ) {
    const all = [...bar, barEmpty, ...spark, ellipsis, sent, received, ...Object.values(states)];
    for (const glyph of all) assert.equal(textWidth(glyph), 1, glyph);
  }
  assert.match(JSON.stringify(ASCII_GLYPHS), /^[\x20-\x7e]*$/);
});
