/**
 * `deno task compile`: builds ./bindlink, one file that needs no Deno.
 *
 * The documented way is `deno compile` with the pinned Deno, which downloads that release's runtime.
 * Where its host cannot be reached, an older runtime from npm goes in instead; such a binary says so
 * in `--version`, and so does this script.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PINNED_DENO_VERSION } from "../src/version.ts";
import {
  FALLBACK_DENO_VERSION,
  FALLBACK_RUNTIME_VERSION,
  FALLBACK_SOURCE,
  FALLBACK_TARGET,
  obtainFallbackRuntime,
} from "./fallback_runtime.ts";
import { runCommand, tryCommand } from "./run_command.ts";
import { V8_FLAGS } from "./v8_flags.ts";

const TARGETS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"] as const;
type Target = typeof TARGETS[number];

const HELP = `Usage: deno task compile [--target TARGET] [--output FILE] [--no-fallback]

  --target TARGET  ${TARGETS.join(" or ")}
                   (default: this machine's)
  --output FILE    where to put the binary (default: bindlink in the project's folder;
                   for another machine's target: bindlink-TARGET)
  --no-fallback    fail when the official runtime of Deno ${PINNED_DENO_VERSION} cannot be had,
                   instead of using the older one from npm (for a release)
`;

/** The scripts that go into the binary: the entry first, then workers, which are included as files. */
const ENTRIES: readonly { readonly source: string; readonly bundle: string }[] = [
  { source: "mod.ts", bundle: "bindlink.js" },
];

/**
 * For `deno compile`. No code cache: the binary would write a predictable file in the temporary
 * folder, and later trust it as machine code, which a root daemon must not.
 */
const COMPILE_FLAGS = [
  "--allow-all",
  "--unstable-net",
  "--no-code-cache",
  V8_FLAGS,
  "--no-config",
  "--no-lock",
  "--no-check",
];

/** How long Deno's download host may take to answer a HEAD request, in milliseconds. */
const PROBE_TIMEOUT_MS = 5000;

/** How often `--version` is run for the start-up time. */
const STARTUP_RUNS = 15;

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUILD_DIR = resolve(ROOT, "build");

/** What to build. */
interface Request {
  readonly target: Target;
  readonly output: string;
  readonly mayFallBack: boolean;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const request = readRequest(args);
    if (request === null) {
      say(HELP.trimEnd());
      return 0;
    }
    await build(request);
    return 0;
  } catch (error) {
    say(`error: ${error instanceof Error ? error.message : error}`);
    return error instanceof RequestError ? 2 : 1;
  }
}

/** A mistake on this script's command line. */
class RequestError extends Error {}

function readRequest(args: readonly string[]): Request | null {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        target: { type: "string", default: Deno.build.target },
        output: { type: "string" },
        "no-fallback": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new RequestError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return null;
  const target = TARGETS.find((known) => known === values.target);
  if (target === undefined) {
    throw new RequestError(`--target "${values.target}": type ${TARGETS.join(" or ")}`);
  }
  // `deno task` changes to the project's folder; INIT_CWD is where the user stood.
  const userDir = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const name = target === Deno.build.target ? "bindlink" : `bindlink-${target}`;
  const output = values.output === undefined
    ? resolve(ROOT, name)
    : resolve(userDir, values.output);
  return { target, output, mayFallBack: !values["no-fallback"] };
}

async function build(request: Request): Promise<void> {
  // A folder of its own, outside the project: a node_modules nearby would be embedded.
  const stageDir = await Deno.makeTempDir({ prefix: "bindlink-compile-" });
  try {
    for (const { source, bundle } of ENTRIES) {
      const output = resolve(stageDir, bundle);
      await runCommand(
        [...pinnedDeno(), "bundle", "--quiet", "--platform", "deno", "--output", output, source],
        { cwd: ROOT },
      );
    }
    const runtime = await compileWithSomeRuntime(request, stageDir);
    await install(resolve(stageDir, "bindlink"), request.output);
    await report(request, runtime);
  } finally {
    await Deno.remove(stageDir, { recursive: true });
  }
}

