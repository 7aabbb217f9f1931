import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readLines } from "../support/read_lines.ts";

const FLOOD_MAIN = fileURLToPath(new URL("../support/log_flood_main.ts", import.meta.url));

/** What the program logs before it says "flooded": far more than a pipe holds (64 KiB, pipe(7)). */
const FLOOD_LINES = 5_000;

/** A program that stands still is killed after this long, and the test fails. */
const PATIENCE_MS = 20_000;

Deno.test("the log loses lines, and says how many, when its reader stands still", async () => {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", FLOOD_MAIN, `${FLOOD_LINES}`],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  const said = readLines(child.stdout);
  const requests = child.stdin.getWriter();
  try {
    assert.equal((await said.next()).value, "flooded");
    // Nobody has read until now.
    const logged: string[] = [];
    const logIsRead = (async (): Promise<void> => {
      for await (const line of readLines(child.stderr)) logged.push(line);
    })();
    // Each request logs a line, which is lost too as long as the pipe has no room.
    let requestCount = 0;
    while (!logged.some((line) => line.endsWith("Line of a request"))) {
      requestCount++;
      await requests.write(new TextEncoder().encode("go\n"));
      assert.equal((await said.next()).value, "answered");
    }
    await requests.close();
    await logIsRead;
    assert.equal((await child.status).code, 0);
    checkLog(logged, requestCount);
  } finally {
    clearTimeout(timer);
    await said.return();
  }
});

/** Every line is there, or counted as lost by a later one; but for requests after the last count. */
function checkLog(logged: readonly string[], requestCount: number): void {
  const losses = logged.map((line) =>
    Number(/ WARN {2}(\d+) log lines? w(?:as|ere) lost$/.exec(line)?.[1] ?? 0)
  );
  const lostLines = losses.reduce((sum, lines) => sum + lines, 0);
  const flood = logged.flatMap((line) =>
    / INFO {2}Line of a flood line=(\d+)$/.exec(line)?.[1] ?? []
  );
  const requests = logged.filter((line) => / INFO {2}Line of a request$/.test(line));
  assert.equal(
    flood.length + requests.length + losses.filter((it) => it > 0).length,
    logged.length,
  );
  assert.ok(flood.length > 500, `${flood.length} lines before the pipe was full`);
  assert.deepEqual(flood.slice(0, 500), Array.from({ length: 500 }, (_, i) => `${i}`));
  assert.ok(lostLines > 0);
  const unaccounted = FLOOD_LINES + requestCount - flood.length - requests.length - lostLines;
  assert.ok(unaccounted >= 0 && unaccounted < requestCount, `${unaccounted} of ${requestCount}`);
}
