/**
 * IPv6 outside, IPv6 inside, and names that resolve only later.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { innerIpv6Of } from "../support/inner_ipv6.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork, SERVER_IPV6 } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";
import { INNER_MTU_BYTES } from "../support/tunnel_pair.ts";

Deno.test({
  name: "links go over IPv6, directly and through a proxy, and carry IPv6 inside",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, phones } = network;
    await using _danted = await DantedPhones.start(network);
    await laptop.addRoute(`${SERVER_IPV6}/128`, phones[1]!.ipv6);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs(
        ...["--proxies", `[${phones[0]!.ipv6}]:1080`],
        ...["--proxy-target", `[${SERVER_IPV6}]:4000`],
        ...["--targets", `[${SERVER_IPV6}]:4000`],
      ),
    );
    await slave.waitForLinks([1, 2]);
    const innerIpv6 = await innerIpv6Of(server);
    for (const host of ["10.10.10.1", innerIpv6]) {
      const { sent, received } = await ping(laptop, host);
      assert.equal(received, sent, host);
    }
    // The whole MTU: 40 bytes of IPv6 and 8 of ICMPv6 less.
    const { sent, received } = await ping(laptop, innerIpv6, 20, INNER_MTU_BYTES - 48);
    assert.equal(received, sent, "full-sized packets");
  },
});

Deno.test({
  name: "host names of proxy and target that do not resolve yet are asked for until they do",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, phones } = network;
    await using _danted = await DantedPhones.start(network);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await laptop.addRoute(`${SERVER_IPV6}/128`, phones[1]!.ipv6);
    // Nobody is asked but this file.
    await laptop.writeEtc("nsswitch.conf", "hosts: files\n");
    await laptop.writeEtc("hosts", "127.0.0.1 localhost\n");
    await phones[0]!.namespace.writeEtc("hosts", `${SERVER_IPV6} server.test\n`);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs(
        ...["--proxies", "phone.test:1080"],
        ...["--proxy-target", `[${SERVER_IPV6}]:4000`],
        ...["--targets", "server.test:4000"],
      ),
    );
    await slave.process.waitForLine(/Link down.*id=1 .*Cannot resolve \\?"phone\.test/);
    await slave.process.waitForLine(/Link down.*id=2 .*Cannot resolve \\?"server\.test/);
    await laptop.writeEtc(
      "hosts",
      `${phones[0]!.ipv4} phone.test\n${SERVER_IPV6} server.test\n`,
    );
    await slave.waitForLinks([1, 2], 25_000);
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
  },
});

Deno.test({
  name: "a target's name with an address that does not work is tried at its next address",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    await laptop.writeEtc("nsswitch.conf", "hosts: files\n");
    await laptop.writeEtc("hosts", "fd01:1::dead server.test\n10.1.1.2 server.test\n");
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs("--targets", "server.test:4000"),
    );
    await slave.waitForLinks([1], 20_000);
  },
});
