/**
 * Size and start-up time of the program: compiled, when `deno task compile` was run, and from source.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { V8_FLAGS } from "../../scripts/v8_flags.ts";
import { runProgram } from "../support/process.ts";
import type { Benchmark, Figure } from "./benchmark.ts";
import { median, spread } from "./statistics.ts";

const BINARY = fileURLToPath(new URL("../../bindlink", import.meta.url));
const ENTRY = fileURLToPath(new URL("../../mod.ts", import.meta.url));

/** See the module. */
export const START_UP: Benchmark = {
  name: "start",
  title: "Start-up (--version) and size",
  findObstacle: () => Promise.resolve(null),
  async run({ isQuick }): Promise<Figure[]> {
    const rounds = isQuick ? 3 : 15;
    const figures: Figure[] = [
      await timeStart(
        "from source",
        [Deno.execPath(), "run", "-A", "--unstable-net", V8_FLAGS, ENTRY],
        rounds,
      ),
    ];
    const size = await sizeOf(BINARY);
    if (size === null) return figures;
    figures.push({ what: "size of ./bindlink", value: size / 1e6, unit: "MB" });
    figures.push(await timeStart("./bindlink", [BINARY], rounds));
    return figures;
  },
};

async function timeStart(
  what: string,
  program: readonly string[],
  rounds: number,
): Promise<Figure> {
  const command = [...program, "--version"];
  await runProgram(command); // into the page cache
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    await runProgram(command);
    times.push(performance.now() - startMs);
  }
  const note = `median of ${rounds}, ${spread(times, 0)}`;
  return { what, value: median(times), unit: "ms", note };
}

/** In bytes; null when there is no such file. */
async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
