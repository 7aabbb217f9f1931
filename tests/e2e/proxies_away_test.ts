/**
 * A slave is started before its phones are there.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";

Deno.test({
  name: "a slave starts with every proxy away, master too, and connects when they come",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 3 });
    const { laptop, server } = network;
    // Three ways to be away: refusing, not answering, not even routable.
    await laptop.run(["ip", "route", "add", "blackhole", "10.1.2.2/32"]);
    await laptop.setLink("up3", "down");
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.process.waitForLine(/Link down.*id=1 .*refused/i);
    await slave.process.waitForLine(/Link down.*id=3 .*unreachable/i);
    const { status } = await laptop.fetchText("http://127.0.0.1:8080/healthz");
    assert.equal(status, 503);

    await using _danted = await DantedPhones.start(network);
    await laptop.run(["ip", "route", "del", "blackhole", "10.1.2.2/32"]);
    await laptop.setLink("up3", "up");
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const startedMs = performance.now();
    await slave.waitForLinks([1, 2, 3], 25_000);
    printFigures("proxies came", {
      "all links up after": `${(performance.now() - startedMs).toFixed(0)} ms`,
    });
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
    // One line for each change of state, not for each attempt.
    const lines = slave.process.stderr.filter((line) => /Link down.*id=1 /.test(line));
    assert(lines.length <= 3, lines.join("\n"));
  },
});
