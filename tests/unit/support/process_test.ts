import assert from "node:assert/strict";
import { awaitCondition } from "../../support/await_condition.ts";
import { runProgram, TestProcess } from "../../support/process.ts";

Deno.test("TestProcess.waitForLine finds lines of the past and of the future, from a mark on", async () => {
  await using process = new TestProcess(
    ["sh", "-c", "echo one >&2; cat >/dev/null; echo two >&2; echo three"],
    { stdin: "piped" },
  );
  assert.equal(await process.waitForLine(/one/), "one");
  assert.equal(await process.waitForLine(/one/), "one");
  const from = process.mark();
  await assert.rejects(process.waitForLine(/one/, 50, from), /Gave up/);
  await process.closeStdin();
  assert.equal(await process.waitForLine(/two/, 5_000, from), "two");
  assert.equal(await process.waitForLine(/three/), "three");
});

Deno.test("TestProcess.waitForLine fails at once when the program ends without the line", async () => {
  await using process = new TestProcess(["sh", "-c", "echo no >&2; exit 3"]);
  await assert.rejects(process.waitForLine(/yes/, 60_000), /ended with 3 .*\n.*no/s);
});

Deno.test("TestProcess.stop ends a program; its status says by which signal", async () => {
  await using process = new TestProcess(["sleep", "600"]);
  // At first it is still on its way to becoming sleep(1).
  await awaitCondition(
    "memory and files",
    () => process.rssBytes() > 100_000 && process.openFiles() >= 3,
  );
  assert.equal((await process.stop()).signal, "SIGTERM");
  assert.equal((await process.stop()).signal, "SIGTERM");
});

Deno.test("TestProcess.crash takes descendants along", async () => {
  await using process = new TestProcess(["sh", "-c", "sleep 600 & echo $!; wait"]);
  const child = Number(await process.waitForLine(/^\d+$/));
  assert.equal((await process.crash()).signal, "SIGKILL");
  await awaitCondition("the child to be gone", () => !isRunning(child), { intervalMs: 10 });
});

Deno.test("TestProcess.stop does not wait for descendants that hold its output open", async () => {
  // The child outlives its parent and ignores the signal that the parent dies of.
  await using process = new TestProcess(
    ["sh", "-c", "(trap '' TERM; echo ready; while :; do sleep 1; done) & wait"],
  );
  await process.waitForLine(/ready/);
  assert.equal((await process.stop()).signal, "SIGTERM");
});

Deno.test("runProgram gives the output, or fails with what the program said", async () => {
  assert.equal(await runProgram(["echo", "hello"]), "hello");
  await assert.rejects(runProgram(["sh", "-c", "echo why >&2; exit 4"]), /failed with 4:\nwhy/);
});

/** Dead counts as gone, whether or not somebody has buried it. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
