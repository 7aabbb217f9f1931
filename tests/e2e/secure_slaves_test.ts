/**
 * Several slaves on one master: each reaches the master, and another slave only where that is allowed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { formatIp } from "../../src/ip_literal.ts";
import { awaitCondition } from "../support/await_condition.ts";
import type { BindlinkProcess } from "../support/bindlink_process.ts";
import { Firewall } from "../support/firewall.ts";
import { innerIpv6Of } from "../support/inner_ipv6.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { PacketCapture } from "../support/packet_capture.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { StarNetwork } from "../support/star_network.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const PINGS = 10;

Deno.test({
  name: "three slaves reach the master over IPv4 and IPv6, and not each other",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using star = await StarNetwork.create(["ant", "bee", "cat"]);
    const { server, machines } = star;
    await using stack = new AsyncDisposableStack();
    const master = stack.use(await star.startMaster());
    const slaves = await startSlaves(star, stack);
    const addresses = (await star.state.listSlaves()).map((it) => it.addresses);
    const innerIpv6 = await innerIpv6Of(server);
    const [ant, bee, cat] = machines.map(({ namespace }) => namespace);

    await t.step("each pings the master and sends to it, all at once", async () => {
      const hosts = [INNER_MASTER, innerIpv6];
      await Promise.all(
        machines.flatMap(({ namespace }) =>
          hosts.map(async (host) =>
            assert.equal((await ping(namespace, host, PINGS)).received, PINGS, host)
          )
        ),
      );
      await Promise.all(machines.map(async ({ namespace }, i) => {
        const port = 5201 + i;
        await using _iperf = await Iperf3Server.start(server, port);
        const host = i === 0 ? innerIpv6 : INNER_MASTER;
        const { receivedBps } = await runIperf3(namespace, { host, port, seconds: 1 });
        assert(receivedBps > 1e6, `${receivedBps} bps`);
      }));
    });

    await t.step("log, metrics and list say which slave it was", async () => {
      for (const [i, { name }] of machines.entries()) {
        await slaves[i]!.process.waitForLine(new RegExp(`Joined the master.* as=${name} `));
        await master.process.waitForLine(new RegExp(`Slave joined.* slave=${name} `));
        await master.process.waitForLine(new RegExp(`Link learned.* slave=${name} `));
        await master.waitForLinks([1, 2], 15_000, { slave: name });
      }
      for (const name of ["bindlink_slave_connected", "bindlink_slave_received_bytes_total"]) {
        const values = await master.metricBy(name, "slave");
        assert.deepEqual([...values.keys()], machines.map((it) => it.name));
        assert([...values.values()].every((value) => value > 0), name);
      }
      for (const { state, linksUp, receivedBytes } of await star.state.listSlaves()) {
        assert.equal(state, "connected");
        assert.equal(linksUp, 2);
        // An eighth of a second at 1 Mbit/s of the transfer above.
        assert(receivedBytes > 125_000, `${receivedBytes} bytes`);
      }
    });

    for (const forwarding of ["0", "1"]) {
      await t.step(`slaves are strangers to each other with ip_forward=${forwarding}`, async () => {
        await setForwarding(server, forwarding);
        const pairs = ([[ant!, 1], [bee!, 2], [cat!, 0]] as const).flatMap(([from, to]) =>
          addresses[to]!.map((host) => [from, host] as const)
        );
        await assertRefused(master, pairs);
      });
    }

    await t.step("nor do they meet where the master's kernel turns a packet round", async () => {
      // Sent to the master itself, it passes; what comes back into the tunnel has ant's source.
      const [from, to] = addresses.map((it) => it[0]!);
      const rule = `ip saddr ${from} icmp type echo-request dnat ip to ${to}`;
      const firewall = await Firewall.raise(server, "prerouting", rule);
      await assertRefused(master, [[ant!, INNER_MASTER]]);
      await firewall.lower();
      await waitForPing(ant!, INNER_MASTER);
    });

    await t.step("a packet with another's source goes no further than the master", async () => {
      const strangers = [...addresses[1]!, "10.10.10.77", "192.0.2.7", "2001:db8::7"];
      await using capture = await PacketCapture.start(server, "bind0", "icmp or icmp6");
      for (const address of strangers) {
        await ant!.run(["ip", "address", "add", address, "dev", "bind0", ...noWait(address)]);
        const before = await master.drops("wrong_inner_source");
        const host = address.includes(":") ? innerIpv6 : INNER_MASTER;
        assert.equal(await pingsBack(ant!, host, address), 0);
        await awaitCondition(
          `${PINGS} refused packets of ${address}`,
          async () => await master.drops("wrong_inner_source") >= before + PINGS,
        );
        await ant!.run(["ip", "address", "del", address, "dev", "bind0"]);
      }
      for (const host of [INNER_MASTER, innerIpv6]) {
        assert.equal((await ping(ant!, host, PINGS)).received, PINGS);
      }
      await capture.finish();
      const sources = new Set((await capture.frames()).map(sourceOf));
      for (const address of [...addresses[0]!, INNER_MASTER, innerIpv6]) {
        assert(sources.has(address), `the capture misses ${address}`);
      }
      for (const address of strangers) assert(!sources.has(address), address);
    });

    for (const slave of slaves) assert.deepEqual(await slave.linksUp(), ["1", "2"]);
  },
});

Deno.test({
  name: "with --allow-slave-to-slave slaves reach each other through the master",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using star = await StarNetwork.create(["ant", "bee"]);
    await using stack = new AsyncDisposableStack();
    const master = stack.use(await star.startMaster("--allow-slave-to-slave"));
    await startSlaves(star, stack);
    // The tunnel's own work: no kernel forwards here.
    await setForwarding(star.server, "0");
    const [ant, bee] = await star.state.listSlaves();
    const [from, to] = star.machines.map(({ namespace }) => namespace);
    for (const host of bee!.addresses) {
      assert.equal((await ping(from!, host, PINGS)).received, PINGS, host);
    }
    await using _iperf = await Iperf3Server.start(from!);
    const { receivedBps } = await runIperf3(to!, { host: ant!.addresses[0]!, seconds: 1 });
    assert(receivedBps > 1e6, `${receivedBps} bps`);
    assert.equal(await master.drops("slave_to_slave"), 0);
    // A borrowed address is refused here, too.
    await from!.run(["ip", "address", "add", "10.10.10.77", "dev", "bind0"]);
    const before = await master.drops("wrong_inner_source");
    assert.equal(await pingsBack(from!, bee!.addresses[0]!, "10.10.10.77"), 0);
    assert(await master.drops("wrong_inner_source") >= before + PINGS);
  },
});

/** One on every machine, under its name; each has reached the master. */
async function startSlaves(
  star: StarNetwork,
  stack: AsyncDisposableStack,
): Promise<readonly BindlinkProcess[]> {
  const tokens: string[] = [];
  for (const machine of star.machines) tokens.push(await star.invite(machine));
  const slaves = await Promise.all(star.machines.map(async (machine, i) => {
    const slave = stack.use(await star.startSlave(machine, tokens[i]!));
    await slave.waitForLinks([1, 2]);
    await waitForPing(machine.namespace, INNER_MASTER);
    return slave;
  }));
  return slaves;
}

