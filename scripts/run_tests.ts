/**
 * Runs `deno test` in the open and counts what came of it.
 *
 * @module
 */

/** What came of a run; steps count as tests. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  /** Names of those that did not run. */
  readonly ignored: readonly string[];
  /** False also when a file could not be loaded, which is no test's failure. */
  readonly isSuccess: boolean;
}

/** Runs the tests in files and folders, on all processors if they are parallel; what they print goes to the terminal as it comes. */
export async function runTests(
  { paths, isParallel }: { readonly paths: readonly string[]; readonly isParallel: boolean },
): Promise<TestCounts> {
  const folder = await Deno.makeTempDir({ prefix: "bindlink-test-" });
  try {
    const report = `${folder}/report.xml`;
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: [
        "test",
        "-A",
        `--junit-path=${report}`,
        ...(isParallel ? ["--parallel"] : []),
        ...paths,
      ],
      stdin: "null",
    }).spawn().status;
    return countTests(await Deno.readTextFile(report).catch(() => ""), success);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Counts in a JUnit report as `deno test` writes it. */
export function countTests(junitXml: string, isSuccess: boolean): TestCounts {
  let passed = 0;
  let failed = 0;
  const ignored: string[] = [];
  for (const [, name = "", body = ""] of junitXml.matchAll(TEST_CASE)) {
    if (body.includes("<skipped")) ignored.push(unescapeXml(name));
    else if (/<(failure|error)\b/.test(body)) failed++;
    else passed++;
  }
  return { passed, failed, ignored, isSuccess };
}

/** Text in a body is escaped, so no tag in it is mistaken for one. */
const TEST_CASE = /<testcase name="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g;

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'").replaceAll("&amp;", "&");
}
