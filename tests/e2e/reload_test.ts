/**
 * A slave's configuration file changes while a transfer goes on: what it says holds, and the tunnel does not notice.
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
import { canUseNamespaces } from "../support/namespace.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { TempDir } from "../support/temp_dir.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

/** What the cables carry, and what is offered: one of them suffices. */
const CABLE_BPS = 20e6;
const OFFERED_BPS = 4e6;

Deno.test({
  name: "a file that is read anew changes links, mode and log under a transfer that loses nothing",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 3, rateBps: CABLE_BPS });
    using folder = new TempDir();
    const { pair, laptop, server } = network;
    const file = `${folder.path}/slave.toml`;
    const write = (...lines: string[]): void => Deno.writeTextFileSync(file, lines.join("\n"));
    const link = (name: string, cable: number): string =>
      `[links.${name}]\ntarget = "10.1.${cable}.2:4000"`;
    write(link("one", 1), link("two", 2));
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    await using slave = await BindlinkProcess.start(laptop, pair.slaveArgs("--config", file));
    await slave.waitForLinks([1, 2]);
    const laptopSays = new ControlCommands(pair.state.slaveStateDir, "slave-bind0.sock");
    const serverSays = new ControlCommands(pair.state.stateDir, "master.sock");
    await using _iperf3 = await Iperf3Server.start(server);
    await using pings = SteadyPing.start(laptop, INNER_MASTER, 20);
    const load = { host: INNER_MASTER, seconds: 60, tcpBps: OFFERED_BPS, intervalSeconds: 0.5 };
    await using transfer = startIperf3(laptop, load);
    await awaitCondition("the transfer", async () => {
      return (await laptopSays.status()).totals.sent.bps > 0.7 * OFFERED_BPS;
    });
    const startedMs = performance.now();

    await t.step("SIGHUP: a link is added, one removed, one renamed and changed", async () => {
      const mark = slave.process.mark();
      write(
        'mode = "redundant"\nlog-level = "debug"\nmtu = 1300',
        link("uno", 1) + '\nmetered = true\ncap = "10mbit"',
        link("three", 3),
      );
      slave.process.kill("SIGHUP");
      const said = await slave.process.waitForLine(/Configuration read anew/, 10_000, mark);
      assert.match(
        said,
        /Mode is redundant; Removed two; Renamed one to uno; Changed uno; Added three; Log level/,
      );
      await slave.process.waitForLine(/hold from the next start on options=mtu$/, 5_000, mark);
      await slave.waitForLinks([1, 3]);
      const { mode, links } = await laptopSays.status();
      assert.deepEqual([mode, ...links.map(({ name, settings }) => [name, settings])], [
        "redundant",
        ["uno", { mode: "redundant", isMetered: true, capUpBps: 10e6, capDownBps: 10e6 }],
        ["three", { mode: "redundant", isMetered: false, capUpBps: null, capDownBps: null }],
      ]);
      await awaitCondition("the names at the master", async () => {
        const [known] = (await serverSays.status()).slaves;
        return known?.links.map(({ name }) => name).filter((name) => name !== "two").join() ===
          "uno,three";
      });
    });

    await t.step("a mistake changes nothing, and bindlink reload says where it is", async () => {
      const before = (await laptopSays.status()).links.map((
        { name, settings },
      ) => [name, settings]);
      write('mode = "speed"', link("uno", 1), 'cap = "5MB"', link("four", 2));
      await assert.rejects(
        laptopSays.run("reload"),
        /failed with 1:[^]*error: Nothing has changed: \S+slave\.toml:4: links\.uno: cap "5MB": type/,
      );
      const { mode, links } = await laptopSays.status();
      assert.equal(mode, "redundant");
      assert.deepEqual(links.map(({ name, settings }) => [name, settings]), before);
    });

    await t.step("bindlink reload: a link leads elsewhere", async () => {
      write(link("uno", 1), link("three", 2));
      assert.equal(
        await laptopSays.run("reload", "--daemon", "slave"),
        "Mode is speed\nChanged uno\nReplaced three\nLog level is info",
      );
      const { links } = await laptopSays.status();
      assert.deepEqual(links.map(({ name, address }) => [name, address]), [
        ["uno", "10.1.1.2:4000"],
        ["three", "10.1.2.2:4000"],
      ]);
      assert.equal(await laptopSays.run("reload"), "Nothing has changed");
    });

    await slave.waitForLinks([1, 4]);
    const { sent, received } = await pings.finish();
    printFigures("links changed by a file under a transfer", {
      took: `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`,
      "pings answered": `${received} of ${sent}`,
    });
    assert.equal(received, sent);
    assert.equal(transfer.ended, null);
    const joins = slave.process.stderr.filter((line) => line.includes("Joined"));
    assert.equal(joins.length, 1, joins.join("\n"));
  },
});
