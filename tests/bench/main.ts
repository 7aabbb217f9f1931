/**
 * `deno task bench`: measures this program and prints a table. docs/performance.md explains
 * the figures.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { writeText } from "../../src/text_output.ts";
import { AEAD } from "./aead.ts";
import { ALLOCATIONS } from "./allocations.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { FLOOD } from "./flood.ts";
import { HANDSHAKE } from "./handshake.ts";
import { INTEGRITY } from "./integrity/integrity.ts";
import { IO_ENGINES } from "./io_engines.ts";
import { MICRO } from "./micro.ts";
import { MULTIPLEXER_COST } from "./multiplexer_cost.ts";
import { PACKET_RATE } from "./packet_rate.ts";
import { PHONE_LOAD } from "./phone_load.ts";
import { ROUND_TRIP } from "./round_trip.ts";
import { SCALE } from "./scale.ts";
import { SECURE_FLOW } from "./secure_flow.ts";
import { START_UP } from "./start_up.ts";
import { TCP_FLOW } from "./tcp_flow.ts";
import { TIMERS } from "./timers/timers.ts";

const BENCHMARKS: readonly Benchmark[] = [
  MICRO,
  MULTIPLEXER_COST,
  ALLOCATIONS,
  AEAD,
  HANDSHAKE,
  ROUND_TRIP,
  PACKET_RATE,
  TCP_FLOW,
  SECURE_FLOW,
  IO_ENGINES,
  PHONE_LOAD,
  FLOOD,
  INTEGRITY,
  TIMERS,
  SCALE,
  START_UP,
];

const HELP = `Measures bindlink on this machine.

Usage: deno task bench [--only NAME[,NAME...]] [--quick] [--minutes N] [--json FILE]

  --only     ${BENCHMARKS.map(({ name }) => name).join(", ")}
  --quick    fewer and shorter rounds: to see that it runs, not to quote
  --minutes  how long integrity runs; 1 by default, 9 or more to judge memory
  --json     writes the figures to a file as well
`;

if (import.meta.main) Deno.exit(await main(Deno.args));

/** Runs the benchmarks. @returns the exit code: 1 when one failed, 2 when asked wrongly. */
export async function main(args: readonly string[]): Promise<number> {
  let request: Request;
  try {
    request = readArguments(args);
  } catch (error) {
    print(`error: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (request.wantsHelp) {
    print(HELP);
    return 0;
  }
  print(`${describeMachine()}${request.isQuick ? ", quick: do not quote" : ""}\n`);
  const results: { name: string; title: string; figures: Figure[]; obstacle: string | null }[] = [];
  let hasFailed = false;
  for (const benchmark of request.benchmarks) {
    const { name, title } = benchmark;
    print(`\n${title}  [${name}]\n`);
    const obstacle = await benchmark.findObstacle();
    let figures: Figure[] = [];
    if (obstacle !== null) print(`  left out: ${obstacle}\n`);
    else {
      try {
        const { isQuick, minutes } = request;
        figures = await benchmark.run({
          isQuick,
          minutes,
          progress: showProgress,
          report: showLine,
        });
        hasFailed ||= figures.some(({ isMissed }) => isMissed);
      } catch (error) {
        hasFailed = true;
        print(`  failed: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
      }
    }
    results.push({ name, title, figures, obstacle });
    print(drawFigures(figures));
  }
  if (request.jsonPath !== undefined) {
    const report = { machine: describeMachine(), date: new Date().toISOString(), results };
    await Deno.writeTextFile(request.jsonPath, `${JSON.stringify(report, null, 2)}\n`);
  }
  return hasFailed ? 1 : 0;
}

interface Request {
  readonly benchmarks: readonly Benchmark[];
  readonly isQuick: boolean;
  readonly minutes: number;
  readonly wantsHelp: boolean;
  readonly jsonPath: string | undefined;
}

/** @throws Error that says what is wrong. */
function readArguments(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      quick: { type: "boolean" },
      minutes: { type: "string", default: "1" },
      json: { type: "string" },
      help: { type: "boolean" },
    },
  });
  const names = values.only?.split(",") ?? BENCHMARKS.map(({ name }) => name);
  const unknown = names.find((name) => !BENCHMARKS.some((each) => each.name === name));
  if (unknown !== undefined) throw new Error(`Unknown benchmark "${unknown}"`);
  const minutes = Number(values.minutes);
  if (!Number.isInteger(minutes) || minutes < 1) {
    throw new Error(`--minutes takes a whole number from 1 up, not "${values.minutes}"`);
  }
  return {
    benchmarks: BENCHMARKS.filter(({ name }) => names.includes(name)),
    isQuick: values.quick ?? false,
    minutes,
    wantsHelp: values.help ?? false,
    jsonPath: values.json,
  };
}

function drawFigures(figures: readonly Figure[]): string {
  const whatColumns = Math.max(0, ...figures.map(({ what }) => what.length));
  return figures.map(({ what, value, unit, note }) =>
    `  ${what.padEnd(whatColumns)}  ${formatValue(value).padStart(9)} ${unit.padEnd(9)}` +
    `${note === undefined ? "" : `  (${note})`}\n`
  ).join("");
}

/** Three digits or so. */
function formatValue(value: number): string {
  if (Number.isInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  return value.toFixed(magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 4);
}

/** A line that is written over, on a terminal only. */
function showProgress(text: string): void {
  if (Deno.stdout.isTerminal()) print(`  ${text}\x1b[K\r`);
}

/** A line that stays, over the one that is written over. */
function showLine(line: string): void {
  print(`  ${line}${Deno.stdout.isTerminal() ? "\x1b[K" : ""}\n`);
}

function describeMachine(): string {
  const { os, arch } = Deno.build;
  const kernel = Deno.osRelease();
  return `${os} ${arch}, kernel ${kernel}, ${processorName()} x ${navigator.hardwareConcurrency}, ` +
    `Deno ${Deno.version.deno}`;
}

function processorName(): string {
  try {
    const text = Deno.readTextFileSync("/proc/cpuinfo");
    return /^model name\s*: (.*)$/m.exec(text)?.[1] ?? "processor";
  } catch {
    return "processor"; // not Linux
  }
}

function print(text: string): void {
  writeText(Deno.stdout, text, 1_000);
}
