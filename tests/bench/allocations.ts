/**
 * Heap allocated per packet.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runProgram } from "../support/process.ts";
import type { Benchmark, Figure } from "./benchmark.ts";

/** Bytes of heap per packet. */
export interface AllocationResult {
  /** A legacy tunnel's end: Multiplexer.send and Link.send, to a socket that costs nothing. */
  readonly engineOut: number;
  /** The link map's loop, the demultiplexer, Multiplexer.received, from a socket that costs nothing. */
  readonly engineBack: number;
  /** Both ends of a secure tunnel with a cipher that costs nothing: out, in at the other end, and what is said of it back. */
  readonly secureThrough: number;
  /** The portable socket, one datagram sent and received over loopback. */
  readonly portableSocket: number;
}

/** Measures in a process of its own, since it needs V8's flags. */
export async function measureAllocations(): Promise<AllocationResult> {
  return JSON.parse(
    await runProgram([
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      "--unstable-net",
      "--v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64",
      fileURLToPath(new URL("allocation_main.ts", import.meta.url)),
    ]),
  );
}

/** See the module. */
export const ALLOCATIONS: Benchmark = {
  name: "allocations",
  title: "JavaScript heap allocated per packet",
  findObstacle: () => Promise.resolve(null),
  async run(): Promise<Figure[]> {
    const { engineOut, engineBack, secureThrough, portableSocket } = await measureAllocations();
    const unit = "bytes";
    return [
      { what: "engine, legacy, out", value: engineOut, unit, note: "budget 8" },
      {
        what: "engine, legacy, back",
        value: engineBack,
        unit,
        note: "budget 32, promises of each batch of 8",
      },
      {
        what: "engine, secure, out and back",
        value: secureThrough,
        unit,
        note: "budget 88, times and the like",
      },
      { what: "portable socket, there and back", value: portableSocket, unit, note: "Deno's own" },
    ];
  },
};
