import assert from "node:assert/strict";
import type { Frame } from "../../../scripts/demo/frame.ts";
import { PHONES } from "../../../scripts/demo/phones.ts";
import { drawLine, drawTable, MIN_COLUMNS } from "../../../scripts/demo/table.ts";

const FRAME: Frame = {
  elapsedMs: 25_900,
  totalMs: 26_000,
  act: 1,
  title: "three phones together",
  tunnelBps: 129.7e6,
  aloneBps: 19.2e6,
  history: Array.from({ length: 200 }, () => ({ tunnelBps: 29e6, act: 1 })),
  rows: PHONES.map((phone, place) => ({
    phone,
    rateBps: 119.1e6,
    share: 1,
    roundTripMs: 1_234.5,
    state: place === 0 ? "up" : place === 1 ? "connecting" : "probing",
    isCut: place === 2,
  })),
};

function plain(_style: unknown, text: string): string {
  return text;
}

Deno.test("drawTable fits into a terminal of the smallest width", () => {
  const lines = drawTable(FRAME, MIN_COLUMNS, plain);
  assert.deepEqual(lines.filter((line) => [...line].length > MIN_COLUMNS), []);
});

Deno.test("drawTable fills no terminal beyond what it needs, and always as many lines", () => {
  const narrow = drawTable(FRAME, MIN_COLUMNS, plain);
  const wide = drawTable({ ...FRAME, aloneBps: null, history: [] }, 400, plain);
  assert.equal(wide.length, narrow.length);
  assert.deepEqual(wide.filter((line) => [...line].length > 110), []);
});

Deno.test("drawTable says of a phone that was cut whether it is left out", () => {
  const lines = drawTable(FRAME, 100, plain).filter((line) => line.includes("phone 3"));
  assert.match(lines.join(), /× left out$/);
});

Deno.test("drawLine says in ASCII what the table says", () => {
  const line = drawLine(FRAME);
  assert.match(line, /^ 26 s {2}three phones together: tunnel 129\.7 Mbit\/s, 6\.76 x \| phone 1 /);
  assert.doesNotMatch(line, /[^\x20-\x7e]/);
});
