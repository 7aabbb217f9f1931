/**
 * A link's budget outlives the slave, however that ends; when it is used up, the link is held back.
 *
 * ```
 *  laptop ==== 10.1.1.x, budget 8 MB  ==== server
 *         ==== 10.1.2.x, backup       ====
 * ```
 *
 * @module
 */

import assert from "node:assert/strict";
import type { LinkReport } from "../../src/control/status_report.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { ControlCommands } from "../support/control_commands.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const BUDGET_BYTES = 8e6;

/** What a kill may take: docs/metered.md. */
const UNSAVED_BYTES = 4e6;

/** Echoes that come to some 5 MB at a link, both ways; 30 are on their way at once. */
const ECHOES = ["ping", "-q", "-f", "-c", "2000", "-l", "30", "-s", "1300", INNER_MASTER];
const ECHO_BYTES = 2 * 2_000 * (1_300 + 8 + 20 + 28);

Deno.test({
  name: "a budget is kept over SIGKILL; at 100 % its link is held back, then off, then back again",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 2 });
    const { pair, laptop, server } = network;
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const targets = "one=10.1.1.2:4000;budget=8MB;price=500,two=10.1.2.2:4000;backup";
    const slaveArgs = pair.slaveArgs("--targets", targets);
    const laptopSays = new ControlCommands(pair.state.slaveStateDir, "slave-bind0.sock");
    const link = async (name: string): Promise<LinkReport> =>
      (await laptopSays.status()).links.find((it) => it.name === name)!;
    const usedOf = async (slave: BindlinkProcess): Promise<number> =>
      (await slave.metricBy("bindlink_link_budget_used_bytes", "link")).get("one")!;

    let usedBytes = 0;
    {
      await using slave = await BindlinkProcess.start(laptop, slaveArgs);
      await slave.waitForLinks([1, 2]);
      await laptop.run(ECHOES);
      await awaitCondition("all to be counted", async () => await usedOf(slave) > ECHO_BYTES);
      usedBytes = await usedOf(slave);
      await slave.process.stop("SIGKILL");
    }

    await using slave = await BindlinkProcess.start(laptop, slaveArgs);
    await slave.waitForLinks([1, 2]);
    const keptBytes = await usedOf(slave);
    printFigures("a budget after SIGKILL", {
      "used before": `${usedBytes} bytes`,
      "after": `${keptBytes}`,
    });
    assert.ok(keptBytes > usedBytes - UNSAVED_BYTES, `${keptBytes} of ${usedBytes} bytes kept`);

    await awaitCondition("the budget to be used up", async () => {
      await laptop.run(ECHOES);
      return await usedOf(slave) >= BUDGET_BYTES;
    });
    await slave.process.waitForLine(/Link budget used up.*link=one/, 5_000);
    await awaitCondition("the link to be held back", async () => {
      await laptop.run(["ping", "-q", "-c", "1", INNER_MASTER]);
      const uses = await slave.metricBy("bindlink_link_use", "use", { link: "one" });
      return uses.get("spent") === 1;
    });
    const before = [await link("one"), await link("two")];
    await laptop.run(ECHOES);
    const after = [await link("one"), await link("two")];
    const carried = after.map((it, i) =>
      it.sent.bytes + it.received.bytes - before[i]!.sent.bytes - before[i]!.received.bytes
    );
    printFigures("a spent link beside a backup", {
      "carries": `${carried[0]} bytes`,
      "the backup": `${carried[1]}`,
    });
    assert.ok(carried[0]! < 100_000 && carried[1]! > 0.9 * ECHO_BYTES, carried.join());
    const { cost, isSpent } = after[0]!.budget!;
    assert.ok(isSpent && cost! >= 4 && cost! < 20, `it cost ${cost}`);
    const spent = await slave.metricBy("bindlink_link_budget_spent", "link");
    assert.deepEqual([...spent], [["one", 1]]);

    assert.match(
      await laptopSays.run("status"),
      /used \d+(\.\d)? MB of 8.0 MB since .*, cost \d+\.\d\d; only/,
    );
    await laptopSays.ask({
      command: "link.set",
      name: "one",
      settings: { isBudgetHard: true },
    });
    await slave.waitForLinks([2]);
    await awaitCondition("the link to be off", async () => (await link("one")).state === "off");
    assert.match((await link("one")).reason, /^its budget of 0\.008 GB is used up: off until 2/);
    await laptopSays.ask({
      command: "link.set",
      name: "one",
      settings: { budgetBytes: 1e9 },
    });
    await slave.waitForLinks([1, 2]);
  },
});
