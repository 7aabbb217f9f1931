import assert from "node:assert/strict";
import type { Routing } from "../../../src/routing/routing.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { ASSIGNED, EVERYTHING, RoutingRig } from "../../support/routing_rig.ts";

const ALL = { routes: EVERYTHING, hasKillSwitch: false };
const ALL_KILL = { routes: EVERYTHING, hasKillSwitch: true };

/** Reports addresses, as after a welcome, and waits for the routes. */
async function assign(rig: RoutingRig, routing: Routing): Promise<void> {
  routing.handleAssigned(ASSIGNED);
  await awaitCondition("routes", () => rig.logger.count("info Routes lead into the tunnel") > 0, {
    intervalMs: 1,
  });
}

Deno.test("routes come when the tunnel carries, rules before, and all goes", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  const routing = await rig.openSlave(ALL);
  assert.equal(rig.machine.rules.length, 6);
  assert.equal(rig.machine.routes.size, 0);
  await assign(rig, routing);
  assert.deepEqual(rig.machine.routes.get("-4 17000"), ["0.0.0.0/0 dev bind0"]);
  assert.deepEqual(rig.machine.routes.get("-6 17000"), ["::/0 dev bind0"]);
  await routing.close(true);
  assert.equal(rig.machine.state, before);
  assert.deepEqual(rig.folder.names(), ["slave-changes.lock"]);
});

Deno.test("IPv6 is refused where the tun has none, and left alone where the machine has none", async () => {
  using rig = new RoutingRig();
  rig.machine.proc.set("sys/net/ipv6/conf/bind0/disable_ipv6", "1");
  const routing = await rig.openSlave(ALL);
  await assign(rig, routing);
  assert.deepEqual(rig.machine.routes.get("-6 17000"), ["unreachable ::/0"]);
  await routing.close(true);
  rig.machine.proc.delete("sys/net/ipv6/conf/all/disable_ipv6");
  const next = await rig.openSlave(ALL);
  assert(rig.machine.rules.every(({ family }) => family === "-4"));
  await next.close(true);
});

Deno.test("routes are set again when the tun gets another address, else not", async () => {
  using rig = new RoutingRig();
  const routing = await rig.openSlave(ALL);
  await assign(rig, routing);
  const typed = rig.machine.typed.length;
  routing.handleAssigned(ASSIGNED);
  routing.handleAssigned([{ address: "10.20.0.2", prefixBits: 24 }]);
  await awaitCondition("routes anew", () => rig.machine.typed.length === typed + 2, {
    intervalMs: 1,
  });
  await routing.close(true);
});

Deno.test("routes that somebody has taken are set again when the keys are renewed, and that is told", async () => {
  using rig = new RoutingRig();
  const routing = await rig.openSlave(ALL);
  await assign(rig, routing);
  rig.machine.routes.delete("-4 17000");
  routing.handleAssigned(ASSIGNED);
  const told = (): number => rig.logger.count(GONE);
  await awaitCondition("the news", () => told() > 0, { intervalMs: 1 });
  assert.deepEqual(rig.machine.routes.get("-4 17000"), ["0.0.0.0/0 dev bind0"]);
  assert.deepEqual(rig.machine.routes.get("-6 17000"), ["::/0 dev bind0"]);
  rig.machine.routes.clear();
  routing.handleAssigned(ASSIGNED);
  await routing.close(true);
  assert.equal([...rig.machine.routes.values()].flat().length, 0, "none is left behind");
  assert.equal(told(), 1);
});

const GONE =
  "warn Routes into the tunnel were gone, and are there again: meanwhile packets went past it";

Deno.test("routes that cannot be set end the daemon", async () => {
  using rig = new RoutingRig();
  const routing = await rig.openSlave(ALL);
  routing.handleRunning();
  rig.machine.changesLeft = 1;
  routing.handleAssigned(ASSIGNED);
  await awaitCondition("failure", () => routing.failed.aborted, { intervalMs: 1 });
  assert.match(
    String(routing.failed.reason),
    /Cannot route through the tunnel: ip -6 route replace/,
  );
  await routing.close(false);
  assert.deepEqual(rig.machine.rules, []);
});

Deno.test("a block that another has is left to it", async () => {
  using rig = new RoutingRig();
  rig.machine.rules.push({ family: "-4", pref: 17_100, words: "lookup 5" });
  rig.machine.routes.set("-4 17300", ["10.0.0.0/8 via 192.0.2.1"]);
  const before = rig.machine.state;
  const routing = await rig.openSlave(ALL);
  assert(rig.machine.rules.some(({ pref }) => pref === 17_899));
  await routing.close(true);
  assert.equal(rig.machine.state, before);
});

