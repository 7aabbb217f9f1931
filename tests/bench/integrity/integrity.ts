/**
 * Known payload through a real tunnel as fast as it goes, each byte checked at the other end, and the memory of both daemons:
 * TCP up, down, and both ways at once in turns, and UDP both ways beside it.
 *
 * @module
 */

import type { Namespace } from "../../support/namespace.ts";
import type { BenchContext, Benchmark, Figure } from "../benchmark.ts";
import { median } from "../statistics.ts";
import { findRigObstacle, TUNNEL_LAPTOP, TUNNEL_SERVER, TunnelRig } from "../tunnel_rig.ts";
import { type Carried, judgeMemory, judgePayload, type Verdict } from "./integrity_verdict.ts";
import type { DatagramReport } from "./numbered_datagrams.ts";
import { PayloadTool, sendStream } from "./payload_tool.ts";
import type { StreamReport } from "./stream_check.ts";

const TURNS = ["up", "down", "both"] as const;
const TURN_MS = 20_000;
const QUICK_TURN_MS = 1_500;

const TCP_PORT = 5_400;
const UDP_PORT = 5_401;
/** Of UDP, each way: 11 Mbit/s. */
const DATAGRAMS_PER_SECOND = 2_000;
/** After the last one was sent, for those under way. */
const UNDER_WAY_MS = 1_000;

/** See the module. */
export const INTEGRITY: Benchmark = {
  name: "integrity",
  title: "Payload checked byte by byte at full speed: ffi, secure, two links; memory",
  findObstacle: findRigObstacle,
  async run(context): Promise<Figure[]> {
    await using rig = await TunnelRig.create({ links: 2, io: "ffi" });
    await using up = await Way.open(rig.laptop, rig.server, TUNNEL_SERVER);
    await using down = await Way.open(rig.server, rig.laptop, TUNNEL_LAPTOP);
    const minutes: Minute[] = [];
    context.report(HEAD);
    const count = context.isQuick ? 1 : context.minutes;
    for (let n = 1; n <= count; n++) {
      minutes.push(await runMinute(rig, { up, down }, context));
      context.report(describeMinute(n, minutes.at(-1)!, [up, down]));
    }
    const reports = await Promise.all([up.finish(), down.finish()]);
    return [...describeRates(minutes), ...describeUdp(reports), ...judge(minutes, reports)];
  },
};

/** One direction: who checks at its end, and the datagrams that flow all the time. */
class Way implements AsyncDisposable {
  readonly #from: Namespace;
  readonly #host: string;
  readonly #streams: PayloadTool;
  readonly #datagrams: PayloadTool;
  readonly #sender: PayloadTool;
  readonly #stack: AsyncDisposableStack;
  readonly #carried = { sentBytes: 0, receivedBytes: 0, wrongBytes: 0 };

  private constructor(
    { from, host }: { readonly from: Namespace; readonly host: string },
    [streams, datagrams, sender]: readonly [PayloadTool, PayloadTool, PayloadTool],
    stack: AsyncDisposableStack,
  ) {
    this.#from = from;
    this.#host = host;
    this.#streams = streams;
    this.#datagrams = datagrams;
    this.#sender = sender;
    this.#stack = stack;
  }

  static async open(from: Namespace, to: Namespace, host: string): Promise<Way> {
    await using stack = new AsyncDisposableStack();
    const start = async (at: Namespace, ...args: (string | number)[]): Promise<PayloadTool> =>
      stack.use(await PayloadTool.start(at, ...args));
    const streams = await start(to, "tcp-sink", TCP_PORT);
    const datagrams = await start(to, "udp-sink", UDP_PORT);
    const sender = await start(from, "udp-send", host, UDP_PORT, DATAGRAMS_PER_SECOND);
    return new Way({ from, host }, [streams, datagrams, sender], stack.move());
  }

