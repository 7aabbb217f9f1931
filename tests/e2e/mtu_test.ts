/**
 * A slave that takes smaller packets than the master's tun: who sends it larger ones is told, TCP is fitted to it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping } from "../support/ping.ts";
import { INNER_MTU_BYTES, INNER_SLAVE } from "../support/tunnel_pair.ts";

const SLAVE_MTU_BYTES = 1_280;

Deno.test({
  name: "a slave's smaller MTU is told to who sends it larger packets, and TCP keeps to it",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server, pair, targets } = network;
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const args = pair.slaveArgs("--targets", targets, "--mtu", String(SLAVE_MTU_BYTES));
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.waitForLinks([1]);
    const { sent, received } = await ping(server, INNER_SLAVE, 5, SLAVE_MTU_BYTES - 28);
    assert.equal(received, sent, "the whole MTU passes");

    await using tcpdump = laptop.spawn(["tcpdump", "-nlt", "-i", "bind0", "tcp[13] & 2 != 0"]);
    await tcpdump.waitForLine(/listening on/);
    const connect = 'exec 3<>"/dev/tcp/$1/9" || true';
    await server.run(["bash", "-c", connect, "bash", INNER_SLAVE]);
    const syn = await tcpdump.waitForLine(/Flags \[S\]/);
    assert.match(syn, new RegExp(`mss ${SLAVE_MTU_BYTES - 40}[,\\]]`));

    const size = String(INNER_MTU_BYTES - 28);
    const tooLarge = await server.run(
      [
        "bash",
        "-c",
        'ping -n -M do -c 1 -W 2 -s "$1" "$2" 2>&1 || true',
        "bash",
        size,
        INNER_SLAVE,
      ],
    );
    assert.match(tooLarge, new RegExp(`mtu ?= ?${SLAVE_MTU_BYTES}`));
  },
});
