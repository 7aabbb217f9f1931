/**
 * Runs `udp_tool_main.ts` inside namespaces.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import type { Namespace } from "../support/namespace.ts";
import type { TestProcess } from "../support/process.ts";

const TOOL = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--unstable-net",
  fileURLToPath(new URL("udp_tool_main.ts", import.meta.url)),
];

/** Starts a tool that waits for others; resolves when it listens. It ends when it is told to. */
export async function startUdpTool(
  namespace: Namespace,
  ...args: readonly (string | number)[]
): Promise<TestProcess> {
  return await namespace.spawnReady([...TOOL, ...args.map(String)]);
}

/** Tells a tool to end. @returns what it printed last. */
export async function finishUdpTool<Result>(process: TestProcess): Promise<Result> {
  await process.closeStdin();
  const { code } = await process.status;
  if (code !== 0) throw new Error(`udp_tool_main.ts failed with ${code}:\n${process.output}`);
  return JSON.parse(process.stdout.at(-1) ?? "");
}

/** Runs a tool to its end. @returns what it printed. */
export async function runUdpTool<Result>(
  namespace: Namespace,
  ...args: readonly (string | number)[]
): Promise<Result> {
  return JSON.parse(await namespace.run([...TOOL, ...args.map(String)]));
}
