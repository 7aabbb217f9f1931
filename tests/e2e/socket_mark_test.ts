/**
 * `--mark`: all that bindlink sends can be told from all else, by rules of the user's.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BINDLINK_FROM_SOURCE, BindlinkProcess } from "../support/bindlink_process.ts";
import { Danted } from "../support/danted.ts";
import { Firewall } from "../support/firewall.ts";
import { Microsocks } from "../support/microsocks.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork, SERVER_IPV4 } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";

const DIRECT = `${SERVER_IPV4}:4000`;

Deno.test({
  name:
    "links get out where only what is marked may: by UDP, through proxies, over TCP; so do answers",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 3 });
    const { laptop, server, pair } = network;
    const [udpProxy, tcpProxy, router] = network.phones;
    await using _danted = await Danted.start(udpProxy!.namespace, {
      internal: [udpProxy!.ipv4],
      external: "far",
    });
    await using _microsocks = await Microsocks.start(tcpProxy!.namespace);
    // The master is reached by the third phone, by a rule; to the proxies nothing else leads, either.
    await laptop.run(["ip", "rule", "add", "fwmark", "0x62", "lookup", "62"]);
    await laptop.run(
      ["ip", "route", "add", `${SERVER_IPV4}/32`, "via", router!.ipv4, "table", "62"],
    );
    const isUnmarked = (mark: string): string => `oifname != "lo" meta mark != ${mark} drop`;
    await Firewall.raise(laptop, "output", `meta l4proto { tcp, udp } ${isUnmarked("0x62")}`);
    await Firewall.raise(server, "output", `meta l4proto udp ${isUnmarked("99")}`);
    const knock = `</dev/tcp/${udpProxy!.ipv4}/1080`;
    await assert.rejects(laptop.run(["timeout", "0.5", "bash", "-c", knock]), "the rule holds");

    await using master = await BindlinkProcess.start(server, [
      ...network.masterArgs,
      "--mark",
      "99",
    ]);
    const proxies = `${udpProxy!.ipv4}:1080,${tcpProxy!.ipv4}:1080`;
    await using slave = await BindlinkProcess.start(
      laptop,
      pair.slaveArgs("--proxies", proxies, "--targets", DIRECT, "--mark", "0x62"),
    );
    await slave.waitForLinks([1, 2, 3]);
    await master.waitForLinks([1, 2, 3]);
    const { sent, received } = await ping(laptop, "10.10.10.1", 50);
    assert.equal(received, sent);
  },
});

Deno.test({
  name: "without the permission to mark, a slave does not start, and says what it lacks",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 1 });
    const { laptop, slaveArgs } = network;
    const program = ["setpriv", "--bounding-set", "-net_admin,-net_raw", ...BINDLINK_FROM_SOURCE];
    const slave = laptop.spawn([...program, ...slaveArgs, "--mark", "7"]);
    await slave.waitForLine(
      /Cannot use --mark: Cannot set socket mark 7: EPERM \(needs CAP_NET_ADMIN\)/,
    );
    assert.equal((await slave.stop()).code, 1);
  },
});