Deno.test("a route of the machine's own to the same network is told of", async () => {
  using rig = new RoutingRig();
  rig.machine.routes.set("-4 main", ["10.20.0.0/16 via 192.0.2.1 dev eth0"]);
  const routes = [{ address: "10.20.0.0", prefixBits: 16 }];
  const routing = await rig.openSlave({ routes, hasKillSwitch: false });
  const told = rig.logger.events.find(({ text }) =>
    text.startsWith("warn This machine has a route")
  );
  assert.deepEqual(told?.properties, {
    network: "10.20.0.0/16",
    route: "10.20.0.0/16 via 192.0.2.1 dev eth0",
  });
  await routing.close(true);
});

Deno.test("whichever step fails at start, everything before it is undone", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  let steps = 0;
  for (;; steps++) {
    rig.machine.changesLeft = steps;
    try {
      await (await rig.openSlave(ALL_KILL)).close(true);
      break;
    } catch (error) {
      assert.match(String(error), /refused by the test/);
    }
    assert.equal(rig.machine.state, before, `after ${steps} steps`);
    assert.deepEqual(rig.folder.names(), ["slave-changes.lock"]);
  }
  assert.equal(steps >= 7, true, "a kill switch and six rules");
});

Deno.test("wherever a slave is killed, the next start leaves the machine as it was", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  for (let steps = 0; steps <= 12; steps++) {
    rig.dieAfter(steps);
    const killed = await rig.openSlave(ALL_KILL).catch(() => null);
    if (killed !== null) {
      killed.handleRunning();
      killed.handleAssigned(ASSIGNED);
      await killed.close(true);
    }
    rig.revive();
    await (await rig.openSlave()).close(true);
    assert.equal(rig.machine.state, before, `killed after ${steps} changes`);
    assert.deepEqual(rig.folder.names(), ["slave-changes.lock"]);
  }
});

Deno.test("a kill switch stays when the daemon fails, is replaced by the next, and ends when asked", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  const first = await rig.openSlave(ALL_KILL);
  first.handleRunning();
  await first.close(false);
  assert.deepEqual([...rig.machine.tables.keys()], ["bindlink_kill_switch"]);
  assert.deepEqual(rig.machine.rules, []);
  assert.match(
    String(rig.logger.events.at(-1)?.properties["lift"]),
    /nft delete table inet bindlink_kill_switch/,
  );
  const second = await rig.openSlave(ALL_KILL);
  assert(
    rig.machine.typed.some((it) =>
      it.startsWith("nft 'delete table inet bindlink_kill_switch\ncreate")
    ),
  );
  second.handleRunning();
  await second.close(true);
  assert.equal(rig.machine.state, before);
});

Deno.test("a kill switch lets interfaces that become links look up where they lead", async () => {
  using rig = new RoutingRig();
  const routing = await rig.openAutoSlave(ALL_KILL);
  const up = rig.logger.events.find(({ text }) => text.startsWith("info Kill switch up"));
  assert.match(String(up?.properties["until"]), /host names are known/);
  await routing.close(true);
});

Deno.test("a kill switch that is left goes with a start without one", async () => {
  using rig = new RoutingRig();
  const first = await rig.openSlave(ALL_KILL);
  first.handleRunning();
  await first.close(false);
  await (await rig.openSlave(ALL)).close(true);
  assert.equal(rig.machine.tables.size, 0);
});

Deno.test("a kill switch of an earlier run stays when the next cannot start", async () => {
  using rig = new RoutingRig();
  const first = await rig.openSlave(ALL_KILL);
  first.handleRunning();
  await first.close(false);
  rig.machine.changesLeft = 1;
  await assert.rejects(rig.openSlave(ALL_KILL), /refused by the test/);
  assert.deepEqual([...rig.machine.tables.keys()], ["bindlink_kill_switch"]);
  await (await rig.openSlave()).close(true);
  assert.equal(rig.machine.tables.size, 0);
});

Deno.test("a kill switch that is not ours is not taken over", async () => {
  using rig = new RoutingRig();
  rig.machine.tables.set("bindlink_kill_switch", "");
  const before = rig.machine.state;
  await assert.rejects(
    rig.openSlave(ALL_KILL),
    /There is a kill switch already, .* nft delete table inet bindlink_kill_switch/,
  );
  assert.equal(rig.machine.state, before);
});

Deno.test("a second slave with the same state directory changes nothing", async () => {
  using rig = new RoutingRig();
  const routing = await rig.openSlave(ALL);
  const state = rig.machine.state;
  await assert.rejects(rig.openSlave(ALL), /another bindlink slave does so .*--state-dir/);
  await (await rig.openSlave()).close(true);
  assert.equal(rig.machine.state, state, "nor does one that routes nothing undo what is in use");
  await routing.close(true);
});
