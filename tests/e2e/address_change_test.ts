/**
 * Addresses change under a running tunnel, at either end.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";

Deno.test({
  name: "a TCP transfer goes on when the slave's address changes; the master answers the new one",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create({ rateBps: 20e6 });
    const { laptop, server } = network;
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.waitForLinks([1]);
    await using transfer = await TcpTransfer.start({
      from: server,
      to: laptop,
      listen: { host: "10.10.10.2", port: 7000 },
    });
    await transfer.waitForMore(500_000);

    const from = master.process.mark();
    await laptop.removeAddress("up1", "10.1.1.1/24");
    await laptop.addAddress("up1", "10.1.1.77/24");
    const changedMs = performance.now();
    await master.process.waitForLine(/Link moved.*remote=10\.1\.1\.77:/, 10_000, from);
    const movedMs = performance.now();
    await transfer.waitForMore(500_000);
    printFigures("slave's address changed", {
      "master followed after": `${(movedMs - changedMs).toFixed(0)} ms`,
      "half a megabyte more after": `${(performance.now() - changedMs).toFixed(0)} ms`,
    });
    await transfer.finish();
    await slave.waitForLinks([1]);
    await master.waitForLinks([1]);
  },
});

Deno.test({
  name: "a master listens on an address that it gets at run time, and does without one it loses",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs("--targets", "10.1.1.2:4000,10.1.1.9:4000"),
    );
    await slave.waitForLinks([1]);
    await server.addAddress("in1", "10.1.1.9/24");
    const addedMs = performance.now();
    await slave.waitForLinks([1, 2]);
    printFigures("master's new address", {
      "used after": `${(performance.now() - addedMs).toFixed(0)} ms`,
    });

    const from = master.process.mark();
    await server.run(["ip", "address", "flush", "dev", "in1", "scope", "global"]);
    await server.addAddress("in1", "10.1.1.9/24");
    // Nothing flows: it is asked every 15 to 25 s, and then has 5 s to answer.
    await slave.waitForLinks([2], 40_000);
    await waitForPing(laptop, "10.10.10.1");
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
    await server.addAddress("in1", "10.1.1.2/24");
    await master.process.waitForLine(/Listening on a new address.*10\.1\.1\.2$/, 10_000, from);
    await slave.waitForLinks([1, 2], 20_000);
  },
});
