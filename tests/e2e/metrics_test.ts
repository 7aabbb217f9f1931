/**
 * `/metrics` and `/healthz` of running daemons.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { ping } from "../support/ping.ts";
import { INNER_MTU_BYTES } from "../support/tunnel_pair.ts";

/**
 * What is added to an inner packet, in bytes, and how much more than the inner packets the links may
 * carry meanwhile: control packets, or feedback and probes.
 */
const PROTOCOLS = [
  { protocol: "secure", headerBytes: 16 + 12 + 16, extraPkts: 200, extraBytes: 20_000 },
  { protocol: "legacy", headerBytes: 4, extraPkts: 20, extraBytes: 5_000 },
] as const;

for (const { protocol, headerBytes, extraPkts, extraBytes } of PROTOCOLS) {
  Deno.test({
    name:
      `/metrics is Prometheus text that counts what the tunnel carried, /healthz says whether, ${protocol}`,
    ignore: !canUseNamespaces(),
    async fn(): Promise<void> {
      await using network = await DirectNetwork.create({ cables: 2, protocol });
      const { laptop, server } = network;
      await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
      assert.equal((await laptop.fetchText("http://127.0.0.1:8080/healthz")).status, 503);
      await using master = await BindlinkProcess.start(server, network.masterArgs);
      await slave.waitForLinks([1, 2]);
      await master.waitForLinks([1, 2]);

      const count = 100;
      const before = await read(slave);
      await ping(laptop, "10.10.10.1", count, 1_000);
      const after = await read(slave);
      // The ping's own, and the kernel's neighbourhood chatter over a tun at most.
      const grown = (name: string): number => after.get(name)! - before.get(name)!;
      assert(within(grown("bindlink_tun_read_packets_total"), count, count + 10));
      assert(within(grown("bindlink_tun_written_packets_total"), count, count + 10));
      assert(within(grown("bindlink_tun_read_bytes_total"), count * 1_028, count * 1_028 + 2_000));
      assert(within(grown("bindlink_link_sent_packets_total"), count, count + extraPkts));
      const carriedBytes = count * (1_028 + headerBytes);
      const receivedBytes = grown("bindlink_link_received_bytes_total");
      assert(within(receivedBytes, carriedBytes, carriedBytes + extraBytes), `${receivedBytes}`);
      assert.equal(after.get("bindlink_tun_mtu_bytes"), INNER_MTU_BYTES);
      // One more while it answers: the connection of who asks.
      assert.equal(after.get("process_open_fds"), slave.process.openFiles() + 1);
      const shares = await slave.metricBy("bindlink_link_share", "id");
      assert.equal(
        [...shares.values()].reduce((sum, share) => sum + share, 0).toFixed(6),
        "1.000000",
      );
      assert.equal((await slave.metricBy("link_rate", "link")).size, 2);

      for (const { namespace } of [slave, master]) {
        const { status, body } = await namespace.fetchText("http://127.0.0.1:8080/healthz");
        assert.equal(status, 200);
        const health: { status: string; links: unknown } = JSON.parse(body);
        assert.equal(health.status, "ok");
        assert.deepEqual(health.links, { up: 2, known: 2 });
      }
      // Loopback only: from the network nobody answers.
      await assert.rejects(laptop.fetchText("http://10.1.1.2:8080/metrics"));
    },
  });
}

/** All metrics, those of several series summed up. */
async function read(daemon: BindlinkProcess): Promise<ReadonlyMap<string, number>> {
  const sums = new Map<string, number>();
  for (const { name, value } of await daemon.metrics()) {
    sums.set(name, (sums.get(name) ?? 0) + value);
  }
  return sums;
}

function within(value: number, lowest: number, highest: number): boolean {
  return value >= lowest && value <= highest;
}