  /** A stream for that long. @returns bits per second. */
  async stream(durationMs: number): Promise<number> {
    const startMs = performance.now();
    const where = { host: this.#host, port: TCP_PORT };
    this.#carried.sentBytes += await sendStream(this.#from, { ...where, durationMs });
    const report = await this.#streams.next<StreamReport>();
    this.#carried.receivedBytes += report.bytes;
    this.#carried.wrongBytes += report.wrongBytes;
    return report.bytes * 8_000 / (performance.now() - startMs);
  }

  /** So far. */
  get wrong(): string {
    const corrupted = this.#datagrams.latest<DatagramReport>()?.corrupted ?? 0;
    return `${this.#carried.wrongBytes} bytes, ${corrupted} datagrams`;
  }

  async finish(): Promise<WayReport> {
    const { sent } = await this.#sender.finish<{ sent: number }>();
    await new Promise((resolve) => setTimeout(resolve, UNDER_WAY_MS));
    return { ...this.#carried, sent, ...await this.#datagrams.finish<DatagramReport>() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

interface WayReport extends DatagramReport {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly wrongBytes: number;
  /** Datagrams. */
  readonly sent: number;
}

/** What a minute's turns carried, Mbit/s, and what the daemons' memory was in the middle of its figures: slave, master. */
interface Minute {
  readonly rates: Readonly<Record<typeof TURNS[number], number>>;
  readonly rssBytes: readonly number[];
}

async function runMinute(
  rig: TunnelRig,
  { up, down }: { readonly up: Way; readonly down: Way },
  { isQuick, progress }: BenchContext,
): Promise<Minute> {
  const durationMs = isQuick ? QUICK_TURN_MS : TURN_MS;
  const rates = { up: 0, down: 0, both: 0 };
  const samples: number[][] = rig.ends.map(() => []);
  const timer = setInterval(
    () => rig.ends.forEach(({ process }, i) => samples[i]!.push(process.rssBytes())),
    500,
  );
  try {
    for (const turn of TURNS) {
      progress(`TCP ${turn}`);
      const ways = turn === "up" ? [up] : turn === "down" ? [down] : [up, down];
      const bps = await Promise.all(ways.map((way) => way.stream(durationMs)));
      rates[turn] = bps.reduce((sum, each) => sum + each, 0) / 1e6;
    }
  } finally {
    clearInterval(timer);
  }
  return { rates, rssBytes: samples.map(median) };
}

const HEAD =
  "minute |   up | down | both, Mbit/s | wrong, to the server; to the laptop        | memory of slave, master";

function describeMinute(n: number, minute: Minute, ways: readonly Way[]): string {
  const [up, down, both] = TURNS.map((turn) => minute.rates[turn].toFixed(0));
  const memory = minute.rssBytes.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(", ");
  const wrong = ways.map((way) => way.wrong).join("; ");
  return `${String(n).padStart(6)} | ${up!.padStart(4)} | ${down!.padStart(4)} | ` +
    `${both!.padStart(12)} | ${wrong.padEnd(42)} | ${memory} MiB`;
}

function describeRates(minutes: readonly Minute[]): Figure[] {
  return TURNS.map((turn) => ({
    what: `TCP ${turn}, checked`,
    value: median(minutes.map(({ rates }) => rates[turn])),
    unit: "Mbit/s",
    note: minutes.length === 1 ? "one turn" : `median of ${minutes.length} minutes`,
  }));
}

function describeUdp(reports: readonly WayReport[]): Figure[] {
  return ["to the server", "to the laptop"].map((name, i) => {
    const { sent, good, corrupted, overtaken } = reports[i]!;
    return {
      what: `UDP ${name}, lost beside it`,
      value: 100 * (sent - good - corrupted) / sent,
      unit: "%",
      note: `of ${sent.toLocaleString("en")}; ${overtaken} of them overtaken`,
    };
  });
}

function judge(minutes: readonly Minute[], reports: readonly WayReport[]): Figure[] {
  const sum = (read: (report: WayReport) => number): number =>
    reports.reduce((all, report) => all + read(report), 0);
  const carried: Carried = {
    sentBytes: sum(({ sentBytes }) => sentBytes),
    receivedBytes: sum(({ receivedBytes }) => receivedBytes),
    wrongBytes: sum(({ wrongBytes }) => wrongBytes),
    corruptedDatagrams: sum(({ corrupted }) => corrupted),
    repeatedDatagrams: sum(({ repeated }) => repeated),
  };
  const gb = { what: "TCP checked in all", value: carried.receivedBytes / 1e9, unit: "GB" };
  const memory = ["slave", "master"].flatMap((name, i) =>
    describeMemory(name, minutes.map(({ rssBytes }) => rssBytes[i]!))
  );
  return [gb, ...judgePayload(carried).map(figureOf), ...memory];
}

function describeMemory(name: string, rssBytes: readonly number[]): Figure[] {
  const verdict = judgeMemory(name, rssBytes);
  const what = `${name}: memory, last minute`;
  const last = { what, value: rssBytes.at(-1)! / 2 ** 20, unit: "MiB" };
  if (verdict === null) return [{ ...last, note: "too short a run to say whether it grows" }];
  return [last, figureOf(verdict)];
}

function figureOf({ what, value, unit, bound, isHeld }: Verdict): Figure {
  const note = `at most ${bound}: ${isHeld ? "held" : "NOT HELD"}`;
  return { what, value, unit, note, isMissed: !isHeld };
}
