/**
 * The first lines of the screen: whose it is, what goes through the tunnel, and whether the daemon answers. Pure.
 *
 * @module
 */

import { formatBps, formatBytes, formatDuration } from "../human_units.ts";
import type { StatusReport } from "../control/status_report.ts";
import type { Canvas } from "./canvas.ts";
import { sparklineOf } from "./item_lines.ts";
import type { RateHistory } from "./rate_history.ts";
import { type Line, span, type Style } from "./styled_line.ts";
import { fitText, printable } from "./text_width.ts";
import { TOTALS_KEY } from "./top_item.ts";
import type { TopState } from "./top_state.ts";

/** The daemon, by what tells it from others. */
export function titleLine(report: StatusReport, { isWide }: Canvas): Line {
  const { version, role, tun, uptimeSeconds, mode } = report;
  const upFor = `up for ${formatDuration(uptimeSeconds)}`;
  const name = printable(tun.name);
  const words = isWide
    ? [`bindlink ${version} ${role}`, `${name}, MTU ${tun.mtuBytes}`, upFor]
    : [`${role} ${name}`];
  if (mode !== null) words.push(`mode ${mode}`);
  if (!isWide) words.push(upFor);
  return [span(words.join("; "), "strong")];
}

/** What enters and leaves the tunnel here: a line for each way, or one for both where there are few rows. */
export function totalLines(state: TopState, canvas: Canvas): readonly Line[] {
  const { totals } = state.report;
  const history = state.histories.of(TOTALS_KEY);
  if (!canvas.isTall) {
    const half = Math.floor((canvas.columns - 2) / 2);
    const way = (arrow: string, bps: number, rates: RateHistory, style: Style): Line => [
      span(`${arrow} ${formatBps(bps).padStart(RATE_COLUMNS)} `),
      span(sparklineOf(rates, half - RATE_COLUMNS - 3, canvas), style),
    ];
    const { sent, received } = canvas.glyphs;
    return [[
      ...way(sent, totals.sent.bps, history.sent, "sent"),
      span("  "),
      ...way(received, totals.received.bps, history.received, "received"),
    ]];
  }
  return ([
    ["sends", canvas.glyphs.sent, totals.sent, history.sent, "sent"],
    ["receives", canvas.glyphs.received, totals.received, history.received, "received"],
  ] as const).map(([word, arrow, flow, rates, style]) => {
    const bytes = canvas.isWide
      ? `${formatBytes(flow.bytes)} in all`.padStart(BYTES_COLUMNS)
      : formatBytes(flow.bytes).padStart(SHORT_BYTES_COLUMNS);
    const rate = formatBps(flow.bps).padStart(RATE_COLUMNS);
    const start = `${arrow} ${fitText(word, WORD_COLUMNS, canvas.glyphs)} ${rate} `;
    const sparkColumns = canvas.columns - start.length - 1 - bytes.length;
    return [
      span(start),
      span(sparklineOf(rates, sparkColumns, canvas), style),
      span(` ${bytes}`),
    ];
  });
}

/** That the daemon is away; else how to read the bars, and what was dropped. */
export function noteLine(
  state: TopState,
  { isWide, scaleBps }: { readonly isWide: boolean; readonly scaleBps: number },
  nowMs: number,
): Line {
  const { absence, whom, report } = state;
  if (absence !== null) {
    const away = `! ${whom} ${absence.what}, waiting`;
    if (!isWide) return [span(printable(away), "bad")];
    const waited = formatDuration(Math.max(0, nowMs - absence.sinceMs) / 1_000);
    const why = absence.why === "" ? "" : `; ${absence.why}`;
    return [span(printable(`${away} for ${waited}${why}`), "bad")];
  }
  const scale = formatBps(scaleBps).replace(".0 ", " ");
  const dropped = Object.values(report.drops).reduce((sum, packets) => sum + packets, 0);
  if (!isWide) return [span(`Bars to ${scale}; ${dropped} dropped`, "faint")];
  return [span(`A full bar is ${scale}; packets dropped: ${dropped}`, "faint")];
}

/** `999.4 Mbit/s`. */
const RATE_COLUMNS = 12;

/** `receives`. */
const WORD_COLUMNS = 8;

/** `1023 MiB in all`. */
const BYTES_COLUMNS = 15;

/** `1023 MiB`. */
const SHORT_BYTES_COLUMNS = 8;
