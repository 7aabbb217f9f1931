import assert from "node:assert/strict";
import { HostMemory } from "../../../src/linkmap/host_memory.ts";
import type { NetAddress } from "../../../src/net_address.ts";
import { WayGuard, type WayGuardOptions } from "../../../src/routing/way_guard.ts";
import { FakeMachine } from "../../support/fake_machine.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

const PROXY: NetAddress = { hostname: "192.0.2.1", port: 1080 };
const RULE = "ip -4 rule add pref 17000 to 192.0.2.1/32 ipproto tcp dport 1080 goto 17299";
const ELEMENT = "nft 'add element inet bindlink_kill_switch tcp4 { 192.0.2.1 . 1080 }'";

function guarded(
  options: Partial<WayGuardOptions> = {},
  addresses: readonly string[] = ["192.0.2.9"],
): { readonly guard: WayGuard; readonly machine: FakeMachine; readonly logger: RecordingLogger } {
  const machine = new FakeMachine();
  machine.tables.set("bindlink_kill_switch", "");
  const logger = new RecordingLogger();
  const memory = new HostMemory(({ port }) =>
    Promise.resolve(addresses.map((hostname) => ({ hostname, port })))
  );
  const guard = new WayGuard(
    { machine, logger, base: 17_000, hasKillSwitch: true, names: [], ...options },
    memory,
  );
  return { guard, machine, logger };
}

Deno.test("a way has a rule and an element before it is used, both once", async () => {
  const { guard, machine } = guarded();
  using first = guard.lease();
  using second = guard.lease();
  await Promise.all([first.add(PROXY, "tcp"), second.add(PROXY, "tcp")]);
  assert.deepEqual(machine.typed, [RULE, ELEMENT]);
});

Deno.test("without routes there is no rule, without a kill switch no element", async () => {
  const routesOnly = guarded({ hasKillSwitch: false });
  await routesOnly.guard.lease().add(PROXY, "tcp");
  assert.deepEqual(routesOnly.machine.typed, [RULE]);
  const switchOnly = guarded({ base: null });
  await switchOnly.guard.lease().add(PROXY, "tcp");
  assert.deepEqual(switchOnly.machine.typed, [ELEMENT]);
});

Deno.test("what stays inside the machine needs no way", async () => {
  const { guard, machine } = guarded();
  await guard.lease().add({ hostname: "127.0.0.1", port: 1080 }, "udp");
  await guard.lease().add({ hostname: "::1", port: 1080 }, "udp");
  assert.deepEqual(machine.typed, []);
});

Deno.test("a way that cannot be had fails its link, leaves nothing, and is tried again", async () => {
  const { guard, machine } = guarded();
  machine.changesLeft = 1;
  await assert.rejects(guard.lease().add(PROXY, "tcp"), /Cannot let tcp 192\.0\.2\.1:1080 past/);
  assert.deepEqual(machine.rules, []);
  await guard.lease().add(PROXY, "tcp");
  assert.equal(machine.rules.length, 1);
});

Deno.test("ways that nobody uses go, the longest unused first, when they are many", async () => {
  const { guard, machine } = guarded();
  const used = guard.lease();
  await used.add(PROXY, "tcp");
  for (let port = 1; port <= 40; port++) {
    using lease = guard.lease();
    await lease.add({ hostname: "192.0.2.1", port }, "udp");
  }
  await guard.close();
  assert.equal(machine.rules.length, 1 + 32);
  assert(machine.rules[0]!.words.includes("tcp dport 1080"));
  assert(machine.rules[1]!.words.includes("udp dport 9 "));
});

Deno.test("name servers are let out to until every name is known", async () => {
  const { guard, machine } = guarded({ names: ["a.example", "b.example"] });
  await guard.resolve({ host: "a.example", port: 1 });
  assert.deepEqual(machine.typed, []);
  await guard.resolve({ host: "b.example", port: 1 });
  await guard.resolve({ host: "b.example", port: 1 });
  await guard.close();
  assert.deepEqual(machine.typed, ["nft 'flush chain inet bindlink_kill_switch lookups'"]);
});

Deno.test("a guard that is closed opens nothing and takes nothing away", async () => {
  const { guard, machine } = guarded();
  const lease = guard.lease();
  await lease.add(PROXY, "tcp");
  await guard.close();
  lease[Symbol.dispose]();
  await assert.rejects(guard.lease().add(PROXY, "udp"), /the daemon ends/);
  assert.deepEqual(machine.typed, [RULE, ELEMENT]);
});
