/**
 * Garbage at the listener, 24 MB of it, beside a working tunnel.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures, toMiB } from "../support/figures.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { testSeed } from "../support/rng.ts";

const GARBAGE_MAIN = fileURLToPath(new URL("../support/garbage_main.ts", import.meta.url));
const HALF_BYTES = 12_000_000;

for (const protocol of ["secure", "legacy"] as const) {
  Deno.test({
    name:
      `24 MB of garbage at the listener leave the tunnel working and the memory as it was, ${protocol}`,
    ignore: !canUseNamespaces(),
    async fn(t): Promise<void> {
      await using network = await DirectNetwork.create({ cables: 2, protocol });
      const { laptop, server } = network;
      const stranger = await addStranger(network);
      await using master = await BindlinkProcess.start(server, network.masterArgs);
      await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
      await slave.waitForLinks([1, 2]);
      await warmUp(laptop, server);
      const daemons = [master, slave];
      const beforeBytes = daemons.map((daemon) => daemon.process.rssBytes());
      const seed = testSeed();

      await t.step(`random bytes, while pings go through unharmed (seed ${seed})`, async () => {
        const [{ datagrams }, { sent, received }] = await Promise.all([
          sendGarbage(stranger, "random", seed),
          ping(laptop, "10.10.10.1", 150),
        ]);
        assert.equal(received, sent);
        const dropped = await droppedPackets(master);
        assert(dropped > datagrams * 0.9, `only ${dropped} of ${datagrams} reached the daemon`);
        printFigures(`random garbage, ${protocol}`, {
          datagrams: String(datagrams),
          "counted as drops": String(dropped),
        });
      });

      await t.step(`mutations of good packets (seed ${seed})`, async () => {
        const [, { sent, received }] = await Promise.all([
          sendGarbage(stranger, "mutated", seed),
          ping(laptop, "10.10.10.1", 150),
        ]);
        // What is neither authenticated nor encrypted can be forged: while this goes on, links move to
        // the forger and back. What must hold is that the daemons live and the tunnel is there again.
        if (protocol === "secure") assert.equal(received, sent);
        await waitForPing(laptop, "10.10.10.1");
        await slave.waitForLinks([1, 2]);
        await master.waitForLinks([1, 2]);
      });

      await t.step("afterwards all is as it was", async () => {
        const { sent, received } = await ping(laptop, "10.10.10.1", 200);
        assert.equal(received, sent);
        for (const [i, daemon] of daemons.entries()) {
          const before = beforeBytes[i]!;
          const after = await awaitCondition(
            `memory within 20 % of ${toMiB(before)}`,
            () => {
              const now = daemon.process.rssBytes();
              return now <= 1.2 * before ? now : null;
            },
            { timeoutMs: 20_000, detail: () => `it is ${toMiB(daemon.process.rssBytes())}` },
          );
          printFigures(i === 0 ? "master's memory" : "slave's memory", {
            before: toMiB(before),
            after: toMiB(after),
          });
        }
      });
    },
  });
}

/** A machine of its own on the server's first network. */
async function addStranger(network: DirectNetwork): Promise<Namespace> {
  const stranger = await network.lab.namespace("stranger");
  await network.lab.cable(
    { namespace: stranger, device: "wan", addresses: ["10.1.9.1/24"] },
    { namespace: network.server, device: "in9", addresses: ["10.1.9.2/24"] },
  );
  return stranger;
}

/** Load in both directions: the memory that JavaScript takes for traffic of any kind is there before it is measured. */
async function warmUp(laptop: Namespace, server: Namespace): Promise<void> {
  await using _iperf = await Iperf3Server.start(server);
  for (const reverse of [false, true]) {
    await runIperf3(laptop, { host: "10.10.10.1", seconds: 3, streams: 4, reverse });
  }
}

async function sendGarbage(
  stranger: Namespace,
  kind: "random" | "mutated",
  seed: number,
): Promise<{ readonly datagrams: number; readonly bytes: number }> {
  const command = [Deno.execPath(), "run", "-A", "--quiet", "--unstable-net", GARBAGE_MAIN];
  const args = [kind, "10.1.9.2:4000", String(HALF_BYTES), String(seed)];
  return JSON.parse(await stranger.run([...command, ...args]));
}

async function droppedPackets(daemon: BindlinkProcess): Promise<number> {
  const drops = await daemon.dropsByReason();
  return [...drops.values()].reduce((sum, count) => sum + count, 0);
}
