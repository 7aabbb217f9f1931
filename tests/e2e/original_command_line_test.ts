/**
 * Command lines as the original daemon's users have them in their scripts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork, SERVER_IPV4 } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";

Deno.test({
  name: "the original's command lines make a tunnel",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2, protocol: "legacy" });
    const { laptop, server } = network;
    await using _danted = await DantedPhones.start(network);
    await using master = await BindlinkProcess.start(server, [
      "-listen_port=4000",
      "-http_listen_port=8080",
    ]);
    await using slave = await BindlinkProcess.start(laptop, [
      "--proxies",
      network.proxies,
      "--proxy_target",
      `${SERVER_IPV4}:4000`,
      "--http_listen_port",
      ":8080",
      "--listen_port",
      "0",
    ]);
    await slave.waitForLinks([1, 2]);
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
    for (const { process } of [master, slave]) {
      await process.waitForLine(/WARN.*Protocol legacy: nothing is authenticated or encrypted/);
    }
  },
});

Deno.test({
  name: "the original's --connect_tcp stands in for the tun",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 1, protocol: "legacy" });
    const { laptop, server } = network;
    await using _danted = await DantedPhones.start(network);
    await using _iperf = await Iperf3Server.start(server);
    await using _master = await BindlinkProcess.start(server, [
      "--listen_port=4000",
      "--connect_tcp=127.0.0.1:5201",
    ]);
    await using slave = await BindlinkProcess.start(laptop, [
      `-proxies=${network.proxies}`,
      `-proxy_target=${SERVER_IPV4}:4000`,
      "-listen_tcp=5555",
    ]);
    await slave.waitForLinks([1]);
    const load = { host: "127.0.0.1", port: 5555, seconds: 1 };
    assert((await runIperf3(laptop, load)).receivedBps > 1e6);
  },
});
