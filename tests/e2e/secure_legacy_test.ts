/**
 * A legacy end and a secure one: they do not understand each other, harm nothing, and say why.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const LEGACY_WARNING = /WARN.*Protocol legacy: nothing is authenticated or encrypted/;

Deno.test({
  name: "a legacy slave gets nothing from a secure master, which says what speaks there",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    {
      const args = ["slave", "--protocol", "legacy", "--targets", network.targets];
      await using slave = await BindlinkProcess.start(laptop, args);
      await slave.process.waitForLine(LEGACY_WARNING);
      await assertStrangers(master, slave, "legacy");
    }
    await using _slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await waitForPing(laptop, INNER_MASTER);
    assert(!master.process.stderr.some((line) => LEGACY_WARNING.test(line)));
  },
});

Deno.test({
  name: "a secure slave gets nothing from a legacy master, which says what speaks there",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server } = network;
    const legacy = ["--protocol", "legacy"];
    await using master = await BindlinkProcess.start(
      server,
      ["master", ...legacy, "--listen", "4000"],
    );
    await master.process.waitForLine(LEGACY_WARNING);
    assert(!master.process.isTcpPortListening(4000), "the original knows no links over TCP");
    {
      await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
      await assertStrangers(master, slave, "secure");
    }
    const args = ["slave", ...legacy, "--targets", network.targets];
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.process.waitForLine(LEGACY_WARNING);
    await waitForPing(laptop, INNER_MASTER);
  },
});

/** The master counts and says once what it does not understand; no link comes of it, nothing gets through. */
async function assertStrangers(
  master: BindlinkProcess,
  slave: BindlinkProcess,
  theirs: "secure" | "legacy",
): Promise<void> {
  // Several: more than the one that is told.
  await awaitCondition("dropped datagrams", async () => await master.drops("wrong_protocol") >= 3);
  const told = new RegExp(
    `WARN.*Somebody speaks the ${theirs} protocol.* remote=10\\.1\\.1\\.1:\\d+ .*--protocol legacy`,
  );
  await master.process.waitForLine(told);
  assert.equal(master.process.stderr.filter((line) => told.test(line)).length, 1);
  for (const daemon of [master, slave]) {
    assert.deepEqual(await daemon.linksUp(), []);
    assert.equal(daemon.process.ended, null);
  }
  assert.equal((await master.metricBy("bindlink_link_up", "id")).size, 0);
  const { sent, received } = await ping(slave.namespace, INNER_MASTER, 5).catch(() => NOT_SENT);
  assert.equal(received, 0, `${received} of ${sent}`);
  const written = await master.metricBy("bindlink_tun_written_packets_total", "");
  assert.deepEqual([...written.values()], [0]);
}

/** Of a slave that has no address, so the kernel knows no way. */
const NOT_SENT = { sent: 0, received: 0 };
