/**
 * What local programs can do to the tun: packets that are not IP, packets longer than the MTU.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping } from "../support/ping.ts";
import { INNER_MTU_BYTES } from "../support/tunnel_pair.ts";

/**
 * packet(7) through perl, a part of every Debian: sends its argument, in hex, as it is out of an
 * interface, past IP. 17 = AF_PACKET, 2 = SOCK_DGRAM, 0x0800 = ETH_P_IP.
 */
const SEND_RAW = `
my ($device, $hex) = @ARGV;
open(my $file, "<", "/sys/class/net/$device/ifindex") or die;
my $index = <$file> + 0;
socket(my $socket, 17, 2, 0) or die "socket: $!";
my $address = pack("SnlSCCx8", 17, 0x0800, $index, 0, 0, 0);
defined send($socket, pack("H*", $hex), 0, $address) or die "send: $!";
`;

Deno.test({
  name: "packets out of the tun that are not IP or longer than the MTU are dropped, and do no harm",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.waitForLinks([1]);

    const raw = (hex: string): Promise<string> =>
      laptop.run(["perl", "-e", SEND_RAW, "bind0", hex]);
    const junk = ["00", "45", "ff".repeat(100), "60".repeat(39), "4f".repeat(20)];
    for (const hex of junk) await raw(hex);
    const notIp = async (): Promise<number> =>
      await slave.drops("not_ip") + await master.drops("not_ip");
    await awaitCondition("all junk to be counted", async () => await notIp() >= junk.length);

    // The kernel cuts what is sent to the interface's MTU, so somebody must change that.
    await laptop.run(["ip", "link", "set", "bind0", "mtu", String(INNER_MTU_BYTES + 1)]);
    const tooLong = await ping(laptop, "10.10.10.1", 5, INNER_MTU_BYTES + 1 - 28);
    assert.equal(tooLong.received, 0);
    assert.equal(await slave.drops("too_large"), 5);
    const { sent, received } = await ping(laptop, "10.10.10.1", 50, INNER_MTU_BYTES - 28);
    assert.equal(received, sent);
    assert.equal(await master.drops("tun_write_error"), 0);
  },
});
