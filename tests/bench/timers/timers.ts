/**
 * What is left of a daemon's event loop while packets flow as fast as they go: how late its timers are, how long those wait who ask
 * it something, and how long a link over SOCKS5 takes to come up.
 *
 * @module
 */

import { join } from "node:path";
import { encodeNewLink } from "../../../src/control/link_requests.ts";
import { MASTER_SOCKET_NAME } from "../../../src/control/master_requests.ts";
import { slaveSocketName } from "../../../src/control/slave_requests.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import type { BindlinkProcess } from "../../support/bindlink_process.ts";
import { ControlCommands } from "../../support/control_commands.ts";
import { type Iperf3Load, iperf3Result, Iperf3Server, startIperf3 } from "../../support/iperf3.ts";
import type { Namespace } from "../../support/namespace.ts";
import type { BenchContext, Benchmark, Figure } from "../benchmark.ts";
import { findFlowObstacle } from "../secure_flow.ts";
import { median, percentile, spread } from "../statistics.ts";
import { BARE_SERVER, TUNNEL_SERVER, TunnelRig } from "../tunnel_rig.ts";
import { type Answers, askFor, startServer } from "./answer_probe.ts";
import { type Buckets, bucketsBetween, countOf, quantile } from "./delay_quantile.ts";

const HEALTHZ = "127.0.0.1:8080";
const BARE_PORT = 8_090;
const SOCKS_PORT = 1_080;
const IPERF3_PORT = 5_210;
const SLAVE_SOCKET = slaveSocketName("bind0");

/** A timer of 100 ms may be this late, 99 times of 100. */
const MAX_DELAY_SECONDS = 0.02;

/** As many are needed for a 99th percentile. */
const LEAST_TIMERS = 100;

/** Until the flow is at its full speed. */
const WARM_UP_MS = 2_000;

interface Load {
  readonly name: string;
  /** Null: nothing flows. */
  readonly flow: Omit<Iperf3Load, "seconds" | "host"> | null;
}

const LOADS: readonly Load[] = [
  { name: "nothing flows", flow: null },
  { name: "one TCP flow up", flow: {} },
  { name: "one TCP flow down", flow: { reverse: true } },
  {
    name: "UDP of 200 bytes, 60,000 a second up",
    flow: { udpBps: 60_000 * 8 * 172, udpBytes: 172 },
  },
];

/** See the module. */
export const TIMERS: Benchmark = {
  name: "timers",
  title: "What waits for the event loop while packets flow: ffi, secure, two links",
  findObstacle: findFlowObstacle,
  async run(context): Promise<Figure[]> {
    await using rig = await TunnelRig.create({ links: 2, io: "ffi" });
    await using _bareAtLaptop = await startServer(rig.laptop, "serve", BARE_PORT);
    await using _bareAtServer = await startServer(rig.server, "serve", BARE_PORT);
    await using _socks = await startServer(rig.server, "socks", SOCKS_PORT);
    const figures: Figure[] = [];
    for (const load of LOADS) figures.push(...await measure(rig, load, context));
    return figures;
  },
};

