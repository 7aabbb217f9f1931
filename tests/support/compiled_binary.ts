/**
 * The executable that `deno task compile` makes.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { runProgram } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What it is made of. */
const PARTS = ["mod.ts", "deno.json", "deno.lock", "src", "ffi", "scripts/compile.ts"];

/** A machine on which it is all there is: nothing in the environment, no home, no Deno on the PATH. */
export const BARE = {
  clearEnv: true,
  env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  cwd: "/",
} as const;

/** Its path. Compiles when there is none, or one older than what it is made of. */
export async function compiledBinary(): Promise<string> {
  const path = `${ROOT}bindlink`;
  const builtMs = await Deno.stat(path).then(({ mtime }) => mtime?.getTime() ?? 0, () => 0);
  const newestMs = Math.max(...PARTS.map((part) => newestChangeMs(`${ROOT}${part}`)));
  if (builtMs <= newestMs) {
    await runProgram([Deno.execPath(), "task", "compile"], { cwd: ROOT });
  }
  return path;
}

function newestChangeMs(path: string): number {
  const { isDirectory, mtime } = Deno.statSync(path);
  if (!isDirectory) return mtime?.getTime() ?? 0;
  return Math.max(
    0,
    ...[...Deno.readDirSync(path)].map(({ name }) => newestChangeMs(`${path}/${name}`)),
  );
}
