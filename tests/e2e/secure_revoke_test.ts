/**
 * `bindlink revoke` while the slave and two others transfer.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { printFigures } from "../support/figures.ts";
import { type Iperf3Interval, iperf3Result, Iperf3Server, startIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import type { TestProcess } from "../support/process.ts";
import { StarNetwork } from "../support/star_network.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

/** Each transfer offers this, in bits per second: far from what the tunnel carries, so nothing is lost for want of room. */
const OFFERED_BPS = 8e6;
const TRANSFER_SECONDS = 4;

Deno.test({
  name: "a revoked slave is cut within 1 s, the others go on unharmed; invited anew, it is back",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using star = await StarNetwork.create(["ant", "bee", "cat"]);
    const { server, machines, state } = star;
    const [ant] = machines;
    await using stack = new AsyncDisposableStack();
    const master = stack.use(await star.startMaster());
    const tokens: string[] = [];
    for (const machine of machines) tokens.push(await star.invite(machine));
    const slaves = await Promise.all(machines.map(async (machine, i) => {
      const slave = stack.use(await star.startSlave(machine, tokens[i]!));
      await waitForPing(machine.namespace, INNER_MASTER);
      return slave;
    }));
    const addresses = (await state.listSlaves()).map((it) => it.addresses[0]!);

    await t.step("it is cut at once, and only it", async () => {
      await using load = new AsyncDisposableStack();
      const arrivals = load.use(await PingArrivals.start(server));
      for (const { namespace } of machines) load.use(startPings(namespace));
      const clients: TestProcess[] = [];
      for (const [i, { namespace }] of machines.entries()) {
        const port = 5201 + i;
        load.use(await Iperf3Server.start(server, port));
        const what = { host: INNER_MASTER, port, seconds: TRANSFER_SECONDS, tcpBps: OFFERED_BPS };
        clients.push(load.use(startIperf3(namespace, { ...what, intervalSeconds: 0.1 })));
      }
      const startedMs = Date.now();
      await awaitCondition(
        "pings of all three for 1.5 s",
        () => addresses.every((it) => arrivals.lastMs(it) >= startedMs + 1_500),
      );
      const askedMs = Date.now();
      const said = await state.run("revoke", "ant");
      const doneMs = Date.now();
      assert.equal(said, "Revoked ant, and cut its connection");
      const revokedS = (askedMs - startedMs) / 1_000;
      const results = await Promise.all(clients.slice(1).map(iperf3Result));
      const lastMs = arrivals.lastMs(addresses[0]!);
      printFigures("revoke", {
        "command took": `${doneMs - askedMs} ms`,
        "last packet of the revoked": `${(lastMs - askedMs).toFixed(0)} ms after its start`,
        "longest silence of the others": addresses.slice(1)
          .map((it) => `${arrivals.longestGapMs(it, startedMs).toFixed(0)} ms`).join(", "),
        "their retransmissions in the worst second before and after": results
          .map((it) => worstSeconds(it.intervals, revokedS).join(" and ")).join(", "),
      });
      assert(lastMs <= doneMs + 1_000, `cut ${lastMs - doneMs} ms after the command`);
      for (const [i, { receivedBps, intervals }] of results.entries()) {
        const gapMs = arrivals.longestGapMs(addresses[i + 1]!, startedMs);
        assert(gapMs < 1_000, `no ping for ${gapMs} ms`);
        assert(longestStall(intervals) < 1, `no byte for ${longestStall(intervals)} s`);
        assert(receivedBps > 0.9 * OFFERED_BPS, `${receivedBps} bps`);
        // Two links change the order of packets, so there are always some; each sends 780 in a second.
        const [before, after] = worstSeconds(intervals, revokedS);
        assert(after < 3 * before + 40, `${before} retransmissions in a second became ${after}`);
      }
    });

    await t.step("both ends say so; it stays out, restarted as well", async () => {
      await master.process.waitForLine(/Slave revoked.* slave=ant/);
      const refused = /ERROR.*the master has revoked this slave.*bindlink invite/;
      await slaves[0]!.process.waitForLine(refused);
      await slaves[0]!.waitForLinks([]);
      assert.equal((await ping(ant!.namespace, INNER_MASTER, 5)).received, 0);
      await slaves[0]!.stop();
      await using again = await star.startSlave(ant!, tokens[0]!);
      await again.process.waitForLine(refused);
      assert.deepEqual(await again.linksUp(), []);
      const { status } = await ant!.namespace.fetchText("http://127.0.0.1:8080/healthz");
      assert.equal(status, 503);
      assert.deepEqual(statesOf(await state.listSlaves()), [
        "ant revoked",
        "bee connected",
        "cat connected",
      ]);
      assert.match(await state.run("revoke", "ant"), /^ant has been revoked since 20/);
    });

    await t.step("a new token under the same name lets it in", async () => {
      const token = await star.invite(ant!);
      assert.notEqual(token, tokens[0]);
      await using anew = await star.startSlave(ant!, token);
      await anew.waitForLinks([1, 2]);
      await waitForPing(ant!.namespace, INNER_MASTER);
      assert.deepEqual(statesOf(await state.listSlaves()).sort(), [
        "ant connected",
        "bee connected",
        "cat connected",
      ]);
      for (const { namespace } of machines.slice(1)) {
        assert.equal((await ping(namespace, INNER_MASTER, 20)).received, 20);
      }
    });
  },
});

