/**
 * A link, or a slave, as lines: one with its numbers, more with bars, history, and why. Pure.
 *
 * @module
 */

import { formatBps, formatBytes, formatPercent } from "../human_units.ts";
import { settingsText } from "../control/settings_text.ts";
import type { LinkReport, SlaveReport } from "../control/status_report.ts";
import {
  type Canvas,
  cell,
  itemName,
  type ItemTerms,
  NARROW_CELL,
  STATE_COLUMNS,
  WIDE_CELLS,
} from "./canvas.ts";
import { budgetOf } from "./link_budget.ts";
import { type Condition, linkCondition, slaveCondition } from "./link_condition.ts";
import { drawBar, drawSparkline, shortRate } from "./rate_drawing.ts";
import type { RateHistory } from "./rate_history.ts";
import { cutLine, type Line, type Span, span, type Style } from "./styled_line.ts";
import { printable } from "./text_width.ts";
import { itemRates, type TopItem } from "./top_item.ts";

/** How much is said of an item: its numbers; bars and reason, too; settings and all. */
export type Detail = 0 | 1 | 2;

/** The item's lines, none wider than the canvas. */
export function itemLines(
  item: TopItem,
  { detail, isChosen }: { readonly detail: Detail; readonly isChosen: boolean },
  terms: ItemTerms,
): readonly Line[] {
  const { columns, glyphs } = terms.canvas;
  const lines = [numbersLine(item, isChosen, terms), ...detailLines(item, detail, terms)];
  return lines.map((line) => cutLine(line, columns, glyphs.ellipsis));
}

/** How many lines {@link itemLines} gives. */
export function itemHeight(item: TopItem, detail: Detail, { isWide }: Canvas): number {
  if (detail === 0) return 1;
  if (item.kind === "slave") return 2;
  const more = detail === 2 ? 1 : 0;
  return 3 + (isWide ? 0 : 1) + (budgetOf(item.link) === null ? 0 : 1) + more;
}

/** The headings of the numbers. */
export function headingLine({ canvas, nameColumns }: ItemTerms, what: string): Line {
  const texts = canvas.isWide ? WIDE_HEADINGS.map((it, i) => cell(it, WIDE_CELLS[i]!, canvas)) : [];
  const heads = [cell(what, nameColumns, canvas), cell("STATE", STATE_COLUMNS, canvas), ...texts];
  return [span(` ${heads.map(({ text }) => text).join("")}`.trimEnd(), "faint")];
}

function numbersLine(item: TopItem, isChosen: boolean, terms: ItemTerms): Line {
  const { canvas, nameColumns } = terms;
  const { mark, word, style } = conditionOf(item, canvas);
  return [
    span(isChosen ? ">" : " ", "strong"),
    cell(printable(itemName(item)), nameColumns, canvas, isChosen ? "strong" : "plain"),
    cell(`${mark} ${word}`, STATE_COLUMNS, canvas, style),
    ...(canvas.isWide ? wideNumbers(item, canvas) : narrowNumbers(item, canvas)),
  ];
}

function conditionOf(item: TopItem, { glyphs }: Canvas): Condition {
  return item.kind === "link"
    ? linkCondition(item.link, glyphs)
    : slaveCondition(item.slave, glyphs);
}

function wideNumbers(item: TopItem, canvas: Canvas): Line {
  const { sentBps, receivedBps } = itemRates(item);
  const texts = [formatBps(sentBps), formatBps(receivedBps)];
  if (item.kind === "link") {
    const { lossFraction, share } = item.link;
    texts.push(roundTrip(item.link), formatPercent(lossFraction), formatPercent(share));
  }
  return texts.map((text, i) => cell(text, WIDE_CELLS[i]!, canvas));
}

function narrowNumbers(item: TopItem, canvas: Canvas): Line {
  const { sentBps, receivedBps } = itemRates(item);
  const { sent, received } = canvas.glyphs;
  return [
    cell(sent + shortRate(sentBps).padStart(NARROW_CELL - 1), -NARROW_CELL, canvas),
    cell(received + shortRate(receivedBps).padStart(NARROW_CELL - 1), -NARROW_CELL, canvas),
  ];
}

