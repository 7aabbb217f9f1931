/**
 * A slave that takes smaller packets than the master's tun: who sends it larger ones is told, TCP is fitted to it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { Firewall } from "../support/firewall.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { PhoneNetwork, SERVER_IPV4 } from "../support/phone_network.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { INNER_MASTER, INNER_MTU_BYTES, INNER_SLAVE } from "../support/tunnel_pair.ts";

const SLAVE_MTU_BYTES = 1_280;

Deno.test({
  name: "a slave's smaller MTU is told to who sends it larger packets, and TCP keeps to it",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server, pair, targets } = network;
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const args = pair.slaveArgs("--targets", targets, "--mtu", String(SLAVE_MTU_BYTES));
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.waitForLinks([1]);
    const { sent, received } = await ping(server, INNER_SLAVE, 5, SLAVE_MTU_BYTES - 28);
    assert.equal(received, sent, "the whole MTU passes");

    await using tcpdump = laptop.spawn(["tcpdump", "-nlt", "-i", "bind0", "tcp[13] & 2 != 0"]);
    await tcpdump.waitForLine(/listening on/);
    const connect = 'exec 3<>"/dev/tcp/$1/9" || true';
    await server.run(["bash", "-c", connect, "bash", INNER_SLAVE]);
    const syn = await tcpdump.waitForLine(/Flags \[S\]/);
    assert.match(syn, new RegExp(`mss ${SLAVE_MTU_BYTES - 40}[,\\]]`));

    const size = String(INNER_MTU_BYTES - 28);
    const tooLarge = await server.run(
      [
        "bash",
        "-c",
        'ping -n -M do -c 1 -W 2 -s "$1" "$2" 2>&1 || true',
        "bash",
        size,
        INNER_SLAVE,
      ],
    );
    assert.match(tooLarge, new RegExp(`mtu ?= ?${SLAVE_MTU_BYTES}`));
  },
});

/** MTU of the path beyond the laptop's own network. */
const PATH_MTU_BYTES = 1_300;

/** Nobody is told of less, which IPv6 promises (RFC 8200 section 5): smaller packets are fragmented outside. */
const LEAST_TOLD_BYTES = 1_280;

/** Fragments that came in. */
async function fragmentsReceived(at: Namespace): Promise<number> {
  const lines = (await at.run(["cat", "/proc/net/snmp"])).split("\n");
  const [names, values] = lines.filter((line) => line.startsWith("Ip:")).map((it) => it.split(" "));
  return Number(values![names!.indexOf("ReasmReqds")]);
}

Deno.test({
  name:
    "a path that carries less than its ends' devices, and says nothing, is found out: TCP passes unfragmented",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 1 });
    const { laptop, server, pair } = network;
    const [phone] = network.phones;
    await laptop.addRoute(`${SERVER_IPV4}/32`, phone!.ipv4);
    const setMtu = (at: Namespace, device: string): Promise<string> =>
      at.run(["ip", "link", "set", device, "mtu", String(PATH_MTU_BYTES)]);
    await setMtu(phone!.namespace, "far");
    await setMtu(server, "in1");
    await Firewall.raise(phone!.namespace, "output", "ip protocol icmp drop");
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const args = pair.slaveArgs("--targets", `${SERVER_IPV4}:4000`);
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.waitForLinks([1]);
    await waitForPing(laptop, INNER_MASTER);
    // A sender is told of it once the search has come to an end.
    const size = String(INNER_MTU_BYTES - 28);
    const tooLarge = 'ping -n -M do -c 1 -W 1 -s "$1" "$2" 2>&1 || true';
    for (const [at, to] of [[laptop, INNER_MASTER], [server, INNER_SLAVE]] as const) {
      await awaitCondition("the path's MTU to be found", async () => {
        const said = await at.run(["bash", "-c", tooLarge, "bash", size, to]);
        return new RegExp(`mtu ?= ?${LEAST_TOLD_BYTES}`).test(said);
      }, { timeoutMs: 30_000, intervalMs: 200 });
    }
    const before = [await fragmentsReceived(laptop), await fragmentsReceived(server)];
    await using _iperf3 = await Iperf3Server.start(server);
    for (const reverse of [false, true]) {
      const { receivedBps } = await runIperf3(laptop, { host: INNER_MASTER, seconds: 2, reverse });
      assert(receivedBps > 10e6, `${receivedBps} bit/s`);
    }
    const after = [await fragmentsReceived(laptop), await fragmentsReceived(server)];
    assert.deepEqual(after, before, "TCP keeps to what passes in one piece");
    const { sent, received } = await ping(laptop, INNER_MASTER, 5, INNER_MTU_BYTES - 28, "dont");
    assert.equal(received, sent, "what may be fragmented is, outside");
    assert(await fragmentsReceived(server) > after[1]!);
  },
});
