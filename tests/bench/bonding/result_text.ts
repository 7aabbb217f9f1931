/**
 * A result as lines for the terminal.
 *
 * @module
 */

import { spread } from "../statistics.ts";
import type { CaseResult } from "./case_result.ts";
import type { Figures } from "./figures.ts";

/** All that is known of a case. */
export function resultText(result: CaseResult): string {
  const { bonded, alone, idlePing, goodputsMbps, alonesMbps } = result;
  const lines = [`${result.name} ${result.direction}: ${result.shows}`];
  if (bonded.goodputMbps !== undefined) {
    const capacity = bonded.capacityMbps ?? NaN;
    const ratio = Number.isFinite(capacity)
      ? ` of ${number(capacity)} (${percent(bonded.goodputMbps / capacity)})`
      : "";
    lines.push(
      `  goodput    ${number(bonded.goodputMbps)} Mbit/s${ratio}, ${spread(goodputsMbps, 1)}`,
    );
  }
  if (bonded.goodputUpMbps !== undefined) {
    lines.push(
      `             up ${number(bonded.goodputUpMbps)}, down ${
        number(bonded.goodputDownMbps ?? NaN)
      }`,
    );
  }
  if (alone?.goodputMbps !== undefined) {
    const ratio = (bonded.goodputMbps ?? NaN) / alone.goodputMbps;
    lines.push(
      `  alone      ${number(alone.goodputMbps)} Mbit/s, ${spread(alonesMbps, 1)}; bonded is ${
        percent(ratio)
      }`,
    );
    lines.push(`             ${details(alone)}`, ...resources(alone));
  }
  lines.push(
    `  idle ping  p50 ${number(idlePing.p50Ms)} ms, alone ${number(result.idleAlonePing.p50Ms)} ms`,
  );
  lines.push(`  bonded     ${details(bonded)}`);
  lines.push(...resources(bonded));
  for (const { what, value, floor, isReached } of result.verdicts) {
    const shown = value === null ? "never" : number(value);
    lines.push(`  ${isReached ? "reached" : "MISSED "}    ${what}: ${shown} ${floor}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What the links carried, what was lost where, what it cost. */
function resources(figures: Figures): string[] {
  const { linkMbps, queueFullPkts, drops = {} } = figures;
  const lines: string[] = [];
  if (linkMbps !== undefined) {
    lines.push(
      `             links ${linkMbps.map(number).join(" + ")} Mbit/s of IP; ` +
        `found queue full ${queueFullPkts?.join(" + ")}`,
    );
  }
  const { slaveCpu = NaN, masterCpu = NaN, relayCpu = NaN } = figures;
  lines.push(
    `             lost by sockets ${figures.socketDrops}, devices ${figures.deviceDrops}, relay ` +
      `${figures.relayDrops ?? 0}; processors: slave ${number(slaveCpu)}, master ` +
      `${number(masterCpu)}, relay ${number(relayCpu)}`,
  );
  const reasons = Object.entries(drops).map(([reason, count]) => `${reason} ${count}`);
  if (reasons.length > 0) lines.push(`             dropped ${reasons.join(", ")}`);
  return lines;
}

function details(figures: Figures): string {
  const { ping } = figures;
  const parts: string[] = [];
  if (ping !== undefined) {
    parts.push(
      `ping p50 ${number(ping.p50Ms)} p99 ${
        number(ping.p99Ms)
      } ms, ${ping.lost} of ${ping.sent} lost`,
    );
  }
  if (figures.sentPkts !== undefined) {
    parts.push(
      `stream lost ${figures.lostPkts} of ${figures.sentPkts}, delay p50 ` +
        `${number(figures.delayP50Ms ?? NaN)} p99 ${number(figures.delayP99Ms ?? NaN)} ms`,
    );
  }
  if (figures.stallMs !== undefined) parts.push(`longest stall ${number(figures.stallMs)} ms`);
  if (figures.goodputMbps !== undefined) {
    parts.push(`sent again ${percent(figures.retransmitted ?? NaN)}`);
    parts.push(`disorder seen ${figures.reorderings}`);
  }
  if (figures.overhead !== undefined) {
    parts.push(`overhead ${percent(figures.overhead)}, answers ${percent(figures.answers ?? NaN)}`);
  }
  return parts.join("; ");
}

function percent(fraction: number): string {
  const value = fraction * 100;
  return `${value.toFixed(Math.abs(value) < 1 ? 3 : 1)} %`;
}

function number(value: number): string {
  if (!Number.isFinite(value)) return "-";
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 3);
}
