/**
 * Runs `deno test` in the open and counts what came of it.
 *
 * @module
 */

/** A test or step that failed. */
export interface FailedTest {
  readonly name: string;
  /** Where it stands, as a path from the project's root. */
  readonly file: string;
  /** The first lines of the error. */
  readonly error: string;
}

/** What came of a run; steps count as tests. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: readonly FailedTest[];
  /** Names of those that did not run. */
  readonly ignored: readonly string[];
  /** False also when a file could not be loaded, which is no test's failure. */
  readonly isSuccess: boolean;
}

/** Some of the tests. */
export interface TestPart {
  /** Files, folders and globs. */
  readonly paths: readonly string[];
  /** Globs of what is left out of them. */
  readonly ignore?: string;
  /** Whether they run on all processors. */
  readonly isParallel: boolean;
  /** Whether it is counted which lines of the program they reach, which makes them slower. */
  readonly isCovering?: boolean;
}

/** As much of an error as is repeated at the end; all of it stands where the test ran. */
const ERROR_LINES = 6;
const ERROR_CHARS = 600;

/** Where the counts of lines are kept. */
const COVERAGE_FOLDER = "coverage";

/** Runs the tests of a part; what they print goes to the terminal as it comes. */
export async function runTests(part: TestPart): Promise<TestCounts> {
  const folder = await Deno.makeTempDir({ prefix: "bindlink-test-" });
  try {
    const report = `${folder}/report.xml`;
    const coverage = [`--coverage=${COVERAGE_FOLDER}`, "--coverage-raw-data-only"];
    const isSuccess = await runDeno([
      "test",
      "-A",
      `--junit-path=${report}`,
      ...(part.ignore === undefined ? [] : [`--ignore=${part.ignore}`]),
      ...(part.isParallel ? ["--parallel"] : []),
      ...(part.isCovering === true ? coverage : []),
      ...part.paths,
    ]);
    return countTests(await Deno.readTextFile(report).catch(() => ""), isSuccess);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Forgets what the covering tests of earlier runs reached. */
export async function clearCoverage(): Promise<void> {
  await Deno.remove(COVERAGE_FOLDER, { recursive: true }).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** Prints how much of each of the program's files the covering tests reach. @returns whether it is enough of all */
export function reportCoverage(thresholdPercent: number): Promise<boolean> {
  return runDeno([
    "coverage",
    "--quiet",
    `--threshold=${thresholdPercent}`,
    "--include=/(src|ffi)/([a-z]+/)?[a-z0-9_]+[.]ts$",
    COVERAGE_FOLDER,
  ]);
}

async function runDeno(args: readonly string[]): Promise<boolean> {
  const deno = new Deno.Command(Deno.execPath(), { args: [...args], stdin: "null" });
  return (await deno.spawn().status).success;
}

/** Counts in a JUnit report as `deno test` writes it. */
export function countTests(junitXml: string, isSuccess: boolean): TestCounts {
  let passed = 0;
  const failed: FailedTest[] = [];
  const ignored: string[] = [];
  for (const [, name = "", file = "", body = ""] of junitXml.matchAll(TEST_CASE)) {
    const failure = FAILURE.exec(body);
    if (body.includes("<skipped")) ignored.push(unescapeXml(name));
    else if (failure === null) passed++;
    else {
      const error = unescapeXml(failure[1]!).replaceAll(TERMINAL_COLOURS, "").trim();
      const head = error.split("\n").slice(0, ERROR_LINES).join("\n").slice(0, ERROR_CHARS);
      failed.push({ name: unescapeXml(name), file: unescapeXml(file), error: head });
    }
  }
  return { passed, failed, ignored, isSuccess };
}

/** Text in a body is escaped, so no tag in it is mistaken for one. */
const TEST_CASE = /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

const FAILURE = /<(?:failure|error)\b[^>]*>([\s\S]*?)<\//;

// deno-lint-ignore no-control-regex
const TERMINAL_COLOURS = /\x1b\[[0-9;]*m/g;

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
