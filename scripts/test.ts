/**
 * `deno task test`: sets this machine up for the tests, then runs them all; `--e2e` only the
 * end-to-end part.
 *
 * As root on a Debian-like system the packages that are missing are installed. Elsewhere it says what
 * is left out and why. Exit code 1 when a test fails, or when one was left out on a machine on which
 * all can run.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import {
  BROWSERS,
  missingRequirements,
  READERS,
  type Requirement,
  REQUIREMENTS,
  whyNoNamespaces,
} from "../tests/support/requirements.ts";
import { installPackages, isDebianLike } from "./debian_packages.ts";
import { runCommand, tryCommand } from "./run_command.ts";
import {
  clearCoverage,
  reportCoverage,
  runTests,
  type TestCounts,
  type TestPart,
} from "./run_tests.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** What coverage would change. */
const ALLOCATION_TESTS = "tests/unit/**/*allocation*_test.ts";

/** Unit tests of what is pure. */
const PURE_UNITS = ["cli", "multiplexer", "peer", "routing", "top", "wire"]
  .map((folder) => `tests/unit/${folder}`);

/** What reckons only may share the machine; what waits for sockets and processes has it for itself. */
const FAST_PARTS: readonly TestPart[] = [
  { paths: ["tests/sim", "tests/fuzz"], isParallel: true },
  { paths: PURE_UNITS, ignore: ALLOCATION_TESTS, isParallel: true, isCovering: true },
  {
    paths: ["tests/unit"],
    ignore: [ALLOCATION_TESTS, ...PURE_UNITS].join(),
    isParallel: false,
    isCovering: true,
  },
  { paths: ["tests/arch_test.ts", ALLOCATION_TESTS, "tests/conformance"], isParallel: false },
];
const E2E_PART: TestPart = { paths: ["tests/e2e"], isParallel: false };

/** What only some tests need. */
const OTHERS = [...READERS, ...BROWSERS];

/** Of the program's lines, by the unit tests; what only a real system can reach, the others reach. */
const COVERAGE_THRESHOLD_PERCENT = 91;

const HELP = `Usage: deno task test [--e2e]

  --e2e    only the end-to-end tests
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.some((arg) => arg !== "--e2e")) {
    say(HELP.trimEnd());
    return args.includes("--help") ? 0 : 2;
  }
  Deno.chdir(ROOT);
  const leftOut = await setUp();
  if (leftOut !== null) {
    say(`Left out: ${leftOut}`);
  }
  const parts = [...(args.includes("--e2e") ? [] : FAST_PARTS), E2E_PART];
  const counts: TestCounts[] = [];
  await clearCoverage();
  for (const part of parts) {
    say(`\n== ${part.paths.join(" ")}`);
    counts.push(await runTests(part));
  }
  const isCovered = args.includes("--e2e") || await reportCoverage(COVERAGE_THRESHOLD_PERCENT);
  const exitCode = report(counts, leftOut);
  if (!isCovered) say(`FAILED: the unit tests reach less than ${COVERAGE_THRESHOLD_PERCENT} %`);
  return isCovered ? exitCode : 1;
}

/** Makes all tests possible if that can be. Returns which are not and why, or null. */
async function setUp(): Promise<string | null> {
  const isRoot = Deno.build.os === "linux" && Deno.uid() === 0;
  const missing = packagesOf(missingRequirements([...REQUIREMENTS, ...OTHERS]));
  if (isRoot && isDebianLike() && missing.length > 0) {
    say(`Installing ${missing.join(", ")} (for the tests)`);
    await installPackages(missing);
  }
  if (isRoot) await tryCommand(["modprobe", "tun"]); // most often there already, or part of the kernel
  const why = whyNoNamespaces() ?? await probeNamespaces();
  if (why !== null) return `all tests with network namespaces and tun devices, because ${why}`;
  const others = packagesOf(missingRequirements(OTHERS));
  return others.length === 0 ? null : `tests that need ${others.join(", ")}: not installed`;
}

function packagesOf(requirements: readonly Requirement[]): string[] {
  return [...new Set(requirements.map((it) => it.debianPackage))];
}

/** Root in a container may not be allowed to make namespaces. */
async function probeNamespaces(): Promise<string | null> {
  const name = `bl${Deno.pid}-probe`;
  const made = await tryCommand(["ip", "netns", "add", name]);
  if (!made.isSuccess) return `"ip netns add" fails: ${made.stderr.trim()}`;
  await runCommand(["ip", "netns", "del", name]);
  return null;
}

function report(counts: readonly TestCounts[], leftOut: string | null): number {
  const ignored = counts.flatMap((it) => it.ignored);
  const isSuccess = counts.every((it) => it.isSuccess);
  const failed = counts.flatMap((it) => it.failed);
  for (const { name, file, error } of failed) {
    say(`\nfailed: ${name} (${file})\n${error.replaceAll(/^/gm, "  ")}`);
  }
  const passed = counts.reduce((total, it) => total + it.passed, 0);
  // Tests and their steps.
  say(`\n${passed} passed, ${failed.length} failed, ${ignored.length} skipped`);
  if (!isSuccess) say("FAILED");
  if (ignored.length === 0) return isSuccess ? 0 : 1;
  for (const name of ignored) say(`  ignored: ${name}`);
  if (leftOut === null) {
    say("FAILED: all tests can run on this machine, so none may be ignored");
    return 1;
  }
  say(`  left out: ${leftOut}`);
  return isSuccess ? 0 : 1;
}

function say(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
