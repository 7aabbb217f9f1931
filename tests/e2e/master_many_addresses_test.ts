/**
 * A master with several addresses answers each link from the one it was asked on. A slave takes
 * answers from nowhere else, and neither does any SOCKS relay or NAT in between.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping } from "../support/ping.ts";
import { Sniffer } from "../support/sniffer.ts";

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
