/**
 * Writes the kept results into docs/performance.md, and the plot beside it.
 *
 * @module
 */

import { runProgram } from "../../support/process.ts";
import { CASES } from "./cases.ts";
import { type CaseResult, idlePingMs } from "./case_result.ts";
import { drawFailover } from "./failover_plot.ts";
import type { KeptResults } from "./result_file.ts";

const BEGIN = "<!-- bonding:begin -->";
const END = "<!-- bonding:end -->";

const SECTION = `
## Bonding

\`deno task bench:bonding\` (Linux, root; \`--only CASE\` for a part, \`--report\` writes this table):
links emulated in real time in a process of their own, iperf3 with CUBIC through the sealed tunnel,
20 s after a warm-up of 5 s, medians of the rounds. "Alone" is the tunnel over the best link by
itself, measured in turns with the bonded one. Ping is what it takes under that load, above the idle
one. "Sent again" is the share of segments that the inner TCP retransmitted. Overhead is what the
links carried in the payload's direction beyond the payload. "Reached" says which of the case's
floors (\`tests/bench/bonding/cases.ts\`) were missed. \`--program DIR\` measures another checkout with
the same links; \`--baseline DIR\` compares the case without emulator with it.

![Rates over time while a link is cut](failover.svg)

${BEGIN}
${END}
`;

/** Writes both. @param root the checkout, with a slash at its end. */
export async function writeReport(root: string, kept: KeptResults): Promise<void> {
  const page = `${root}docs/performance.md`;
  let text = await Deno.readTextFile(page);
  if (!text.includes(BEGIN)) text = text.trimEnd() + "\n" + SECTION;
  const [head, rest = ""] = text.split(BEGIN);
  const tail = rest.split(END)[1] ?? "\n";
  await Deno.writeTextFile(page, `${head}${BEGIN}\n\n${reportText(kept)}\n${END}${tail}`);
  // The formatter aligns the table's columns.
  await runProgram([Deno.execPath(), "fmt", "--quiet", page]);
  if (kept.failover !== null) {
    const plot = `${root}docs/failover.svg`;
    await Deno.writeTextFile(plot, drawFailover(kept.failover));
    await runProgram([Deno.execPath(), "fmt", "--quiet", plot]);
  }
}

/** The tables in Markdown. */
export function reportText({ machine, results }: KeptResults): string {
  const order = new Map(CASES.map(({ name }, i) => [name, i]));
  const sorted = results.toSorted((a, b) =>
    (order.get(a.name) ?? Infinity) - (order.get(b.name) ?? Infinity)
  );
  const flows = sorted.filter(({ bonded }) => bonded.goodputMbps !== undefined);
  const streams = sorted.filter(({ bonded }) => bonded.stallMs !== undefined);
  const quick = sorted.some(({ isQuick }) => isQuick) ? "\nMarked * is of a quick run.\n" : "";
  return `${machine}.\n${quick}\n${flowTable(flows)}\n${
    streams.length > 0 ? streamTable(streams) : ""
  }`;
}

function flowTable(results: readonly CaseResult[]): string {
  const head = [
    "case",
    "way",
    "goodput",
    "of sum",
    "alone",
    "ratio",
    "ping p50/p99 over idle",
    "sent again",
    "overhead",
    "reached",
  ];
  return table(
    head,
    results.map((result) => {
      const { bonded, alone } = result;
      const goodput = bonded.goodputMbps!;
      const capacity = bonded.capacityMbps ?? NaN;
      const overIdle = (ms: number): string =>
        `+${Math.max(0, ms - idlePingMs(result)).toFixed(0)}`;
      return [
        result.shows,
        result.direction + (result.isQuick ? "*" : ""),
        goodput.toFixed(1),
        Number.isFinite(capacity) ? `${capacity.toFixed(0)} (${percent(goodput / capacity)})` : "",
        alone?.goodputMbps?.toFixed(1) ?? "",
        alone?.goodputMbps === undefined ? "" : (goodput / alone.goodputMbps).toFixed(2),
        bonded.ping === undefined
          ? ""
          : `${overIdle(bonded.ping.p50Ms)}/${overIdle(bonded.ping.p99Ms)} ms`,
        bonded.retransmitted === undefined ? "" : percent(bonded.retransmitted, 3),
        bonded.overhead === undefined ? "" : percent(bonded.overhead),
        verdictText(result),
      ];
    }),
  );
}

function streamTable(results: readonly CaseResult[]): string {
  const head = ["case", "way", "longest stall", "lost", "delay p50/p99", "used again", "reached"];
  return "\n" + table(
    head,
    results.map((result) => {
      const { bonded } = result;
      const { sentPkts, lostPkts, delayP50Ms, delayP99Ms, usedAgainMs } = bonded;
      return [
        result.shows,
        result.direction + (result.isQuick ? "*" : ""),
        `${bonded.stallMs!.toFixed(0)} ms`,
        sentPkts === undefined ? "" : `${lostPkts} of ${sentPkts}`,
        delayP50Ms === undefined ? "" : `${delayP50Ms.toFixed(0)}/${delayP99Ms!.toFixed(0)} ms`,
        usedAgainMs === undefined
          ? ""
          : usedAgainMs === null
          ? "never"
          : `${usedAgainMs.toFixed(0)} ms`,
        verdictText(result),
      ];
    }),
  );
}

/** Which floors (bonding_case.ts) were missed. */
function verdictText({ verdicts }: CaseResult): string {
  const missed = verdicts.filter(({ isReached }) => !isReached);
  if (missed.length === 0) return verdicts.length === 0 ? "" : "all";
  return "not " +
    missed.map(({ what, floor }) =>
      `${what.split(",")[0]} ${floor.replace(">=", "≥").replace("<=", "≤")}`
    ).join(", ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n") + "\n";
}

function percent(fraction: number, decimals = 0): string {
  return `${(fraction * 100).toFixed(decimals)} %`;
}
