/**
 * Commands change the links of a running slave while a transfer goes on, and show what it does.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { ControlCommands } from "../support/control_commands.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { Iperf3Server, startIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { INNER_MASTER, SLAVE_NAME } from "../support/tunnel_pair.ts";

/** The transfer offers what one link carries with ease: then what is lost is the hand-over's doing. */
const CABLE_BPS = 20e6;
const OFFERED_BPS = 8e6;
const CAP_BPS = 3e6;

Deno.test({
  name: "links are shown, switched, added, removed and changed under a transfer that loses nothing",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 3, rateBps: CABLE_BPS });
    const { pair, laptop, server } = network;
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    const targets = "one=10.1.1.2:4000,two=10.1.2.2:4000";
    await using slave = await BindlinkProcess.start(laptop, pair.slaveArgs("--targets", targets));
    await slave.waitForLinks([1, 2]);
    const laptopSays = new ControlCommands(pair.state.slaveStateDir, "slave-bind0.sock");
    const serverSays = new ControlCommands(pair.state.stateDir, "master.sock");
    await using _iperf3 = await Iperf3Server.start(server);
    await using pings = SteadyPing.start(laptop, INNER_MASTER, 20);
    const load = { host: INNER_MASTER, seconds: 60, tcpBps: OFFERED_BPS, intervalSeconds: 0.5 };
    await using transfer = startIperf3(laptop, load);
    const startedMs = performance.now();
    const resentBefore: number[] = [];
    const resent = async (): Promise<void> => void resentBefore.push(await resentSegments(laptop));

    await t.step("status has rates, reasons and settings at both ends", async () => {
      await awaitCondition("the load to be seen", async () => {
        const { totals } = await laptopSays.status();
        return totals.sent.bps > 0.7 * OFFERED_BPS;
      });
      const status = await laptopSays.status();
      assert.deepEqual([status.role, status.tun.name, status.mode], ["slave", "bind0", "speed"]);
      assert.deepEqual(status.links.map((it) => [it.id, it.name, it.kind, it.address, it.state]), [
        [1, "one", "direct", "10.1.1.2:4000", "up"],
        [2, "two", "direct", "10.1.2.2:4000", "up"],
      ]);
      const sentBps = status.links.reduce((sum, { sent }) => sum + sent.bps, 0);
      assert(sentBps > 0.8 * OFFERED_BPS && sentBps < 1.5 * OFFERED_BPS, `${sentBps} bit/s`);
      assert(status.links.some(({ reason }) => /^carrying [\d.]+ Mbit\/s$/.test(reason)));
      const [laptopLinks] = (await serverSays.status()).slaves;
      assert.equal(laptopLinks?.name, SLAVE_NAME);
      assert.deepEqual(laptopLinks.links.map(({ name }) => name), ["one", "two"]);
      const receivedBps = laptopLinks.links.reduce((sum, { received }) => sum + received.bps, 0);
      assert(receivedBps > 0.8 * OFFERED_BPS, `${receivedBps} bit/s`);
      const text = await laptopSays.run("status");
      assert.match(text, /^bindlink \S+ slave; bind0, MTU 1340; up for \d+ s; mode speed\n/);
      assert.match(text, /\nLINK +STATE +SENDS +RECEIVES +ROUND TRIP +LOSS +SHARE\none +up /);
    });

    await resent();
    await t.step("a link that is switched off gets nothing more, and comes back", async () => {
      assert.equal(await laptopSays.run("link", "down", "one"), "Switched one off");
      assert.equal((await laptopSays.status()).links[0]!.state, "off");
      assert.deepEqual(await slave.linksUp(), ["2"]);
      const [before] = (await laptopSays.status()).links;
      assert.equal((await laptopSays.status()).links[0]!.sent.bytes, before!.sent.bytes);
      assert.equal(await laptopSays.run("link", "up", "one"), "Switched one on");
      await slave.waitForLinks([1, 2]);
    });

    await resent();
    await t.step("a link is added and removed", async () => {
      assert.equal(
        await laptopSays.run("link", "add", "--targets", "three=10.1.3.2:4000;metered"),
        "Added three",
      );
      await slave.waitForLinks([1, 2, 3]);
      assert.equal(await laptopSays.run("link", "remove", "two"), "Removed two");
      await slave.waitForLinks([1, 3]);
      const list = await laptopSays.run("link", "list");
      assert.match(
        list,
        /^NAME +STATE +WAY +SETTINGS\none +up +direct 10\.1\.1\.2:4000 +speed\nthree /,
      );
      assert.match(list, / speed, metered$/);
      await assert.rejects(
        laptopSays.run("link", "down", "four"),
        /failed with 2:[^]*error: There is no link "four": there is one, three/,
      );
    });

    await resent();
    const handedOver = await pings.finish();
    await t.step("settings and mode hold at once, at both ends", async () => {
      assert.equal(
        await laptopSays.run("link", "set", "one", "cap=3mbit"),
        "one: speed, at most 3.0 Mbit/s",
      );
      await laptopSays.ask({ command: "link.down", name: "three" });
      await awaitCondition("the cap to hold", async () => {
        const [one] = (await laptopSays.status()).links;
        return one!.sent.bps < 1.1 * CAP_BPS && one!.doing === "capped";
      });
      const settings = { capUpBps: null, capDownBps: null };
      await laptopSays.ask({ command: "link.set", name: "one", settings });
      await laptopSays.ask({ command: "link.up", name: "three" });
      await laptopSays.run("mode", "cheapest");
      await awaitCondition("the mode to hold at the master", async () => {
        const [known] = (await serverSays.status()).slaves;
        return known?.links.every(({ settings }) => settings.mode === "cheapest") === true;
      });
      const { mode, links } = await laptopSays.status();
      assert.deepEqual([mode, ...links.map(({ settings }) => settings.mode)], [
        "cheapest",
        "cheapest",
        "cheapest",
      ]);
    });

    printFigures("links changed under a transfer", {
      took: `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`,
      "pings answered": `${handedOver.received} of ${handedOver.sent}`,
      "TCP segments sent again, before each step": resentBefore.join(", "),
    });
    assert.equal(handedOver.received, handedOver.sent);
    assert.equal(transfer.ended, null);
    await master.process.waitForLine(/Link left.*link=two/, 10_000);
  },
});

/** TCP segments that the laptop's kernel has sent again so far on its connections into the tunnel (ss(8)). */
async function resentSegments(laptop: Namespace): Promise<number> {
  const text = await laptop.run(["ss", "-tinH", "dst", INNER_MASTER]);
  return [...text.matchAll(/\bretrans:\d+\/(\d+)/g)]
    .reduce((sum, [, pkts]) => sum + Number(pkts), 0);
}
