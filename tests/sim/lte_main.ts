/**
 * `deno task sim:lte [MINUTES] [down|up]`: one TCP flow over three LTE traces, half an hour by default, in some
 * minutes. Prints what it got of the capacity, the ping, the stalls.
 *
 * @module
 */

import { writeText } from "../../src/text_output.ts";
import { runLte } from "../support/lte_run.ts";
import type { RunDirection } from "../support/bonding_run.ts";

const DEFAULT_MINUTES = 30;

if (import.meta.main) Deno.exit(main(Deno.args));

/** Runs it. @returns the exit code. */
export function main(args: readonly string[]): number {
  const minutes = Number(args.find((arg) => /^[0-9.]+$/.test(arg)) ?? DEFAULT_MINUTES);
  const direction: RunDirection = args.includes("up") ? "up" : "down";
  const run = runLte({ direction, measuredMs: minutes * 60_000 });
  const fractions = run.spans.map((span) => span.fraction).sort((a, b) => a - b);
  const stalled = run.spans.filter((span) => span.stallMs > 500).length;
  print(`${minutes} min of LTE, ${direction}`);
  print(
    `goodput   ${mbps(run.goodputBps)} of ${mbps(run.capacityBps)} Mbit/s, ${
      percent(run.goodputBps / run.capacityBps)
    }`,
  );
  print(
    `10 s      worst ${percent(fractions[0])}, a tenth below ${
      percent(fractions[Math.floor(fractions.length / 10)])
    }`,
  );
  print(`ping      p50 ${run.pingP50Ms.toFixed(0)}, p99 ${run.pingP99Ms.toFixed(0)} ms`);
  print(
    `stalls    longest ${
      run.stallMs.toFixed(0)
    } ms; above 500 ms in ${stalled} of ${run.spans.length} spans of 10 s`,
  );
  print(
    `TCP       ${run.rtoCount} timeouts, ${
      percent(run.needlessFraction)
    } sent again beyond ${run.queueDropPkts} drops of the queue`,
  );
  print(`tunnel    ${run.resentPkts} packets sent again`);
  return 0;
}

function mbps(bps: number): string {
  return (bps / 1e6).toFixed(1);
}

function percent(fraction = NaN): string {
  return `${(fraction * 100).toFixed(1)} %`;
}

function print(line: string): void {
  writeText(Deno.stdout, `${line}\n`, 1_000);
}
