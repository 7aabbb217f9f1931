/**
 * `deno task demo` as a person runs it. It judges itself by its exit code; here that nothing is left.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { canUseNamespaces } from "../support/namespace.ts";
import { runProgram, TestProcess } from "../support/process.ts";

const DEMO = fileURLToPath(new URL("../../scripts/demo.ts", import.meta.url));

function startDemo(...args: readonly string[]): TestProcess {
  return new TestProcess([Deno.execPath(), "run", "-A", "--unstable-net", DEMO, ...args]);
}

/** The namespaces of a demo carry its process id. */
async function namespacesOf(pid: number): Promise<string[]> {
  const names = (await runProgram(["ip", "netns", "list"])).split("\n");
  return names.filter((name) => name.startsWith(`bl${pid}-`));
}

Deno.test({
  name: "the demo gains by three phones, outlives a cut, and leaves nothing behind",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using demo = startDemo();
    const { code } = await demo.status;
    assert.equal(code, 0, demo.output);
    assert.match(demo.output, /Five network namespaces/);
    assert.deepEqual(await namespacesOf(demo.pid), []);
  },
});

Deno.test({
  name: "the demo cleans up when it is interrupted",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using demo = startDemo();
    await demo.waitForLine(/best phone alone: tunnel [1-9]/, 30_000);
    assert.notDeepEqual(await namespacesOf(demo.pid), []);
    const { code } = await demo.stop("SIGINT");
    assert.equal(code, 130, demo.output);
    assert.deepEqual(await namespacesOf(demo.pid), []);
  },
});

Deno.test("the demo runs on loopback where it may not make namespaces", async () => {
  await using demo = startDemo("--loopback");
  const { code } = await demo.status;
  assert.match(demo.output, /On loopback, without a tun/);
  // All of it shares one event loop, so how fast it is belongs to the machine: exit code 1 may say
  // that the gain was too small. That data came through in each act, and the end in order, may not fail.
  assert(code === 0 || code === 1, demo.output);
  for (const act of ["best phone alone", "three together", "best phone cut"]) {
    const figure = demo.output.match(new RegExp(`^ *${act} +([0-9.]+) Mbit/s`, "m"));
    assert(Number(figure?.[1]) > 0.5, `${act}: ${demo.output}`);
  }
});
