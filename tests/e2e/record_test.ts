/**
 * Records the links of a real slave under load: what is in the file is near what the links were made, and the simulator over
 * the recorded links reaches about what the real tunnel did.
 *
 * @module
 */

import assert from "node:assert/strict";
import { readRecording, type Recording } from "../../src/recording/recording_reader.ts";
import { type BondingCase, Traffic } from "../bench/bonding/bonding_case.ts";
import { BondingNetwork } from "../bench/bonding/network.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { BINDLINK_FROM_SOURCE, BindlinkProcess } from "../support/bindlink_process.ts";
import { printFigures } from "../support/figures.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { MasterFolder } from "../support/master_folder.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { TestProcess } from "../support/process.ts";
import { replayOf } from "../support/recorded_links.ts";
import { runReplay } from "../support/replay_run.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

/** What the links are made: both ways alike. */
const FAST = { rateBps: 8e6, delayMs: 20 };
const SLOW = { rateBps: 3e6, delayMs: 45 };
const LINKS: BondingCase = {
  name: "record",
  shows: "",
  links: [{ up: FAST, down: FAST }, { up: SLOW, down: SLOW }],
  traffic: Traffic.TCP,
  floor: {},
};
/** Down it is measured what the tunnel reaches, once it is at its speed; up, only the links, by sending more than they carry. */
const DOWN = { host: INNER_MASTER, seconds: 3, omitSeconds: 1, reverse: true };
const UP = { host: INNER_MASTER, seconds: 2, udpBps: 14e6 };

Deno.test({
  name: "a recording has the links' rates and delays, and its replay reaches what the tunnel did",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await BondingNetwork.create(LINKS);
    const { laptop, server, targets } = network;
    await using state = await MasterFolder.create();
    const token = await state.invite("laptop", "10.2.0.1:4000");
    await using _master = await BindlinkProcess.start(
      server,
      state.masterArgs("--listen", "4000"),
    );
    const named = `fast=${targets[0]},slow=${targets[1]}`;
    await using slave = await BindlinkProcess.start(
      laptop,
      state.slaveArgs(token, "--targets", named),
    );
    await slave.waitForLinks([1, 2]);
    await using _iperf3 = await Iperf3Server.start(server);
    const path = `${state.slaveStateDir}/evening.jsonl`;
    const command = [...BINDLINK_FROM_SOURCE, "record", path, "--state-dir", state.slaveStateDir];
    await using recorder = new TestProcess(command);
    await recorder.waitForLine(/^Recording 2 links of slave bind0 to .*: Ctrl-C ends it/, 10_000);
    const down = await runIperf3(laptop, DOWN);
    await runIperf3(laptop, UP);
    recorder.kill("SIGINT");
    assert.equal((await recorder.status).code, 0, recorder.output);
    assert.match(recorder.output, /Recorded \d+\.\d s, \d+ steps, \d+ KB to /);

    const text = Deno.readTextFileSync(path);
    for (const secret of [token, token.slice(12, 40), "10.1.0.", "10.2.0.", "10.10.10."]) {
      assert(!text.includes(secret), `${secret} is in the recording`);
    }
    const recording = readRecording(text);
    assert.deepEqual([...recording.links.values()].map(({ name }) => name), ["fast", "slow"]);
    const figures: Record<string, string> = {};
    checkLink(recording, 1, FAST, figures);
    checkLink(recording, 2, SLOW, figures);
    const replayed = runReplay(replayOf(recording), "down").goodputBps;
    figures["down, real"] = `${(down.receivedBps / 1e6).toFixed(1)} Mbit/s`;
    figures["down, replayed"] = `${(replayed / 1e6).toFixed(1)} Mbit/s`;
    const ratio = replayed / down.receivedBps;
    assert(ratio > 0.75 && ratio < 1.4, `the replay reaches ${ratio} of the real goodput`);
    printFigures("a recording of 8 and 3 Mbit/s", figures);

    await slave.stop();
    await using late = new TestProcess([...command, "--force"]);
    await awaitCondition("the recorder to end", () => late.ended !== null);
    assert.equal(late.ended?.code, 1);
    assert.match(late.output, /error: No bindlink daemon runs/);
    assert.equal(Deno.readTextFileSync(path), text, "what was recorded is left as it is");
  },
});

function checkLink(
  { steps }: Recording,
  link: number,
  { rateBps, delayMs }: typeof FAST,
  figures: Record<string, string>,
): void {
  const own = steps.filter((step) => step.link === link && step.state === "up");
  for (const way of ["down", "up"] as const) {
    const full = own.map((step) => step[way]).filter(({ known }) => known === "full");
    assert(full.length > 2, `link ${link} ${way}: full in only ${full.length} steps`);
    // While a flow begins, or the test's machine is late, less is carried.
    const recordedBps = quantile(full.map(({ capacityBps }) => capacityBps!), 0.75);
    figures[`link ${link} ${way}`] = `${(recordedBps / 1e6).toFixed(2)} Mbit/s`;
    const ratio = recordedBps / rateBps;
    assert(ratio > 0.8 && ratio < 1.15, `link ${link} ${way}: ${recordedBps} of ${rateBps} bit/s`);
  }
  const leastMs = quantile(own.flatMap((step) => step.emptyRoundTripMs ?? []), 0.5);
  figures[`link ${link} round trip`] = `${leastMs.toFixed(1)} ms`;
  assert(leastMs >= 2 * delayMs - 20 && leastMs < 2 * delayMs + 20, `${leastMs} ms, ${delayMs}`);
}

function quantile(values: readonly number[], fraction: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(fraction * values.length)] ?? NaN;
}
