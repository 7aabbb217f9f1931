/**
 * The runtime that `deno compile` puts a program on, for machines that reach npm but not Deno's own
 * download host. A program that somebody compiled and published on npm consists of that runtime,
 * then the program's data, then the data's offset in the last 8 bytes. The runtime is cut out and
 * used only when its hash is the one that was examined.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { runCommand } from "./run_command.ts";

/** The only target there is a fallback for. */
export const FALLBACK_TARGET = "x86_64-unknown-linux-gnu";

/** The Deno release whose `compile` fits this runtime (2.9's does not: the section format changed). */
export const FALLBACK_DENO_VERSION = "2.6.8";

/** What the runtime calls itself. */
export const FALLBACK_RUNTIME_VERSION = "2.6.10";

const PACKAGE = "@mcp-stress/linux-x64@0.2.1";
const PROGRAM_IN_PACKAGE = "package/bin/mcp-stress";
const RUNTIME_BYTES = 92_183_912;
const RUNTIME_SHA256 = "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2";

/** Where the runtime comes from, for messages. */
export const FALLBACK_SOURCE = `npm package ${PACKAGE}`;

/**
 * Returns the path of the runtime, fetched through the npm client unless `cacheDir` holds it.
 * @throws Error when it cannot be fetched or is not the one expected.
 */
export async function obtainFallbackRuntime(cacheDir: string): Promise<string> {
  const path = `${cacheDir}/denort-${FALLBACK_RUNTIME_VERSION}-${FALLBACK_TARGET}`;
  if (await isExpectedRuntime(path)) return path;
  await Deno.mkdir(cacheDir, { recursive: true });
  const workDir = await Deno.makeTempDir({ dir: cacheDir, prefix: "fallback-" });
  try {
    await runCommand(["npm", "pack", PACKAGE, "--ignore-scripts", "--silent"], { cwd: workDir });
    const archive = [...Deno.readDirSync(workDir)].find(({ name }) => name.endsWith(".tgz"));
    if (archive === undefined) throw new Error(`Cannot fetch ${PACKAGE}: npm gave no archive`);
    await runCommand(["tar", "-xzf", archive.name, PROGRAM_IN_PACKAGE], { cwd: workDir });
    const runtime = cutRuntime(await Deno.readFile(`${workDir}/${PROGRAM_IN_PACKAGE}`));
    await Deno.writeFile(`${workDir}/denort`, runtime, { mode: 0o755 });
    await Deno.rename(`${workDir}/denort`, path);
    return path;
  } finally {
    await Deno.remove(workDir, { recursive: true });
  }
}

function cutRuntime(program: Uint8Array): Uint8Array {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const dataBytes = Number(view.getBigUint64(program.length - 8, true));
  const runtime = program.subarray(0, Math.max(0, program.length - dataBytes));
  const sha256 = hash(runtime);
  if (runtime.length === RUNTIME_BYTES && sha256 === RUNTIME_SHA256) return runtime;
  throw new Error(
    `Cannot use the runtime in ${PACKAGE}: ${runtime.length} bytes, sha256 ${sha256}; ` +
      `expected ${RUNTIME_BYTES} bytes, sha256 ${RUNTIME_SHA256}`,
  );
}

async function isExpectedRuntime(path: string): Promise<boolean> {
  try {
    return hash(await Deno.readFile(path)) === RUNTIME_SHA256;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function hash(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
