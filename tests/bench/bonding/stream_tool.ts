/**
 * Runs `stream_tool_main.ts` inside namespaces.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Namespace } from "../../support/namespace.ts";
import type { TestProcess } from "../../support/process.ts";

const TOOL: readonly string[] = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--unstable-net",
  fileURLToPath(new URL("stream_tool_main.ts", import.meta.url)),
];

/** What `tcp-sink` prints: for each millisecond in which data came, when and how much. */
export interface TcpArrivals {
  readonly timesMs: readonly number[];
  readonly bytes: readonly number[];
}

/** What `udp-sink` prints. */
export interface UdpArrivals {
  readonly arrivals: readonly (readonly [number: number, sentMs: number, receivedMs: number])[];
}

/** Starts a sink; resolves when it listens. */
export async function startSink(
  namespace: Namespace,
  mode: "tcp-sink" | "udp-sink",
  port: number,
): Promise<TestProcess> {
  return await namespace.spawnReady([...TOOL, mode, String(port)]);
}

/** Ends a sink. @returns what came. */
export async function finishSink<Arrivals>(process: TestProcess): Promise<Arrivals> {
  await process.closeStdin();
  const { code } = await process.status;
  if (code !== 0) throw new Error(`stream_tool_main.ts failed with ${code}:\n${process.output}`);
  return JSON.parse(process.stdout.at(-1) ?? "");
}

/** Starts a source. */
export function startSource(
  namespace: Namespace,
  mode: "tcp-source" | "udp-source",
  ...args: readonly (string | number)[]
): TestProcess {
  return namespace.spawn([...TOOL, mode, ...args.map(String)]);
}
