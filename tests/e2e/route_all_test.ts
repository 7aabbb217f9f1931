/**
 * All of a laptop's traffic through the tunnel, the links past it; and that nothing is left of it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { Firewall } from "../support/firewall.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { SERVER_IPV4 } from "../support/phone_network.ts";
import { waitForPing } from "../support/ping.ts";
import { HOST_IPV4, HOST_IPV6, machineState, RoutingNetwork } from "../support/routing_network.ts";

Deno.test({
  name: "everything goes through the tunnel and out at the master, and all is undone",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await RoutingNetwork.create();
    const { laptop, server } = network;
    // Which the kernel turns on when it stops forwarding.
    await server.run(["sysctl", "-q", "-w", "net.ipv4.conf.all.accept_redirects=0"]);
    const before = { laptop: await machineState(laptop), server: await machineState(server) };
    await using master = await BindlinkProcess.start(server, network.masterArgs("--exit"));
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs("--route-all"));
    await slave.waitForLinks([1, 2, 3]);
    await waitForPing(laptop, HOST_IPV4);
    await waitForPing(laptop, HOST_IPV6);
    const seen = await network.seenByHost();
    assert(seen.masqueraded > 0 && seen.others === 0, JSON.stringify(seen));
    assert.match(await network.routeTo("10.1.2.2"), /dev up2/, "own networks");
    assert.match(await network.routeTo(SERVER_IPV4), /dev bind0/, "not even the master's machine");
    assert.match(await network.routeTo(SERVER_IPV4, LINK), /dev up1/, "but the link");

    // A phone is tethered later: links go by it, though nobody told the slave.
    await network.useDefaultRoute(2);
    assert.match(await network.routeTo(SERVER_IPV4, LINK), /dev up2/);
    const first = network.phones.phones[0]!.namespace;
    await Firewall.raise(first, "forward", "meta l4proto { tcp, udp } drop");
    await slave.waitForLinks([1, 2, 3], 20_000);
    await waitForPing(laptop, HOST_IPV4);

    await slave.process.crash();
    await network.useDefaultRoute(1);
    assert.match(await laptop.run(["ip", "rule"]), /lookup 17000/);
    assert(await canPing(laptop, SERVER_IPV4), "what is left does nothing");
    await using next = await BindlinkProcess.start(laptop, network.slaveArgs());
    assert.equal(await next.stop(), 0);
    assert.equal(await machineState(laptop), before.laptop, "after SIGKILL, a start and a stop");
    assert.equal(await master.stop(), 0);
    assert.equal(await machineState(server), before.server, "the master's machine");
  },
});

Deno.test({
  name: "a kill switch lets only links out, stays when the slave is killed, and ends with SIGTERM",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await RoutingNetwork.create();
    const { laptop, server } = network;
    const before = { laptop: await machineState(laptop), server: await machineState(server) };
    await using master = await BindlinkProcess.start(server, network.masterArgs("--exit"));
    const args = network.slaveArgs("--route-all", "--kill-switch");
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.waitForLinks([1, 2, 3]);
    await waitForPing(laptop, HOST_IPV4);
    const lookups = ["nft", "list", "chain", "inet", "bindlink_kill_switch", "lookups"];
    assert.doesNotMatch(await laptop.run(lookups), /53/, "the master's name is known");
    assert(!await canPing(laptop, "10.1.1.2"), "a local network is not let out to");
    await slave.process.crash();
    assert(!await canPing(laptop, "10.1.1.2"), "it stays when the slave is killed");

    await using next = await BindlinkProcess.start(laptop, args);
    await next.waitForLinks([1, 2, 3]);
    await waitForPing(laptop, HOST_IPV6);
    await master.process.crash();
    await awaitCondition(
      "the tunnel to be down",
      async () => (await next.linksUp()).length === 0,
    );
    assert(!await canPing(laptop, HOST_IPV4), "nothing leaves while the tunnel is down");
    assert(!await canPing(laptop, "10.1.1.2"), "nor to a local network");
    assert.equal(await next.stop(), 0);
    assert.equal(await machineState(laptop), before.laptop, "after SIGTERM");
    assert(await canPing(laptop, "10.1.1.2"));

    assert.notEqual(await machineState(server), before.server, "a killed master leaves its exit");
    await using nextMaster = await BindlinkProcess.start(server, network.masterArgs());
    assert.equal(await nextMaster.stop(), 0);
    assert.equal(await machineState(server), before.server, "until the next start");
  },
});

/** As a link's packets go, of which the kernel knows protocol and port. */
const LINK = "ipproto udp dport 4000";

async function canPing(namespace: Namespace, host: string): Promise<boolean> {
  const script = 'ping -q -c 3 -i 0.01 -W 1 "$1" >/dev/null 2>&1 && echo yes || true';
  return await namespace.run(["sh", "-c", script, "sh", host]) === "yes";
}
