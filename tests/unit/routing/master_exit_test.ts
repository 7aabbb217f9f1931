import assert from "node:assert/strict";
import type { Command } from "../../../src/routing/command.ts";
import { programMissing } from "../../../src/routing/command_error.ts";
import { RoutingRig } from "../../support/routing_rig.ts";

Deno.test("an exit forwards and masquerades while it is open", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  const routing = await rig.openMaster(true);
  assert.equal(rig.machine.readProc("sys/net/ipv4/ip_forward"), "1");
  assert.equal(rig.machine.readProc("sys/net/ipv6/conf/all/forwarding"), "1");
  assert.match(rig.machine.tables.get("bindlink_exit_bind0")!, /ip saddr 10\.10\.10\.0\/24 .*masq/);
  await routing.close(true);
  assert.equal(rig.machine.state, before);
});

Deno.test("forwarding that was on stays on", async () => {
  using rig = new RoutingRig();
  rig.machine.proc.set("sys/net/ipv4/ip_forward", "1");
  await (await rig.openMaster(true)).close(true);
  assert.equal(rig.machine.readProc("sys/net/ipv4/ip_forward"), "1");
  assert.equal(rig.machine.readProc("sys/net/ipv6/conf/all/forwarding"), "0");
});

Deno.test("forwarding stays on, with what goes with it, while somebody else needs it", async () => {
  using rig = new RoutingRig();
  rig.machine.routedDevices = ["eth0"];
  rig.machine.proc.set("sys/net/ipv6/conf/eth0/accept_ra", "1");
  const routing = await rig.openMaster(true);
  rig.machine.tables.set("docker", "table ip nat {\n\tmasquerade\n}\n");
  await routing.close(true);
  assert.equal(rig.machine.readProc("sys/net/ipv4/ip_forward"), "1");
  assert.equal(rig.machine.readProc("sys/net/ipv6/conf/eth0/accept_ra"), "2");
  assert.deepEqual([...rig.machine.tables.keys()], ["docker"]);
  assert.equal(
    rig.logger.count(
      "info Forwarding stays on: another program's firewall table translates addresses",
    ),
    1,
  );
});

Deno.test("a setting that somebody has changed since is left as it is", async () => {
  using rig = new RoutingRig();
  rig.machine.routedDevices = ["eth0"];
  rig.machine.proc.set("sys/net/ipv6/conf/eth0/accept_ra", "1");
  const routing = await rig.openMaster(true);
  rig.machine.proc.set("sys/net/ipv6/conf/eth0/accept_ra", "0");
  await routing.close(true);
  assert.equal(rig.machine.readProc("sys/net/ipv6/conf/eth0/accept_ra"), "0");
});

Deno.test("what the kernel changes together with forwarding is set back, too, whenever the master is killed", async () => {
  using rig = new RoutingRig();
  for (
    const [path, value] of [
      ["ipv4/conf/all/accept_redirects", "0"],
      ["ipv4/conf/default/forwarding", "0"],
      ["ipv4/conf/lan/forwarding", "1"],
      ["ipv6/conf/default/forwarding", "0"],
      ["ipv6/conf/lan.7/forwarding", "1"],
    ] as const
  ) rig.machine.proc.set(`sys/net/${path}`, value);
  const before = rig.machine.state;
  const routing = await rig.openMaster(true);
  assert.notEqual(rig.machine.state, before);
  await routing.close(true);
  assert.equal(rig.machine.state, before);
  for (let steps = 0; steps <= 4; steps++) {
    rig.dieAfter(steps);
    await (await rig.openMaster(true).catch(() => null))?.close(true);
    rig.revive();
    await (await rig.openMaster(false)).close(true);
    assert.equal(rig.machine.state, before, `killed after ${steps} changes`);
  }
});

Deno.test("nothing stays written down when nftables is missing", async () => {
  using rig = new RoutingRig();
  const { run } = rig.machine;
  const missing = (command: Command): Promise<string> =>
    command.program === "nft" ? Promise.reject(programMissing(command)) : run(command);
  Object.assign(rig.machine, { run: missing });
  await assert.rejects(rig.openMaster(true), /apt install nftables/);
  assert.deepEqual(rig.logger.events.map(({ text }) => text), [], "nothing that needs undoing");
});

Deno.test("whichever step of an exit fails, everything before it is undone", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  let steps = 0;
  for (;; steps++) {
    rig.machine.changesLeft = steps;
    try {
      await (await rig.openMaster(true)).close(true);
      break;
    } catch (error) {
      assert.match(String(error), /refused by the test/);
    }
    assert.equal(rig.machine.state, before, `after ${steps} steps`);
  }
  assert(steps >= 3, "a table and two settings");
});

Deno.test("wherever a master is killed, the next start leaves the machine as it was", async () => {
  using rig = new RoutingRig();
  const before = rig.machine.state;
  for (let steps = 0; steps <= 4; steps++) {
    rig.dieAfter(steps);
    await (await rig.openMaster(true).catch(() => null))?.close(true);
    rig.revive();
    await (await rig.openMaster(false)).close(true);
    assert.equal(rig.machine.state, before, `killed after ${steps} changes`);
  }
});

Deno.test("a table of an exit that is not ours is not taken over", async () => {
  using rig = new RoutingRig();
  rig.machine.tables.set("bindlink_exit_bind0", "");
  const before = rig.machine.state;
  await assert.rejects(rig.openMaster(true), /type nft delete table inet bindlink_exit_bind0/);
  assert.equal(rig.machine.state, before);
});

Deno.test("a firewall that drops what is forwarded is told of", async () => {
  using rig = new RoutingRig();
  rig.machine.tables.set(
    "ufw",
    "table ip filter {\n\ttype filter hook forward priority filter; policy drop;\n}\n",
  );
  const routing = await rig.openMaster(true);
  const told = rig.logger.events.find(({ text }) => text.startsWith("warn A firewall"));
  assert.equal(told?.properties["table"], "ip filter");
  await routing.close(true);
});
