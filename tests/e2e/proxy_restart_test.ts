/**
 * A proxy dies under load and comes back.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { printFigures, toMbps, toMiB } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";

Deno.test({
  name: "a TCP transfer survives that a proxy is killed and started again; its link keeps its id",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 3, ratesBps: [20e6, 20e6, 20e6] });
    const { laptop, server } = network;
    await using danted = await DantedPhones.start(network);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.waitForLinks([1, 2, 3]);
    const startedMs = performance.now();
    await using transfer = await TcpTransfer.start({
      from: laptop,
      to: server,
      listen: { host: "10.10.10.1", port: 7000 },
    });
    await transfer.waitForMore(2_000_000);

    await danted.proxies[1]!.stop();
    const killedMs = performance.now();
    await slave.waitForLinks([1, 3]);
    const noticedMs = performance.now();
    await transfer.waitForMore(2_000_000);

    await danted.proxies[1]!.restart();
    const backMs = performance.now();
    await slave.waitForLinks([1, 2, 3], 20_000);
    const usedMs = performance.now();
    const sent = async (): Promise<number> =>
      (await slave.metricBy("bindlink_link_sent_bytes_total", "id")).get("2") ?? 0;
    const atReturnBytes = await sent();
    await awaitCondition(
      "link 2 to carry data again",
      async () => await sent() - atReturnBytes > 100_000,
    );
    await transfer.waitForMore(1_000_000);

    const bytes = await transfer.finish();
    const seconds = (performance.now() - startedMs) / 1000;
    const reconnects = await slave.metricBy("bindlink_link_reconnects_total", "id");
    assert(reconnects.get("2")! >= 1);
    assert.equal(reconnects.get("1"), 0);
    assert.equal(reconnects.get("3"), 0);
    printFigures("proxy killed under load", {
      noticed: `after ${(noticedMs - killedMs).toFixed(0)} ms`,
      "back after": `${(usedMs - backMs).toFixed(0)} ms`,
      transferred: toMiB(bytes),
      mean: toMbps(bytes * 8 / seconds),
    });
  },
});
