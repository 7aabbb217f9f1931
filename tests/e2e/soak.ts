/**
 * `deno task soak`: master and slave under load for ten minutes (`--minutes N`), through three
 * danted. Each minute it prints memory and open files of both; it fails when memory grows, files are
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

/** One turn of the load: seconds of TCP up, TCP down, UDP both ways in turn; four turns a minute. */
const TURN_SECONDS = 15;
const TURNS_PER_MINUTE = 4;

/**
 * Memory at the end may be this much above the highest of the first half: JavaScript's heap breathes,
 * and takes its size in steps of some 25 MB. A leak of 8 bytes per packet would add some 30 MB in the
 * second half at this load, and fail.
 */
const MAX_GROWTH = 0.15;
/** Files: a link that is being opened anew at the moment of counting has one or two more. */
const MAX_MORE_FILES = 3;

/** What is looked at of a daemon. */
interface Sample {
  readonly rssBytes: number;
  readonly openFiles: number;
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { minutes: { type: "string", default: "10" } },
  });
  const minutes = Number(values.minutes);
  if (!Number.isInteger(minutes) || minutes < 1) {
    say("error: --minutes takes a whole number from 1 up");
    return 2;
  }
  const reason = whyNoNamespaces();
  if (reason !== null) {
    say(`error: Cannot run here: ${reason} ("deno task test" installs what it can)`);
    return 1;
  }
  return await soak(minutes);
}

async function soak(minutes: number): Promise<number> {
  await using network = await PhoneNetwork.create({ phones: 3 });
  await using danted = await DantedPhones.start(network);
  await using master = await BindlinkProcess.start(network.server, ["master", "--listen", "4000"]);
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

/** Compares the end with the highest of the first half: within it the heap takes its size, in steps. */
function judge(history: readonly (readonly Sample[])[]): number {
  const firstHalf = history.slice(1, 1 + Math.ceil((history.length - 1) / 2));
  const last = history.at(-1)!;
  let exitCode = 0;
  for (const [i, name] of ["master", "slave"].entries()) {
    const highestBytes = Math.max(...firstHalf.map((samples) => samples[i]!.rssBytes));
    const growth = last[i]!.rssBytes / highestBytes - 1;
    const moreFiles = last[i]!.openFiles - firstHalf[0]![i]!.openFiles;
    const isFlat = growth <= MAX_GROWTH && moreFiles <= MAX_MORE_FILES;
    if (!isFlat) exitCode = 1;
    say(
      `${isFlat ? "ok" : "FAILED"} | ${name}: memory ${(growth * 100).toFixed(1)} %, ` +
        `files ${moreFiles >= 0 ? "+" : ""}${moreFiles}`,
    );
  }
  return exitCode;
}

function say(line: string): void {
  // deno-lint-ignore no-console
  console.log(line);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
