/**
 * SOCKS5 servers other than danted: shadowsocks, which relays on after the TCP connection's end and
 * names its TCP port as the relay's; microsocks, which does TCP only.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { type Phone, PhoneNetwork } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";
import type { TestProcess } from "../support/process.ts";

Deno.test({
  name:
    "a link goes through shadowsocks; one through a proxy without UDP that may not use TCP says so, and does no harm",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, phones } = network;
    await using _shadowsocks = await startShadowsocks(phones[0]!);
    await using microsocks = phones[1]!.namespace.spawn(["microsocks", "-p", "1080"]);
    await waitUntilListening(microsocks, 1080);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(
      laptop,
      network.slaveArgs.concat("--no-tcp-fallback"),
    );
    await slave.waitForLinks([1]);
    await slave.process.waitForLine(/Link down.*id=2 .*reply 7.*UDP/);
    const { sent, received } = await ping(laptop, "10.10.10.1", 200);
    assert.equal(received, sent);
    assert.deepEqual(await slave.linksUp(), ["1"]);
  },
});

/** Both halves on the one phone: ss-local for the laptop, ss-server behind it. */
async function startShadowsocks({ namespace, ipv4 }: Phone): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const key = ["-k", "test", "-m", "aes-256-gcm", "-u"];
  const server = namespace.spawn(["ss-server", "-s", "127.0.0.1", "-p", "8388", ...key]);
  stack.use(server);
  const local = ["ss-local", "-s", "127.0.0.1", "-p", "8388", "-b", ipv4, "-l", "1080", ...key];
  const client = stack.use(namespace.spawn(local));
  await waitUntilListening(server, 8388);
  await waitUntilListening(client, 1080);
  return stack.move();
}

async function waitUntilListening(process: TestProcess, port: number): Promise<void> {
  await awaitCondition(`port ${port}`, () => process.isTcpPortListening(port), {
    detail: () => process.output,
  });
}