function detailLines(item: TopItem, detail: Detail, terms: ItemTerms): readonly Line[] {
  if (detail === 0) return [];
  if (item.kind === "slave") return [[INDENT, span(slaveText(item.slave), "faint")]];
  const { link } = item;
  const { canvas } = terms;
  const { style } = linkCondition(link, canvas.glyphs);
  const lines: Line[] = [barsLine(item, terms)];
  if (!canvas.isWide) lines.push([INDENT, span(narrowDetails(link))]);
  lines.push([INDENT, span(printable(link.reason), style === "good" ? "plain" : style)]);
  const budget = budgetOf(link);
  if (budget !== null) {
    const { usedFraction, text, isShort } = budget;
    const bar = usedFraction === null
      ? ""
      : `${drawBar(usedFraction, BUDGET_BAR_COLUMNS, canvas.glyphs)} `;
    lines.push([INDENT, span(printable(`budget ${bar}${text}`), isShort ? "care" : "plain")]);
  }
  if (detail === 2) lines.push([INDENT, span(printable(wayText(link)), "faint")]);
  return lines;
}

/** Both ways: bars on the scale of all links, histories each on its own, whose form is what counts. */
function barsLine(item: TopItem, { canvas, scaleBps, histories }: ItemTerms): Line {
  const { sentBps, receivedBps } = itemRates(item);
  const { glyphs, columns } = canvas;
  const history = histories.of(item.key);
  const half = Math.floor((columns - 2 * INDENT_COLUMNS) / 2);
  const barColumns = Math.floor(0.35 * (half - 3));
  const spark = { columns: half - 3 - barColumns };
  const way = (arrow: string, bps: number, rates: RateHistory, style: Style): Span[] => [
    span(`${arrow} `),
    span(drawBar(bps / scaleBps, barColumns, glyphs), style),
    span(" "),
    span(sparklineOf(rates, spark.columns, canvas), style),
  ];
  return [
    INDENT,
    ...way(glyphs.sent, sentBps, history.sent, "sent"),
    span("  "),
    ...way(glyphs.received, receivedBps, history.received, "received"),
  ];
}

/** A history on its own scale, but no lower than one that pings alone would fill. */
export function sparklineOf(rates: RateHistory, columns: number, { glyphs }: Canvas): string {
  const shown = rates.last(columns);
  const highest = shown.reduce<number>((most, bps) => Math.max(most, bps ?? 0), LEAST_PEAK_BPS);
  return drawSparkline(shown, { columns, highest }, glyphs);
}

function narrowDetails(link: LinkReport): string {
  return `${roundTrip(link)}, loss ${formatPercent(link.lossFraction)}, ` +
    `share ${formatPercent(link.share)}`;
}

function roundTrip({ roundTripMs }: LinkReport): string {
  return roundTripMs === null ? "-" : `${Math.round(roundTripMs)} ms`;
}

function wayText({ kind, address, transport, settings }: LinkReport): string {
  const over = transport === "tcp" ? " over TCP" : "";
  return `${kind} ${address}`.trim() + `${over}; ${settingsText(settings)}`;
}

function slaveText({ addresses, sentBytes, receivedBytes }: SlaveReport): string {
  return `received ${formatBytes(receivedBytes)}, sent ${formatBytes(sentBytes)}; ` +
    addresses.join(", ");
}

const INDENT_COLUMNS = 4;

const INDENT = span(" ".repeat(INDENT_COLUMNS));

const BUDGET_BAR_COLUMNS = 10;

const WIDE_HEADINGS = ["SENDS", "RECEIVES", "ROUND TRIP", "LOSS", "SHARE"] as const;

/** Idle links ping at some kbit/s. */
const LEAST_PEAK_BPS = 20_000;
