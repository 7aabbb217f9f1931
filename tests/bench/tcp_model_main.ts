/**
 * Compares the simulator's TCP with this machine's kernel over the same emulated link, and prints a
 * table for docs/tcp-model.md:
 *
 * ```
 * deno run -A --unstable-net tests/bench/tcp_model_main.ts [--seconds 20] [--rounds 3] \
 *   [--only TEXT] [--sim-only]
 *
 *  sender                      path                       receiver
 *  iperf3 - vxlan - UDP 4789 - two RealtimeLinks - UDP 4789 - vxlan - iperf3
 * ```
 *
 * The kernel's packets come to the emulator as the payload of a VXLAN (RFC 7348), so that no netem
 * is needed. Needs root, iperf3, and ethtool (to switch the offloads of the VXLAN devices off).
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeText } from "../../src/text_output.ts";
import { IdleSpinner } from "../support/idle_spinner.ts";
import { Iperf3Server } from "../support/iperf3.ts";
import type { LinkProfile } from "../support/link_profile.ts";
import { type Namespace, NetworkLab } from "../support/namespace.ts";
import { SimTcpLink } from "../support/sim_tcp_link.ts";
import { VirtualClock } from "../support/virtual_clock.ts";

/** The inner MTU, as the simulated transfers have it. */
const MTU_BYTES = 1340;

/** Simulated runs of each case; they cost little. */
const SIMULATED_ROUNDS = 9;

/** What is compared: the way of the data; ACKs have the same rate and delay, and nothing else. */
const CASES: Readonly<Record<string, Partial<LinkProfile>>> = {
  "20 Mbit/s, 40 ms": {},
  "queue of 50 ms": { queueBytes: 125_000 },
  "loss 0.1 %": { lossFraction: 0.001 },
  "loss 1 %": { lossFraction: 0.01 },
  "loss 3 %": { lossFraction: 0.03 },
  "reordering, ± 4 ms": { jitterMs: 4, jitterKind: "independent" },
  "reordering, ± 15 ms": { jitterMs: 15, jitterKind: "independent" },
  "jitter in order, ± 15 ms": { jitterMs: 15 },
};
const PATH: Partial<LinkProfile> = { rateBps: 20e6, delayMs: 20, queueBytes: 200_000 };

/** Ahead of what else the machine does: a late path has another round-trip time. */
const PRIORITY = ["nice", "-n", "-10"] as const;

/** Runs inside the namespace between the two ends. */
const PATH_PROGRAM = fileURLToPath(new URL("tcp_model_path_main.ts", import.meta.url));

/** What came of a run. */
interface Outcome {
  readonly goodputBps: number;
  readonly retransmits: number;
  /** Mean of the smoothed round-trip times, one a second. */
  readonly rttMs: number;
}

/** The part of iperf3's JSON that is read here. */
interface Iperf3Report {
  readonly end: {
    readonly sum_received: { readonly bits_per_second: number };
    readonly streams: readonly {
      /** mean_rtt in µs. */
      readonly sender: { readonly retransmits: number; readonly mean_rtt: number };
    }[];
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      seconds: { type: "string", default: "20" },
      rounds: { type: "string", default: "3" },
      // A part of the names of the cases that are wanted.
      only: { type: "string", default: "" },
      "sim-only": { type: "boolean", default: false },
    },
  });
  const seconds = Number(values.seconds);
  const rounds = Number(values.rounds);
  await using _spinner = values["sim-only"] ? null : new IdleSpinner();
  const head = ["link", "Mbit/s", "simulated", "sent again", "simulated", "RTT ms", "simulated"];
  writeText(Deno.stdout, `| ${head.join(" | ")} |\n|${" --- |".repeat(head.length)}\n`, 1000);
  for (const [name, change] of Object.entries(CASES)) {
    if (!name.includes(values.only)) continue;
    const profile = { ...PATH, ...change };
    const simulated = Array.from(
      { length: SIMULATED_ROUNDS },
      (_, i) => simulate(profile, seconds, 10 + 2 * i),
    );
    const kernel: Outcome[] = [];
    for (let i = 0; i < rounds && !values["sim-only"]; i++) {
      kernel.push(await measure(profile, seconds, i + 1));
    }
    writeText(Deno.stdout, row(name, kernel, simulated), 1000);
  }
}

