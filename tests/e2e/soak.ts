/**
 * `deno task soak`: master and slave under load for ten minutes (`--minutes N`), through three
 * danted (`--protocol legacy` for the original's protocol). Each minute it prints memory and open files of both; it fails when memory grows, files are
 * left open, or the load breaks off. Not part of `deno task test`.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { toMbps, toMiB } from "../support/figures.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { whyNoNamespaces } from "../support/requirements.ts";
import type { TunnelProtocol } from "../support/tunnel_pair.ts";

/** One turn of the load: seconds of TCP up, TCP down, UDP both ways in turn; four turns a minute. */
const TURN_SECONDS = 15;
const TURNS_PER_MINUTE = 4;

/**
 * Memory may grow by this much a minute, as the median of the second half. A heap takes its size in
 * steps (measured: one of 25 MB after five minutes, flat to 0.4 % before and after), a leak goes on: at
 * this load one byte per packet is about 0.8 MB a minute.
 */
const MAX_BYTES_A_MINUTE = 1_500_000;
/** And all steps together may be this much of what the second minute showed. */
const MAX_GROWTH = 0.5;
/** Files: a link that is being opened anew at the moment of counting has one or two more. */
const MAX_MORE_FILES = 3;

/** Two for the heap to fill, and two to see whether it has settled. */
const MIN_MINUTES = 4;

/** What is looked at of a daemon. */
interface Sample {
  readonly rssBytes: number;
  readonly openFiles: number;
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string", default: "10" },
      protocol: { type: "string", default: "secure" },
    },
  });
  const minutes = Number(values.minutes);
  if (!Number.isInteger(minutes) || minutes < MIN_MINUTES) {
    say(`error: --minutes takes a whole number from ${MIN_MINUTES} up, not "${values.minutes}"`);
    return 2;
  }
  const { protocol } = values;
  if (protocol !== "secure" && protocol !== "legacy") {
    say(`error: --protocol takes secure or legacy, not "${protocol}"`);
    return 2;
  }
  const reason = whyNoNamespaces();
  if (reason !== null) {
    say(`error: Cannot run here: ${reason} ("deno task test" installs what it can)`);
    return 1;
  }
  return await soak(minutes, protocol);
}

async function soak(minutes: number, protocol: TunnelProtocol): Promise<number> {
  await using network = await PhoneNetwork.create({ phones: 3, protocol });
  await using danted = await DantedPhones.start(network);
  await using master = await BindlinkProcess.start(network.server, network.masterArgs);
  await using slave = await BindlinkProcess.start(network.laptop, network.slaveArgs);
  await slave.waitForLinks([1, 2, 3]);
  await using _iperf = await Iperf3Server.start(network.server);
  const daemons = [master, slave];
  const history: Sample[][] = [daemons.map(sample)];
  say("minute | master: memory, files | slave: memory, files | mean load");
  show(0, history[0]!, NaN);
  for (let minute = 1; minute <= minutes; minute++) {
    const meanBps = await loadForMinute(network);
    // A proxy that comes and goes: its sockets must go with it.
    await danted.proxies[minute % 3]!.restart();
    await slave.waitForLinks([1, 2, 3], 20_000);
    history.push(daemons.map(sample));
    show(minute, history.at(-1)!, meanBps);
  }
  return judge(history);
}

async function loadForMinute(network: PhoneNetwork): Promise<number> {
  let sum = 0;
  for (let turn = 0; turn < TURNS_PER_MINUTE; turn++) {
    const load = { host: "10.10.10.1", seconds: TURN_SECONDS, reverse: turn % 2 === 1 };
    const kind = turn < 2 ? { streams: 4 } : { udpBps: 100e6 };
    const { receivedBps } = await runIperf3(network.laptop, { ...load, ...kind });
    sum += receivedBps;
  }
  return sum / TURNS_PER_MINUTE;
}

function sample({ process }: BindlinkProcess): Sample {
  return { rssBytes: process.rssBytes(), openFiles: process.openFiles() };
}

function show(minute: number, samples: readonly Sample[], meanBps: number): void {
  const cells = samples.map((it) => `${toMiB(it.rssBytes)}, ${it.openFiles}`.padStart(22));
  say(`${String(minute).padStart(6)} | ${cells.join(" | ")} | ${toMbps(meanBps)}`);
}

/** Whether memory has settled and files are closed. The first minute does not count: the heap fills. */
function judge(history: readonly (readonly Sample[])[]): number {
  const settled = history.slice(2);
  const last = history.at(-1)!;
  let exitCode = 0;
  for (const [i, name] of ["master", "slave"].entries()) {
    const first = settled[0]![i]!;
    const growth = last[i]!.rssBytes / first.rssBytes - 1;
    const bytesAMinute = medianIncrease(settled.map((samples) => samples[i]!.rssBytes));
    const moreFiles = last[i]!.openFiles - first.openFiles;
    const isFlat = growth <= MAX_GROWTH && bytesAMinute <= MAX_BYTES_A_MINUTE &&
      moreFiles <= MAX_MORE_FILES;
    if (!isFlat) exitCode = 1;
    say(
      `${isFlat ? "ok" : "FAILED"} | ${name}: memory ${(growth * 100).toFixed(1)} % in all, ` +
        `${toMiB(bytesAMinute)} a minute, ` +
        `files ${moreFiles >= 0 ? "+" : ""}${moreFiles}`,
    );
  }
  return exitCode;
}

/** Median of the increases from minute to minute in the second half. */
function medianIncrease(bytes: readonly number[]): number {
  const half = bytes.slice(Math.max(0, Math.floor(bytes.length / 2) - 1));
  const increases = half.slice(1).map((it, k) => it - half[k]!).sort((a, b) => a - b);
  return increases[Math.floor(increases.length / 2)] ?? 0;
}

function say(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