/** No ping comes back, and each is counted. */
async function assertRefused(
  master: BindlinkProcess,
  pairs: readonly (readonly [from: Namespace, host: string])[],
): Promise<void> {
  const before = await master.drops("slave_to_slave");
  const received = await Promise.all(pairs.map(([from, host]) => pingsBack(from, host)));
  assert.deepEqual(received, pairs.map(() => 0));
  assert.equal(await master.drops("slave_to_slave"), before + pairs.length * PINGS);
}

/** @param source its source address. @returns how many pings came back. */
async function pingsBack(namespace: Namespace, host: string, source?: string): Promise<number> {
  const from = source === undefined ? [] : ["-I", source];
  const args = ["-c", String(PINGS), "-i", "0.01", "-q", "-W", "0.3", ...from, host];
  // Exit code 1: none came back.
  const text = await namespace.run(["sh", "-c", 'ping "$@" || [ $? = 1 ]', "sh", ...args]);
  return Number(/(\d+) received/.exec(text)?.[1]);
}

async function setForwarding(namespace: Namespace, value: string): Promise<void> {
  const settings = [`net.ipv4.ip_forward=${value}`, `net.ipv6.conf.all.forwarding=${value}`];
  await namespace.run(["sysctl", "-q", "-w", ...settings]);
}

/** Duplicates are not looked for. */
function noWait(address: string): readonly string[] {
  return address.includes(":") ? ["nodad"] : [];
}

/** The source of an IP packet as a tun has it. */
function sourceOf(packet: Uint8Array): string {
  return formatIp(packet[0]! >> 4 === 4 ? packet.subarray(12, 16) : packet.subarray(8, 24));
}
