/**
 * The main case, whole: three real proxies, one tunnel.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";
import { printFigures, toMbps } from "../support/figures.ts";

/** The phones' radios, bits per second. */
const RATES_BPS = [24e6, 16e6, 12e6];
const BEST_BPS = Math.max(...RATES_BPS);

Deno.test({
  name: "a tunnel over three danted proxies carries ping, TCP and UDP over all three links",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 3, ratesBps: RATES_BPS });
    const { laptop, server } = network;
    await using _danted = await DantedPhones.start(network);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.waitForLinks([1, 2, 3]);
    await using _iperf = await Iperf3Server.start(server);

    await t.step("ping", async () => {
      const { sent, received, rtt } = await ping(laptop, "10.10.10.1");
      assert.equal(received, sent);
      printFigures("ping", { "rtt min/avg/max/mdev": rtt });
    });

    for (const direction of ["up", "down"] as const) {
      const reverse = direction === "down";
      await t.step(`UDP ${direction}`, async () => {
        const load = { host: "10.10.10.1", reverse, udpBps: 60e6, seconds: 3, omitSeconds: 2 };
        const before = await slave.metricBy(bytesMetric(reverse), "id");
        const { receivedBps } = await runIperf3(laptop, load);
        const after = await slave.metricBy(bytesMetric(reverse), "id");
        printFigures(`UDP ${direction}`, {
          offered: toMbps(60e6),
          received: toMbps(receivedBps),
          "best single phone": toMbps(BEST_BPS),
          ...shares(before, after),
        });
        assertAllCarry(before, after);
        assert(receivedBps > 1.3 * BEST_BPS, `${receivedBps} bps is no sum of three links`);
      });
      await t.step(`TCP ${direction}`, async () => {
        const load = { host: "10.10.10.1", reverse, streams: 8, seconds: 3, omitSeconds: 1 };
        const before = await slave.metricBy(bytesMetric(reverse), "id");
        const { receivedBps } = await runIperf3(laptop, load);
        const after = await slave.metricBy(bytesMetric(reverse), "id");
        printFigures(`TCP ${direction}, 8 transfers`, {
          received: toMbps(receivedBps),
          "best single phone": toMbps(BEST_BPS),
          ...shares(before, after),
        });
        assertAllCarry(before, after);
        assert(receivedBps > 1.1 * BEST_BPS, `${receivedBps} bps is no sum of three links`);
      });
    }
  },
});

function bytesMetric(reverse: boolean): string {
  return `bindlink_link_${reverse ? "received" : "sent"}_bytes_total`;
}

function growth(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): [id: string, bytes: number][] {
  return [...after].map(([id, bytes]) => [id, bytes - (before.get(id) ?? 0)]);
}

function shares(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): Record<string, string> {
  const grown = growth(before, after);
  const sum = grown.reduce((total, [, bytes]) => total + bytes, 0);
  const text = (bytes: number): string => `${(100 * bytes / sum).toFixed(0)} %`;
  return Object.fromEntries(grown.map(([id, bytes]) => [`link ${id}`, text(bytes)]));
}

function assertAllCarry(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): void {
  const grown = growth(before, after);
  assert.equal(grown.length, 3);
  for (const [id, bytes] of grown) assert(bytes > 100_000, `link ${id} carried ${bytes} bytes`);
}
