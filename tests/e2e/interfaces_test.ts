/**
 * Links by network interfaces: tethered phones that all use the same subnet, are unplugged, and come back.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { printFigures } from "../support/figures.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";
import { TetheredPhones } from "../support/tethered_phones.ts";
import { INNER_MASTER, INNER_SLAVE } from "../support/tunnel_pair.ts";

const PHONE_BPS = 10e6;

/** How soon a link follows its interface: it is looked at once a second, and looked for twice; and what a busy machine adds. */
const GONE_MS = 2_500;
const BACK_MS = 4_000;

Deno.test({
  name: "two tethered phones with the same subnet are two links; one is unplugged and comes back",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using phones = await TetheredPhones.create(2, PHONE_BPS);
    const { laptop, server, pair } = phones;
    await phones.plugIn(0);
    await phones.plugIn(1);
    await using _master = await BindlinkProcess.start(server, pair.masterArgs("--listen", "4000"));
    const args = pair.slaveArgs("--interfaces", "phone1=usb0,usb1");
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.waitForLinks([1, 2]);
    await waitForPing(laptop, INNER_MASTER);
    await using iperf3 = await Iperf3Server.start(server);
    const load = { host: INNER_MASTER, seconds: 4, omitSeconds: 2 };
    const { receivedBps } = await runIperf3(laptop, load);
    await iperf3[Symbol.asyncDispose]();
    assert(receivedBps > 1.5 * PHONE_BPS, `${receivedBps} bit/s over both`);

    await using transfer = await TcpTransfer.start({
      from: server,
      to: laptop,
      listen: { host: INNER_SLAVE, port: 7_000 },
    });
    await transfer.waitForMore(500_000);
    const from = slave.process.mark();
    let startMs = performance.now();
    await phones.unplug(1);
    await slave.process.waitForLine(/Link down.*usb1.*Interface usb1 is gone/, 10_000, from);
    const goneMs = performance.now() - startMs;
    await transfer.waitForMore(500_000);
    startMs = performance.now();
    await phones.plugIn(1);
    await slave.waitForLinks([1, 2]);
    const backMs = performance.now() - startMs;
    await transfer.waitForMore(2_000_000);
    await transfer.finish();
    const carried = await phones.sentBytes(1);
    printFigures("a tethered phone unplugged, and plugged in again", {
      "over both": `${(receivedBps / 1e6).toFixed(1)} Mbit/s`,
      "gone, told after": `${goneMs.toFixed(0)} ms`,
      "back, used after": `${backMs.toFixed(0)} ms`,
    });
    assert(goneMs <= GONE_MS, `${goneMs} ms`);
    assert(backMs <= BACK_MS, `${backMs} ms`);
    assert(carried > 0, "something left by the new interface");
  },
});

Deno.test({
  name: "an interface that is not there yet is waited for, and a strict reverse path is told of",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using phones = await TetheredPhones.create(1, PHONE_BPS);
    const { laptop, server, pair } = phones;
    await laptop.run(["sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=1"]);
    await using _master = await BindlinkProcess.start(server, pair.masterArgs("--listen", "4000"));
    const args = pair.slaveArgs("--interfaces", "usb0");
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.process.waitForLine(/Link down.*There is no interface usb0/, 10_000);
    await phones.plugIn(0);
    await slave.process.waitForLine(/sysctl -w net\.ipv4\.conf\.usb0\.rp_filter=2/, 10_000);
    await slave.waitForLinks([1]);
    const { sent, received } = await ping(laptop, INNER_MASTER);
    assert.equal(received, sent);
  },
});
