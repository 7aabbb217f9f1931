/**
 * `deno task bench:bonding`: one inner flow over several emulated links, against the best of them alone.
 * docs/performance.md has the table.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { writeText } from "../../src/text_output.ts";
import { BINDLINK_FROM_SOURCE } from "../support/bindlink_process.ts";
import { findProgram } from "../support/requirements.ts";
import type { BondingCase, Direction } from "./bonding/bonding_case.ts";
import { CASES } from "./bonding/cases.ts";
import { recordedCase } from "./bonding/recorded_case.ts";
import type { FailoverSeries } from "./bonding/failover_series.ts";
import { writeReport } from "./bonding/report.ts";
import { mergeResults, readResults } from "./bonding/result_file.ts";
import { resultText } from "./bonding/result_text.ts";
import { runCase, type RunOptions } from "./bonding/run_case.ts";
import { WakefulProcessors } from "./bonding/wakeful_processors.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const DEFAULT_RESULTS = `${ROOT}docs/bonding-results.json`;

const HELP = `Measures bonding over emulated links, in network namespaces (Linux, root).

Usage: deno task bench:bonding [OPTIONS]

  --only CASE        a case, or all whose names begin so; may be repeated; all by default
  --direction WAY    up, down or both (default)
  --quick            one round of 8 s after 3 s: to see that it runs, not to quote
  --rounds N         3 by default
  --skip-alone       leaves out the best link alone: half the time
  --program DIR      runs the bindlink of another checkout
  --baseline DIR     the checkout that "plain" is compared with, in place of one link
  --arg ARG          added to the command lines of both ends; may be repeated
  --json FILE        where results are merged in; docs/bonding-results.json by default, nothing
                     by default with --quick, --program or --arg
  --report           writes table and plot of the results kept so far into docs/, measures nothing
  --trace FILE       links that follow what "bindlink record" wrote, in place of the cases; nothing
                     is merged into docs/bonding-results.json
  --list             the cases
`;

interface Request {
  readonly cases: readonly BondingCase[];
  readonly options: Omit<RunOptions, "progress" | "keep">;
  readonly jsonPath: string | null;
  readonly action: "run" | "list" | "report" | "help";
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs it. @returns the exit code: 1 when something failed, 2 when asked wrongly, 130 when interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  let request: Request;
  try {
    request = readArguments(args);
  } catch (error) {
    print(`error: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (request.action === "help") print(HELP);
  else if (request.action === "list") {
    for (const { name, shows } of request.cases) print(`${name.padEnd(16)} ${shows}\n`);
  } else if (request.action === "report") {
    await writeReport(ROOT, await readResults(request.jsonPath ?? DEFAULT_RESULTS));
  } else return await untilInterrupted(request);
  return 0;
}

/**
 * Measures until it is done or told to stop. The namespaces have a guard of their own, which takes
 * them away, with all that runs in them, when this process is gone (namespace_reaper.ts).
 */
async function untilInterrupted(request: Request): Promise<number> {
  const obstacle = findObstacle();
  if (obstacle !== null) {
    print(`Cannot measure: ${obstacle}\n`);
    return 1;
  }
  const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<number>();
  const onSignal = (): void => interrupt(130);
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, onSignal);
  // The masters' state goes there, and is away with it however this ends.
  const folder = await Deno.makeTempDir({ prefix: "bindlink-bonding-" });
  Deno.env.set("TMPDIR", folder);
  try {
    return await Promise.race([runCases(request), interrupted]);
  } finally {
    await Deno.remove(folder, { recursive: true }).catch(() => {}); // a daemon may still write to it
  }
}

async function runCases({ cases, options, jsonPath }: Request): Promise<number> {
  await using _processors = new WakefulProcessors();
  let hasFailed = false;
  for (const each of cases) {
    let failover: FailoverSeries | null = null;
    try {
      const results = await runCase(each, {
        ...options,
        progress: (text) => print(`# ${text}\n`),
        keep: (series) => failover = failoverToKeep(failover, series),
      });
      for (const result of results) print(resultText(result));
      if (jsonPath !== null) await mergeResults(jsonPath, describeMachine(), results, failover);
    } catch (error) {
      hasFailed = true;
      print(
        `${each.name} failed: ${error instanceof Error ? error.stack ?? error.message : error}\n`,
      );
    }
  }
  return hasFailed ? 1 : 0;
}

/** The plot shows the first download that was run; an upload where there is none. */
function failoverToKeep(kept: FailoverSeries | null, next: FailoverSeries): FailoverSeries {
  return kept === null || (kept.direction === "up" && next.direction === "down") ? next : kept;
}

/** @throws Error that says what is wrong. */
function readArguments(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      direction: { type: "string", default: "both" },
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      "skip-alone": { type: "boolean", default: false },
      program: { type: "string" },
      baseline: { type: "string" },
      arg: { type: "string", multiple: true },
      json: { type: "string" },
      report: { type: "boolean" },
      trace: { type: "string" },
      list: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  const { only, quick, program, baseline } = values;
  const all = values.trace === undefined ? CASES : [recordedCase(values.trace)];
  const cases = all.filter(({ name }) => only?.some((each) => isMeant(name, each)) ?? true);
  if (cases.length === 0) throw new Error(`No case begins with "${only?.join('", "')}"`);
  const isDefault = !quick && program === undefined && values.arg === undefined &&
    values.trace === undefined;
  return {
    cases,
    options: {
      isQuick: quick,
      rounds: Number(values.rounds ?? (quick ? 1 : 3)),
      directions: readDirections(values.direction),
      hasAlone: !values["skip-alone"],
      program: program === undefined ? BINDLINK_FROM_SOURCE : programOf(program),
      ...(program === undefined ? {} : { programLabel: program }),
      ...(baseline === undefined ? {} : { baseline: programOf(baseline) }),
      extraArgs: values.arg ?? [],
    },
    jsonPath: values.json ?? (isDefault ? DEFAULT_RESULTS : null),
    action: values.help ? "help" : values.list ? "list" : values.report ? "report" : "run",
  };
}

/** "reference" is a case, and not the beginning of "reference-lossy"; "jitter" is both of "jitter-...". */
function isMeant(name: string, only: string): boolean {
  return CASES.some((each) => each.name === only) ? name === only : name.startsWith(only);
}

function readDirections(text: string): readonly Direction[] {
  if (text === "both") return ["up", "down"];
  if (text === "up" || text === "down") return [text];
  throw new Error(`Cannot use --direction "${text}": not up, down or both`);
}

/** The command that runs another checkout's bindlink, with that one's dependencies. */
function programOf(folder: string): readonly string[] {
  const root = resolve(folder);
  return [...BINDLINK_FROM_SOURCE.slice(0, -1), "--config", `${root}/deno.json`, `${root}/mod.ts`];
}

function findObstacle(): string | null {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "namespaces need Linux and root";
  const missing = ["ip", "iperf3", "ping", "chrt", "setsid"].filter((name) =>
    findProgram(name) === null
  );
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")}`;
}

function describeMachine(): string {
  const kernel = Deno.osRelease();
  return `kernel ${kernel}, ${navigator.hardwareConcurrency} processors, Deno ${Deno.version.deno}`;
}

function print(text: string): void {
  writeText(Deno.stdout, text, 1_000);
}
