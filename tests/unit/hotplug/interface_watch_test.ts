import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { InterfaceWatch } from "../../../src/hotplug/interface_watch.ts";
import type { NetInterface } from "../../../src/hotplug/net_interface.ts";
import { Reactor } from "../../../src/reactor.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";
import { awaitCondition } from "../../support/await_condition.ts";

Deno.test("InterfaceWatch tells what there is, as Deno sees it, and leaves nothing behind", async () => {
  const seen: (readonly NetInterface[])[] = [];
  const failures: unknown[] = [];
  const watch = new InterfaceWatch({
    reactor: new Reactor(),
    clock: () => performance.now(),
    onInterfaces: (interfaces) => seen.push(interfaces),
    onFailed: (error) => failures.push(error),
  });
  await awaitCondition("the first dump", () => seen.length > 0, { intervalMs: 5 });
  watch.close();
  watch.close();
  await reactorsSettled();
  assert.deepEqual(failures, []);
  const [first] = seen;
  assert.equal(first!.find(({ name }) => name === "lo")?.isLoopback, true);
  const names = new Set(first!.map(({ name }) => name));
  for (const { name } of Deno.networkInterfaces()) assert(names.has(name), name);
});
