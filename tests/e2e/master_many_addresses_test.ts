/**
 * A master with several addresses answers each link from the one it was asked on. A slave takes
 * answers from nowhere else, and neither does any SOCKS relay or NAT in between.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { Firewall } from "../support/firewall.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping } from "../support/ping.ts";
import { Sniffer } from "../support/sniffer.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";

/** Of one subnet each: left alone, the kernel would answer from the first of each family. */
const IPV4 = ["10.1.1.2", "10.1.1.3", "10.1.1.4"];
const IPV6 = ["fd01:1::2", "fd01:1::3"];

Deno.test({
  name: "a master with five addresses answers each link from the address it was asked on",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    for (const address of IPV4.slice(1)) await server.addAddress("in1", `${address}/24`);
    for (const address of IPV6.slice(1)) await server.addAddress("in1", `${address}/64`);
    await using sniffer = await Sniffer.start(laptop, "up1", "udp src port 4000");
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs(
        "--targets",
        [...IPV4.map((ip) => `${ip}:4000`), ...IPV6.map((ip) => `[${ip}]:4000`)].join(),
      ),
    );
    await slave.waitForLinks([1, 2, 3, 4, 5]);
    const { sent, received } = await ping(laptop, "10.10.10.1", 200);
    assert.equal(received, sent);
    assert.equal(await slave.drops("wrong_source"), 0);

    const received_ = await slave.metricBy("bindlink_link_received_packets_total", "id");
    for (const [id, packets] of received_) assert(packets > 10, `link ${id}: ${packets} packets`);
    const sources = await sniffer.finish((line) => /IP6? (\S+)\.4000 > /.exec(line)?.[1]);
    assert.deepEqual([...new Set(sources)].sort(), [...IPV4, ...IPV6].sort());
  },
});

Deno.test({
  name: "one fast socket answers from the second address, and from one that came after the start",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    await server.addAddress("in1", "10.1.1.3/24");
    // As a NAT would: nothing comes through from where the kernel would answer by itself.
    await Firewall.raise(laptop, "input", "ip saddr 10.1.1.2 udp sport 4000 drop");
    await using master = await BindlinkProcess.start(server, [
      ...network.masterArgs,
      "--io",
      "ffi",
    ]);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs("--targets", "10.1.1.3:4000,10.1.1.9:4000"),
    );
    await slave.waitForLinks([1]);
    const sockets = (await server.run(["cat", "/proc/net/udp"])).match(/\S+:0FA0(?= )/g);
    assert.deepEqual(sockets, ["00000000:0FA0"], "one, on the wildcard");

    const from = master.process.mark();
    await server.addAddress("in1", "10.1.1.9/24");
    const addedMs = performance.now();
    await slave.waitForLinks([1, 2]);
    printFigures("master's new address", {
      "used after": `${(performance.now() - addedMs).toFixed(0)} ms`,
    });
    await master.process.waitForLine(
      /Link (learned|moved).*via="?udp 10\.1\.1\.9:4000/,
      1_000,
      from,
    );
    // Batches, too.
    await using transfer = await TcpTransfer.start({
      from: server,
      to: laptop,
      listen: { host: "10.10.10.2", port: 7000 },
    });
    await transfer.waitForMore(5_000_000);
    await transfer.finish();
    const received = await slave.metricBy("bindlink_link_received_packets_total", "id");
    for (const [id, packets] of received) assert(packets > 500, `link ${id}: ${packets} packets`);

    await server.removeAddress("in1", "10.1.1.3/24");
    await awaitCondition("the master to do without the address that it lost", async () => {
      return (await master.linksUp()).join() === "2";
    });
  },
});