async function measure(rig: TunnelRig, load: Load, context: BenchContext): Promise<Figure[]> {
  const { isQuick, progress } = context;
  const askMs = isQuick ? 3_000 : 20_000;
  const links = isQuick ? 1 : 5;
  // As long as all below takes, and then some: it is ended when that is done.
  const seconds = (WARM_UP_MS + askMs) / 1_000 + 15 * links;
  // One of its own: a server is of no more use after a client that was ended early.
  const port = IPERF3_PORT + LOADS.indexOf(load);
  await using _server = await Iperf3Server.start(rig.server, port);
  await using flow = load.flow === null
    ? null
    : startIperf3(rig.laptop, { host: TUNNEL_SERVER, port, seconds, ...load.flow });
  progress(load.name);
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const before = await Promise.all(rig.ends.map(readDelays));
  const bytesBefore = await carriedBytes(rig);
  const startMs = performance.now();
  const answers = await Promise.all([
    askFor(rig.laptop, askMs, targetsOf(join(rig.stateDirs[0]!, SLAVE_SOCKET))),
    askFor(rig.server, askMs, targetsOf(join(rig.stateDirs[1]!, MASTER_SOCKET_NAME))),
  ]);
  const bytes = await carriedBytes(rig) - bytesBefore;
  const mbps = bytes * 8 / 1_000 / (performance.now() - startMs);
  const after = await Promise.all(rig.ends.map(readDelays));
  const commands = new ControlCommands(rig.stateDirs[0]!, SLAVE_SOCKET);
  const linkMs: number[] = [];
  for (let i = 0; i < links; i++) {
    progress(`${load.name}: link ${i + 1} of ${links} over SOCKS5`);
    linkMs.push(await timeLink(commands));
  }
  if (flow !== null && flow.ended !== null) await iperf3Result(flow); // throws: it broke off
  const delays = before.map((buckets, i) => bucketsBetween(buckets, after[i]!));
  return [
    {
      what: load.name,
      value: mbps,
      unit: "Mbit/s",
      note: "into the tunnel at both ends, beside all this",
    },
    ...["slave", "master"].flatMap((name, i) => [
      ...load.flow === null ? [] : describeDelays(name, delays[i]!),
      ...describeAnswers(name, answers[i]!),
    ]),
    {
      what: "  a link over SOCKS5, from `link add` until it is up",
      value: median(linkMs),
      unit: "ms",
      note: `median of ${links}, ${spread(linkMs, 0)}`,
    },
  ];
}

function targetsOf(socket: string): [string, string, string] {
  return [HEALTHZ, socket, `127.0.0.1:${BARE_PORT}`];
}

/** Adds a link and takes it away again. @returns how long until it was up, ms. */
async function timeLink(commands: ControlCommands): Promise<number> {
  const [host, port] = [BARE_SERVER, 4_000];
  const link = encodeNewLink({
    name: "socks",
    proxy: { host, port: SOCKS_PORT },
    targets: [{ host, port }],
    settings: {},
  });
  const startMs = performance.now();
  await commands.ask({ command: "link.add", links: [link] });
  await awaitCondition("the link over SOCKS5 to be up", async () => {
    const { links } = await commands.status();
    return links.find(({ name }) => name === "socks")?.state === "up";
  }, { intervalMs: 10 });
  const tookMs = performance.now() - startMs;
  await commands.ask({ command: "link.remove", name: "socks" });
  await awaitCondition("the link over SOCKS5 to be gone", async () => {
    const { links } = await commands.status();
    return links.every(({ name }) => name !== "socks");
  });
  return tookMs;
}

async function readDelays(daemon: BindlinkProcess): Promise<Buckets> {
  const buckets = await daemon.metricBy("bindlink_timer_delay_seconds_bucket", "le");
  return new Map([...buckets].map(([le, n]) => [le === "+Inf" ? Infinity : Number(le), n]));
}

/** What went into the tunnel at both ends so far. */
async function carriedBytes(rig: TunnelRig): Promise<number> {
  const rx = async (at: Namespace): Promise<number> =>
    Number(await at.run(["cat", "/sys/class/net/bind0/statistics/tx_bytes"]));
  return await rx(rig.laptop) + await rx(rig.server);
}

function describeDelays(name: string, delays: Buckets): Figure[] {
  const figure = (fraction: number): Figure => ({
    what: `  ${name}: a timer of 100 ms is late by, p${fraction * 100}`,
    value: quantile(delays, fraction) * 1_000,
    unit: "ms",
    note: `of ${countOf(delays)}`,
  });
  const p99 = quantile(delays, 0.99);
  // Of fewer it is the latest one, which says nothing.
  const isMissed = countOf(delays) >= LEAST_TIMERS && p99 > MAX_DELAY_SECONDS;
  return [figure(0.5), { ...figure(0.99), isMissed }];
}

function describeAnswers(name: string, { healthzMs, statusMs, bareMs }: Answers): Figure[] {
  const bare = percentile(bareMs, 0.99).toFixed(1);
  const figure = (what: string, values: readonly number[]): Figure => ({
    what: `  ${name}: ${what}, p99`,
    value: percentile(values, 0.99),
    unit: "ms",
    note: `of ${values.length}; p50 ${median(values).toFixed(1)}; an idle program ${bare}`,
  });
  return [figure("/healthz", healthzMs), figure("status, control socket", statusMs)];
}
