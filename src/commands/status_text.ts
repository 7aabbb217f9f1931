/**
 * A daemon's status for people.
 *
 * @module
 */

import { settingsText } from "../control/settings_text.ts";
import type { LinkReport, StatusReport } from "../control/status_report.ts";
import type { BudgetSnapshot } from "../snapshot.ts";
import {
  formatBps,
  formatBytes,
  formatDuration,
  formatGigabytes,
  formatPercent,
} from "../human_units.ts";
import { tableLines } from "./text_table.ts";

/** Several lines. */
export function statusText(status: StatusReport): string {
  const lines = [headLine(status), ...totalLines(status), ""];
  if (status.role === "slave") {
    lines.push(
      ...linkLines(status.links, "This slave has no links: add one with bindlink link add"),
    );
  } else if (status.slaves.length === 0) {
    lines.push("There are no slaves: let one in with bindlink invite NAME");
  }
  for (const [i, slave] of status.slaves.entries()) {
    if (i > 0) lines.push("");
    const used = `received ${formatBytes(slave.receivedBytes)}, sent ${
      formatBytes(slave.sentBytes)
    }`;
    const state = slave.isConnected ? "connected" : "away";
    lines.push(`${slave.name} (${slave.addresses.join(", ")}): ${state}, ${used}`);
    if (slave.links.length > 0) lines.push(...linkLines(slave.links, "").map((it) => `  ${it}`));
  }
  return `${lines.join("\n")}\n`;
}

/** The links with their settings only. */
export function linkListText(status: StatusReport): string {
  if (status.links.length === 0) return "This slave has no links: add one with bindlink link add\n";
  const rows = [
    ["NAME", "STATE", "WAY", "SETTINGS"],
    ...status.links.map((link) => [
      link.name,
      link.state,
      `${link.kind} ${link.address}`.trim(),
      settingsText(link.settings, link.budget),
    ]),
  ];
  return `${tableLines(rows, new Set()).join("\n")}\n`;
}

function headLine({ version, role, tun, uptimeSeconds, mode }: StatusReport): string {
  const words = [
    `bindlink ${version} ${role}`,
    `${tun.name}, MTU ${tun.mtuBytes}`,
    `up for ${formatDuration(uptimeSeconds)}`,
  ];
  if (mode !== null) words.push(`mode ${mode}`);
  return words.join("; ");
}

function totalLines({ totals: { sent, received } }: StatusReport): readonly string[] {
  const rows = [["sent", sent] as const, ["received", received] as const].map(([what, flow]) => [
    `${what} through the tunnel`,
    formatBps(flow.bps),
    `${formatBytes(flow.bytes)} in all`,
  ]);
  return tableLines(rows, new Set([1, 2]));
}

/** A line of numbers for each link, and one that says why. @param otherwise when there is none */
function linkLines(links: readonly LinkReport[], otherwise: string): readonly string[] {
  if (links.length === 0) return [otherwise];
  const rows = [
    ["LINK", "STATE", "SENDS", "RECEIVES", "ROUND TRIP", "LOSS", "SHARE"],
    ...links.map((link) => [
      link.name,
      link.state,
      formatBps(link.sent.bps),
      formatBps(link.received.bps),
      link.roundTripMs === null ? "-" : `${Math.round(link.roundTripMs)} ms`,
      formatPercent(link.lossFraction),
      formatPercent(link.share),
    ]),
  ];
  const [head, ...lines] = tableLines(rows, new Set([2, 3, 4, 5, 6]));
  return [head!, ...lines.flatMap((line, i) => [line, ...whyLines(links[i]!)])];
}

function whyLines(link: LinkReport): readonly string[] {
  const over = link.transport === "tcp" ? " over TCP" : "";
  const way = `${link.kind} ${link.address}`.trim() + over;
  const budget = link.budget === undefined ? [] : [`  ${budgetText(link.budget)}`];
  return [`  ${link.reason}`, `  ${way}; ${settingsText(link.settings)}`, ...budget];
}

/** `used 4.20 of 10.0 GB since 2026-11-15 (42 %), cost 10.50; runs out on 2026-12-04, begins anew on 2026-12-15`. */
export function budgetText(budget: BudgetSnapshot): string {
  const { usedBytes, limitBytes, cost, startsOn, resetsOn, runsOutOn, isSpent, isHard } = budget;
  const used = formatGigabytes(usedBytes);
  const words = [
    limitBytes === null
      ? `used ${used} since ${startsOn}`
      : `used ${used} of ${formatGigabytes(limitBytes)} since ${startsOn} (${
        Math.floor(100 * usedBytes / limitBytes)
      } %)`,
  ];
  if (cost !== null) words.push(`, cost ${cost.toFixed(2)}`);
  if (isSpent) words.push(isHard ? "; off" : "; only while no other link is up");
  else if (runsOutOn !== null) words.push(`; runs out on ${runsOutOn}`);
  else if (limitBytes !== null) words.push("; lasts");
  words.push(`${isSpent ? " until" : "; begins anew on"} ${resetsOn}`);
  return words.join("");
}
