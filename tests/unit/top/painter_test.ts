import assert from "node:assert/strict";
import { Painter } from "../../../src/top/painter.ts";
import { type Line, span, type Style } from "../../../src/top/styled_line.ts";

const lines = (...texts: readonly string[]): readonly Line[] => texts.map((text) => [span(text)]);

Deno.test("Painter writes all of it first, then only the lines that are others", () => {
  const painter = new Painter(false);
  assert.equal(
    painter.paint(lines("one", "two"), 10),
    "\x1b[m\x1b[2J\x1b[1;1Hone\x1b[K\x1b[2;1Htwo\x1b[K",
  );
  assert.equal(painter.paint(lines("one", "two"), 10), "");
  assert.equal(painter.paint(lines("one", "2"), 10), "\x1b[2;1H2\x1b[K");
});

Deno.test("Painter writes all of it again on another size, and when told to", () => {
  const painter = new Painter(false);
  painter.paint(lines("one", "two"), 10);
  assert.match(painter.paint(lines("one", "two"), 11), /2J.*one.*two/);
  assert.match(painter.paint(lines("one", "two", "three"), 11), /2J.*one.*two.*three/);
  painter.forget();
  assert.match(painter.paint(lines("one", "two", "three"), 11), /2J.*one.*two.*three/);
  assert.equal(painter.paint(lines("one", "two", "three"), 11), "");
});

Deno.test("Painter does not erase the end of a line that is full", () => {
  assert.equal(new Painter(false).paint(lines("full"), 4), "\x1b[m\x1b[2J\x1b[1;1Hfull");
});

Deno.test("Painter has weights where colours are not wanted", () => {
  const styles: readonly Style[] = [
    "plain",
    "strong",
    "faint",
    "good",
    "care",
    "bad",
    "sent",
    "received",
  ];
  const line = styles.map((style) => span(style, style));
  const codes = (hasColors: boolean): string[] => {
    const text = new Painter(hasColors).paint([line], 99).replaceAll("\x1b", "ESC");
    return [...text.matchAll(/ESC\[([\d;]+)m/g)].map(([, code]) => code!);
  };
  assert.deepEqual(codes(false), ["1", "2", "1", "1"]);
  assert.deepEqual(codes(true), ["1", "2", "36", "33", "1;31", "33", "36"]);
});
