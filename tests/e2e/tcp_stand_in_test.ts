/**
 * A tunnel without a tun: `--listen-tcp` at one end, `--connect-tcp` at the other, a plain TCP
 * service in between, no privilege.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BINDLINK_FROM_SOURCE, BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { printFigures, toMbps } from "../support/figures.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";

/** setpriv(1): runs a program with no capability at all, nor a way to get one. */
const POWERLESS = ["setpriv", "--inh-caps=-all", "--bounding-set=-all", ...BINDLINK_FROM_SOURCE];

for (const protocol of ["secure", "legacy"] as const) {
  Deno.test({
    name:
      `the TCP stand-in carries a service over three proxies, without tun and privilege, ${protocol}`,
    ignore: !canUseNamespaces(),
    async fn(t): Promise<void> {
      const ratesBps = [20e6, 20e6, 20e6];
      await using network = await PhoneNetwork.create({ phones: 3, ratesBps, protocol });
      const { laptop, server } = network;
      await using danted = await DantedPhones.start(network);
      await using _master = await BindlinkProcess.start(
        server,
        network.masterArgs.concat("--connect-tcp", "127.0.0.1:5201"),
        { program: POWERLESS },
      );
      await using slave = await BindlinkProcess.start(
        laptop,
        network.slaveArgs.concat("--listen-tcp", "5555"),
        { program: POWERLESS },
      );
      await slave.waitForLinks([1, 2, 3]);
      assert(!await laptop.hasDevice("bind0"));

      await t.step("iperf3 in both directions, several connections at once", async () => {
        for (const reverse of [false, true]) {
          // One each: it serves one client at a time, and the end of the first one's connection takes
          // its way through the tunnel, too.
          await using _iperf = await Iperf3Server.start(server);
          const load = { host: "127.0.0.1", port: 5555, reverse, seconds: 3, streams: 4 };
          const { receivedBps } = await runIperf3(laptop, load);
          printFigures(`TCP stand-in ${reverse ? "down" : "up"}, 4 transfers, ${protocol}`, {
            received: toMbps(receivedBps),
            "single phone": toMbps(20e6),
          });
          assert(receivedBps > 1.5 * 20e6, `${receivedBps} bps`);
        }
      });

      await t.step("every byte arrives, though a proxy dies on the way", async () => {
        await using transfer = await TcpTransfer.start({
          from: laptop,
          to: server,
          listen: { host: "127.0.0.1", port: 5201 },
          connect: { host: "127.0.0.1", port: 5555 },
        });
        await transfer.waitForMore(1_000_000);
        await danted.proxies[0]!.stop();
        await slave.waitForLinks([2, 3]);
        await transfer.waitForMore(1_000_000);
        await transfer.finish();
      });
    },
  });
}
