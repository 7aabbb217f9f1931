import assert from "node:assert/strict";
import { IdleSpinner } from "../../support/idle_spinner.ts";

/** SCHED_IDLE (sched(7)), as field 41 of /proc/pid/stat shows it. */
const SCHED_IDLE = 5;

/** The scheduling policy of each child of this process that is a spinner. */
function spinnerPolicies(): number[] {
  const policies: number[] = [];
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // pid (comm) state ppid ...: the fields behind the name start with the third one.
      const fields = Deno.readTextFileSync(`/proc/${name}/stat`).split(") ").at(-1)!.split(" ");
      const command = Deno.readTextFileSync(`/proc/${name}/cmdline`);
      const isOurs = Number(fields[1]) === Deno.pid && command.includes("idle-spinner");
      if (isOurs) policies.push(Number(fields[38]));
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // it has ended meanwhile
    }
  }
  return policies;
}

Deno.test({
  name: "IdleSpinner runs at idle priority and leaves nothing behind",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    {
      await using spinner = new IdleSpinner(1);
      assert.equal(spinner.count, 1);
      // chrt sets the policy before it becomes the loop.
      while (spinnerPolicies()[0] !== SCHED_IDLE) {
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    }
    assert.deepEqual(spinnerPolicies(), []);
  },
});
