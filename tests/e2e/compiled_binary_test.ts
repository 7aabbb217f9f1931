/**
 * The compiled binary, on a machine without Deno.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { BARE, compiledBinary } from "../support/compiled_binary.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { printFigures, toMbps, toMiB } from "../support/figures.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";
import { runProgram } from "../support/process.ts";

const STARTUP_RUNS = 11;

Deno.test({
  name: "the compiled binary makes a tunnel on a machine without Deno",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    const binary = await compiledBinary();
    const version = await runProgram([binary, "--version"], BARE);
    assert.match(version, /^bindlink \d+\.\d+\.\d+/);
    const times: number[] = [];
    for (let i = 0; i < STARTUP_RUNS; i++) {
      const startMs = performance.now();
      await runProgram([binary, "--version"], BARE);
      times.push(performance.now() - startMs);
    }
    printFigures("compiled binary", {
      version: JSON.stringify(version),
      size: toMiB((await Deno.stat(binary)).size),
      "start-up": `${times.sort((a, b) => a - b)[STARTUP_RUNS >> 1]!.toFixed(0)} ms`,
    });

    const options = { program: [binary], ...BARE };
    await using network = await PhoneNetwork.create({ phones: 2, invite: options });
    const { laptop, server } = network;
    await using _danted = await DantedPhones.start(network);
    await using master = await BindlinkProcess.start(server, network.masterArgs, options);
    const slaveArgs = [...network.slaveArgs, "--http"];
    await using slave = await BindlinkProcess.start(laptop, slaveArgs, options);
    await slave.waitForLinks([1, 2]);
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
    // The page's files are in the binary, the chart library's too.
    for (
      const [path, content] of [["", /<title>bindlink</], ["uplot.js", /^var uPlot=/m]] as const
    ) {
      const { status, body } = await laptop.fetchText(`http://127.0.0.1:8090/${path}`);
      assert.equal(status, 200);
      assert.match(body, content);
    }
    await using _iperf = await Iperf3Server.start(server);
    const { receivedBps } = await runIperf3(laptop, { host: "10.10.10.1", seconds: 2, streams: 4 });
    printFigures("compiled tunnel over two danted", { TCP: toMbps(receivedBps) });
    assert(receivedBps > 5e6);
    assert.equal(await slave.stop(), 0);
    assert.equal(await master.stop(), 0);
  },
});