/** Median, lowest and highest of both. */
function row(name: string, kernel: readonly Outcome[], simulated: readonly Outcome[]): string {
  const rates = (runs: readonly Outcome[]): string =>
    spread(runs.map((run) => run.goodputBps / 1e6), 1);
  const resent = (runs: readonly Outcome[]): string =>
    spread(runs.map((run) => run.retransmits), 0);
  const trips = (runs: readonly Outcome[]): string => spread(runs.map((run) => run.rttMs), 0);
  const cells = [rates, resent, trips].flatMap((show) => [show(kernel), show(simulated)]);
  return `| ${[name, ...cells].join(" | ")} |\n`;
}

function spread(figures: readonly number[], digits: number): string {
  if (figures.length === 0) return "-";
  const sorted = figures.toSorted((a, b) => a - b);
  const [median, low, high] = [sorted[sorted.length >> 1]!, sorted[0]!, sorted.at(-1)!];
  return `${median.toFixed(digits)} (${low.toFixed(digits)}–${high.toFixed(digits)})`;
}

function simulate(profile: Partial<LinkProfile>, seconds: number, seed: number): Outcome {
  const clock = new VirtualClock();
  const link = new SimTcpLink(clock, profile, undefined, seed);
  const transfer = link.add({ mtuBytes: MTU_BYTES });
  let rttMs = 0;
  for (let second = 1; second <= seconds; second++) {
    clock.runUntil(second * 1000);
    rttMs += transfer.srttMs / seconds;
  }
  return {
    rttMs,
    goodputBps: transfer.goodputBps(0, seconds * 1000),
    retransmits: transfer.retransmittedPkts,
  };
}

async function measure(
  profile: Partial<LinkProfile>,
  seconds: number,
  seed: number,
): Promise<Outcome> {
  await using lab = new NetworkLab();
  const sender = await lab.namespace("sender");
  const path = await lab.namespace("path");
  const receiver = await lab.namespace("receiver");
  await lab.cable(
    { namespace: sender, device: "out", addresses: ["10.1.0.1/24"] },
    { namespace: path, device: "left", addresses: ["10.1.0.2/24"] },
  );
  await lab.cable(
    { namespace: receiver, device: "out", addresses: ["10.2.0.1/24"] },
    { namespace: path, device: "right", addresses: ["10.2.0.2/24"] },
  );
  await addVxlan(sender, "10.1.0.1", "10.1.0.2", "10.10.10.1/24");
  await addVxlan(receiver, "10.2.0.1", "10.2.0.2", "10.10.10.2/24");
  await using relay = path.spawn([
    ...PRIORITY,
    Deno.execPath(),
    "run",
    "-A",
    "--unstable-net",
    PATH_PROGRAM,
    JSON.stringify({ profile, seed }),
  ]);
  await relay.waitForLine(/ready/);
  await using _server = await Iperf3Server.start(receiver);
  const load = ["--client", "10.10.10.2", "--time", String(seconds), "-C", "cubic", "--json"];
  const report: Iperf3Report = JSON.parse(await sender.run([...PRIORITY, "iperf3", ...load]));
  const { retransmits, mean_rtt } = report.end.streams[0]!.sender;
  const goodputBps = report.end.sum_received.bits_per_second;
  return { goodputBps, retransmits, rttMs: mean_rtt / 1000 };
}

/** A device whose packets go to the path as UDP, one for each packet, with whole checksums. */
async function addVxlan(
  namespace: Namespace,
  local: string,
  remote: string,
  address: string,
): Promise<void> {
  const tunnel = ["id", "7", "local", local, "remote", remote, "dstport", "4789"];
  await namespace.run(["ip", "link", "add", "vx", "type", "vxlan", ...tunnel]);
  await namespace.run(["ip", "link", "set", "vx", "mtu", String(MTU_BYTES)]);
  await namespace.run([
    "ethtool",
    "-K",
    "vx",
    "tx",
    "off",
    "tso",
    "off",
    "gso",
    "off",
    "gro",
    "off",
  ]);
  await namespace.addAddress("vx", address);
  await namespace.setLink("vx", "up");
}
