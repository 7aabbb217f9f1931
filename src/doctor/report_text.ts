/**
 * The findings as people read them: by what they belong to, faults with what to do below. Pure.
 *
 * @module
 */

import type { Finding, Verdict } from "./finding.ts";

/** How each verdict is marked; all of one width. */
const MARKS: Readonly<Record<Verdict, string>> = {
  ok: "ok   ",
  note: "note ",
  fault: "FAULT",
  unchecked: "?    ",
};

const COLORS: Readonly<Record<Verdict, string>> = {
  ok: "\x1b[32m",
  note: "\x1b[36m",
  fault: "\x1b[31m",
  unchecked: "\x1b[33m",
};

/** The report, with a line for the whole at its end. */
export function reportText(findings: readonly Finding[], hasColors: boolean): string {
  const lines: string[] = [];
  for (const about of new Set(findings.map((finding) => finding.about))) {
    lines.push(capital(about));
    for (const finding of findings) {
      if (finding.about === about) lines.push(...findingLines(finding, hasColors));
    }
    lines.push("");
  }
  lines.push(summary(findings), "");
  return lines.join("\n");
}

/** The report for programs. */
export function reportJson(findings: readonly Finding[]): string {
  const faults = findings.filter(({ verdict }) => verdict === "fault").length;
  const status = faults === 0 ? "ok" : "fault";
  return `${JSON.stringify({ version: 1, status, faults, findings }, null, 2)}\n`;
}

function findingLines({ verdict, text, advice }: Finding, hasColors: boolean): string[] {
  const mark = hasColors ? `${COLORS[verdict]}${MARKS[verdict]}\x1b[0m` : MARKS[verdict];
  const lines = [`  ${mark}  ${text}`];
  if (advice !== "") lines.push(`         -> ${advice}`);
  return lines;
}

function summary(findings: readonly Finding[]): string {
  const count = (verdict: Verdict): number =>
    findings.filter((finding) => finding.verdict === verdict).length;
  const faults = count("fault");
  const skipped = count("unchecked");
  const found = faults === 0
    ? "No fault was found."
    : faults === 1
    ? "1 fault was found."
    : `${faults} faults were found.`;
  return skipped === 0 ? found : `${found} Not checked: ${skipped}.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
