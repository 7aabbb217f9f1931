/**
 * All items in the rows that there are: with as much said of each as goes in, and the chosen one always to be seen. Pure.
 *
 * @module
 */

import type { Canvas, ItemTerms } from "./canvas.ts";
import { type Detail, itemHeight, itemLines } from "./item_lines.ts";
import { type Line, span } from "./styled_line.ts";
import type { TopItem } from "./top_item.ts";

/** What is said of the items, and of the chosen one. */
interface Details {
  readonly others: Detail;
  readonly chosen: Detail;
}

/** What is tried, in this order. */
const CHOICES: readonly Details[] = [
  { others: 2, chosen: 2 },
  { others: 1, chosen: 2 },
  { others: 1, chosen: 1 },
  { others: 0, chosen: 2 },
  { others: 0, chosen: 1 },
];

/** The lines, `rows` at most. @param index of the chosen one */
export function listLines(
  items: readonly TopItem[],
  index: number,
  { rows, terms }: { readonly rows: number; readonly terms: ItemTerms },
): readonly Line[] {
  const { canvas } = terms;
  const draw = (i: number, details: Details): readonly Line[] => {
    const isChosen = i === index;
    const detail = isChosen ? details.chosen : details.others;
    return itemLines(items[i]!, { detail, isChosen }, terms);
  };
  const fitting = CHOICES.find((details) => listHeight(items, index, details, canvas) <= rows);
  if (fitting !== undefined) return items.flatMap((_, i) => draw(i, fitting));
  return windowLines(items, index, { rows, canvas, draw });
}

function listHeight(
  items: readonly TopItem[],
  index: number,
  { others, chosen }: Details,
  canvas: Canvas,
): number {
  return items.reduce(
    (sum, item, i) => sum + itemHeight(item, i === index ? chosen : others, canvas),
    0,
  );
}

/** A part of the items around the chosen one, with a last line that says how many there are besides. */
function windowLines(
  items: readonly TopItem[],
  index: number,
  { rows, canvas, draw }: {
    readonly rows: number;
    readonly canvas: Canvas;
    readonly draw: (i: number, details: Details) => readonly Line[];
  },
): readonly Line[] {
  const room = rows - 1;
  const chosen =
    ([2, 1, 0] as const).find((detail) =>
      itemHeight(items[index]!, detail, canvas) <= Math.max(1, room - LEAST_OTHERS)
    ) ?? 0;
  const shown = Math.min(items.length, 1 + room - itemHeight(items[index]!, chosen, canvas));
  const first = Math.min(Math.max(0, index - Math.floor(shown / 2)), items.length - shown);
  const lines = Array.from({ length: shown }, (_, i) => draw(first + i, { others: 0, chosen }));
  const below = items.length - first - shown;
  return [...lines.flat(), [span(`  ${first} more above, ${below} below`, "faint")]];
}

/** Items besides the chosen one that are to be seen before it is told more of. */
const LEAST_OTHERS = 2;