/** When pings arrived at the master's tun, by their source. */
class PingArrivals implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  static async start(server: Namespace): Promise<PingArrivals> {
    const options = ["-n", "-l", "-tt", "--immediate-mode", "-i", "bind0"];
    const process = server.spawn(["tcpdump", ...options, "icmp[0] == 8"]);
    const arrivals = new PingArrivals(process);
    try {
      await process.waitForLine(/listening on/);
      return arrivals;
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  /** Milliseconds since 1970 of the newest; -Infinity when there was none. */
  lastMs(source: string): number {
    return this.#times(source).at(-1) ?? Number.NEGATIVE_INFINITY;
  }

  /** The longest time without one, from a time on, in ms. */
  longestGapMs(source: string, fromMs: number): number {
    const times = this.#times(source).filter((it) => it >= fromMs);
    return Math.max(...times.map((time, i) => time - (times[i - 1] ?? fromMs)));
  }

  /** `1763841234.567890 IP 10.10.10.2 > 10.10.10.1: ICMP echo request, ...` */
  #times(source: string): number[] {
    return this.#process.stdout.filter((line) => line.includes(` IP ${source} > `))
      .map((line) => 1_000 * Number(line.split(" ")[0]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop("SIGINT");
  }
}

/** 50 a second until it is stopped. */
function startPings(namespace: Namespace): TestProcess {
  return namespace.spawn(["ping", "-q", "-i", "0.02", INNER_MASTER]);
}

/** The longest time in which the client could send nothing, in seconds. */
function longestStall(intervals: readonly Iperf3Interval[]): number {
  let longest = 0;
  let since: number | null = null;
  for (const { start, end, bytes } of intervals) {
    since = bytes > 0 ? null : since ?? start;
    if (since !== null) longest = Math.max(longest, end - since);
  }
  return longest;
}

/** Retransmissions in the worst second before and after a time. @param atS seconds since the transfer's start. */
function worstSeconds(
  intervals: readonly Iperf3Interval[],
  atS: number,
): [before: number, after: number] {
  const worst = (some: readonly Iperf3Interval[]): number =>
    Math.max(
      0,
      ...some.map(({ start }) =>
        some.filter((it) => it.start >= start && it.end <= start + 1.05)
          .reduce((sum, it) => sum + (it.retransmits ?? 0), 0)
      ),
    );
  return [
    worst(intervals.filter((it) => it.end <= atS)),
    worst(intervals.filter((it) => it.end > atS)),
  ];
}

function statesOf(slaves: readonly { readonly name: string; readonly state: string }[]): string[] {
  return slaves.map(({ name, state }) => `${name} ${state}`);
}
