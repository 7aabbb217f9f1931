import assert from "node:assert/strict";
import { cutLine, lineText, lineWidth, span } from "../../../src/top/styled_line.ts";
import { cutText, fitText, printable, textWidth } from "../../../src/top/text_width.ts";

Deno.test("textWidth counts columns", () => {
  assert.deepEqual(["", "abc", "é", "e\u0301", "漢字", "▁█"].map(textWidth), [0, 3, 1, 1, 4, 2]);
});

Deno.test("cutText and fitText never take more columns than there are", () => {
  assert.equal(cutText("phone1", 6, "…"), "phone1");
  assert.equal(cutText("phone1", 5, "…"), "phon…");
  assert.equal(cutText("漢字漢", 4, "…"), "漢…");
  assert.equal(cutText("phone1", 0, "…"), "");
  assert.equal(fitText("漢字漢", 4, { ellipsis: "…" }), "漢… ");
  assert.equal(fitText("ab", 4, { ellipsis: "…", side: "right" }), "  ab");
});

Deno.test("printable leaves nothing that moves the cursor", () => {
  assert.equal(printable("a\x1b[2J\r\n\u202eb"), "a [2J   b");
});

Deno.test("cutLine cuts in the piece where the line ends", () => {
  const line = [span("phone1", "strong"), span(" up", "good")];
  assert.equal(cutLine(line, 9, "…"), line);
  assert.equal(lineText(cutLine(line, 8, "…")), "phone1 …");
  assert.equal(lineText(cutLine(line, 6, "…")), "phone…");
  assert.equal(lineText(cutLine(line, 2, "…")), "p…");
  assert.equal(lineWidth(cutLine([span("漢字"), span("x")], 4, "…")), 3);
});