/** Compiles and returns what to say of the runtime. */
async function compileWithSomeRuntime(request: Request, stageDir: string): Promise<string> {
  const refusal = await compileOfficially(request.target, stageDir);
  if (refusal === null) {
    const given = Deno.env.get("DENORT_BIN");
    return given === undefined ? `deno ${PINNED_DENO_VERSION}, official` : `DENORT_BIN=${given}`;
  }
  say(`The official runtime of deno ${PINNED_DENO_VERSION} cannot be had: ${refusal}`);
  if (!request.mayFallBack) throw new Error("Nothing built: --no-fallback was given");
  if (request.target !== FALLBACK_TARGET) {
    throw new Error(
      `Cannot build for ${request.target}: there is a fallback runtime for ${FALLBACK_TARGET} ` +
        "only; build where Deno's downloads can be reached, or name a runtime in DENORT_BIN",
    );
  }
  say(
    `Falling back to the runtime ${FALLBACK_RUNTIME_VERSION} out of ${FALLBACK_SOURCE} ` +
      `(hash checked), with deno ${FALLBACK_DENO_VERSION} to compile`,
  );
  const runtime = await obtainFallbackRuntime(BUILD_DIR);
  await runCommand(compileCommand(npxDeno(FALLBACK_DENO_VERSION), request.target), {
    cwd: stageDir,
    env: { DENORT_BIN: runtime },
  });
  return `deno ${FALLBACK_RUNTIME_VERSION}, FALLBACK: for trying, not for release`;
}

/** The documented way. Returns why it was not possible, or null. */
async function compileOfficially(target: Target, stageDir: string): Promise<string | null> {
  const unreachable = await probeRuntime(target);
  if (unreachable !== null) return unreachable;
  const result = await tryCommand(compileCommand(pinnedDeno(), target), { cwd: stageDir });
  if (result.isSuccess) return null;
  const lines = result.stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => line.includes("error")) ?? result.stderr.trim();
}

/**
 * Why the runtime cannot be downloaded, or null when it seems possible or needs no download.
 * `deno compile` itself would wait for minutes behind a firewall that swallows packets.
 */
async function probeRuntime(target: Target): Promise<string | null> {
  if (Deno.env.get("DENORT_BIN") !== undefined) return null;
  const file = `release/v${PINNED_DENO_VERSION}/denort-${target}.zip`;
  const info: unknown = JSON.parse(await runCommand([...pinnedDeno(), "info", "--json"]));
  const denoDir = (info as { readonly denoDir?: string }).denoDir ?? "";
  if (await exists(`${denoDir}/dl/${file}`)) return null;
  try {
    const response = await fetch(`https://dl.deno.land/${file}`, {
      method: "HEAD",
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return response.ok ? null : `its download answers ${response.status}`;
  } catch (error) {
    const isSlow = error instanceof DOMException && error.name === "TimeoutError";
    return isSlow ? `no answer within ${PROBE_TIMEOUT_MS / 1000} s` : "its host cannot be reached";
  }
}

function compileCommand(deno: readonly string[], target: Target): readonly string[] {
  const [entry, ...workers] = ENTRIES.map(({ bundle }) => bundle);
  const includes = workers.flatMap((bundle) => ["--include", bundle]);
  const flags = [...COMPILE_FLAGS, ...includes, "--target", target, "--output", "bindlink"];
  return [...deno, "compile", ...flags, entry ?? ""];
}

/** This Deno when it is the pinned one, else the pinned one from npm. */
function pinnedDeno(): readonly string[] {
  const isPinned = Deno.version.deno === PINNED_DENO_VERSION;
  return isPinned ? [Deno.execPath()] : npxDeno(PINNED_DENO_VERSION);
}

function npxDeno(version: string): readonly string[] {
  return ["npx", "-y", `deno@${version}`];
}

/** Puts the binary in place at once: a running bindlink keeps its old file. */
async function install(built: string, output: string): Promise<void> {
  await Deno.mkdir(dirname(output), { recursive: true });
  const temporary = `${output}.${Deno.pid}.new`;
  await Deno.copyFile(built, temporary);
  await Deno.rename(temporary, output);
}

async function report(request: Request, runtime: string): Promise<void> {
  const { size } = await Deno.stat(request.output);
  say(`Built ${request.output}`);
  say(`  target    ${request.target}`);
  say(`  runtime   ${runtime}`);
  say(`  size      ${(size / 1e6).toFixed(1)} MB`);
  if (request.target !== Deno.build.target) return;
  const startupMs = await measureStartupMs(request.output);
  say(`  start-up  ${startupMs.toFixed(0)} ms (--version, median of ${STARTUP_RUNS})`);
}

async function measureStartupMs(program: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < STARTUP_RUNS; i++) {
    const startMs = performance.now();
    await runCommand([program, "--version"]);
    times.push(performance.now() - startMs);
  }
  return times.sort((a, b) => a - b)[Math.floor(STARTUP_RUNS / 2)] ?? NaN;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function say(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
