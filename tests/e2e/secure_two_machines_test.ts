/**
 * One token on two machines, one state directory for two masters; and either end dying and coming back.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BINDLINK_FROM_SOURCE } from "../support/bindlink_process.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { StarNetwork } from "../support/star_network.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

/** How long the machine that was replaced is watched, in seconds: three attempts would fall into it. */
const WATCH_SECONDS = 15;
const PINGS_PER_SECOND = 20;

const REPLACED = /ERROR.*another machine has joined with this token since.*stays away until/;

Deno.test({
  name: "of two machines with one token the newer wins, and the older stays away until restarted",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using star = await StarNetwork.create(["older", "newer"]);
    const [older, newer] = star.machines;
    await using master = await star.startMaster();
    const token = await star.invite(older!);
    await using first = await star.startSlave(older!, token);
    await waitForPing(older!.namespace, INNER_MASTER);
    await using second = await star.startSlave(newer!, token);
    await waitForPing(newer!.namespace, INNER_MASTER);

    await t.step(
      `the older says so, and for ${WATCH_SECONDS} s disturbs nothing, nor does a second master`,
      async () => {
        await first.process.waitForLine(REPLACED);
        await master.process.waitForLine(/Slave joined anew.* slave=older/);
        const from = master.process.mark();
        const watched = steadyPings(newer!.namespace);
        await assertNoSecondMaster(star, master.process.pid);
        const { sent, received } = await watched;
        assert(sent >= WATCH_SECONDS * PINGS_PER_SECOND * 0.9, `only ${sent} pings`);
        assert.equal(received, sent);
        assert.deepEqual(master.process.stderr.slice(from), []);
        assert.deepEqual(await first.linksUp(), []);
        assert.deepEqual(await second.linksUp(), ["1", "2"]);
        assert.equal((await ping(older!.namespace, INNER_MASTER, 5)).received, 0);
        assert.equal(first.process.stderr.filter((line) => REPLACED.test(line)).length, 1);
      },
    );

    await t.step("restarted, it is the newer one", async () => {
      await first.stop();
      await using again = await star.startSlave(older!, token);
      await waitForPing(older!.namespace, INNER_MASTER);
      await second.process.waitForLine(REPLACED);
      assert.equal((await ping(newer!.namespace, INNER_MASTER, 5)).received, 0);
      await again.waitForLinks([1, 2]);
    });
  },
});

Deno.test({
  name: "a master killed or stopped is found again when it is back, and so is a slave",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using star = await StarNetwork.create(["ant"]);
    const [ant] = star.machines;
    const laptop = ant!.namespace;
    await using stack = new AsyncDisposableStack();
    const token = await star.invite(ant!);
    let master = stack.use(await star.startMaster());
    let slave = stack.use(await star.startSlave(ant!, token));
    await slave.waitForLinks([1, 2]);

    await t.step("master killed: the next one starts, and the slave is back in 3 s", async () => {
      await master.process.crash();
      master = stack.use(await star.startMaster());
      const startedMs = performance.now();
      await waitForPing(laptop, INNER_MASTER);
      assertWithin("master killed", startedMs, 3_000);
      await slave.process.waitForLine(/Joined the master again/);
      // Lock and control socket are the new one's, and the device has the old one's name.
      assert.equal((await star.state.listSlaves())[0]!.state, "connected");
      await master.process.waitForLine(/Running as master.* tundev=bind0 /);
    });

    await t.step("slave killed and started again: back in 2 s", async () => {
      const from = master.process.mark();
      await slave.process.crash();
      slave = stack.use(await star.startSlave(ant!, token));
      const startedMs = performance.now();
      await waitForPing(laptop, INNER_MASTER);
      assertWithin("slave killed", startedMs, 2_000);
      await master.process.waitForLine(/Slave joined anew.* slave=ant/, 10_000, from);
    });

    await t.step("slave stopped: it says goodbye, and is back in 2 s", async () => {
      const from = master.process.mark();
      await slave.stop();
      await master.process.waitForLine(/Slave left.* slave=ant/, 2_000, from);
      assert.equal((await star.state.listSlaves())[0]!.state, "away");
      slave = stack.use(await star.startSlave(ant!, token));
      const startedMs = performance.now();
      await waitForPing(laptop, INNER_MASTER);
      assertWithin("slave restarted", startedMs, 2_000);
    });

    await t.step("master stopped: it says goodbye, and the slave is back when it is", async () => {
      const from = slave.process.mark();
      assert.equal(await master.stop(), 0);
      await slave.process.waitForLine(/The master ends/, 2_000, from);
      master = stack.use(await star.startMaster());
      await waitForPing(laptop, INNER_MASTER, 15_000);
      await slave.process.waitForLine(/Joined the master again/, 10_000, from);
      await slave.waitForLinks([1, 2]);
    });
  },
});

/** Another one on the same state directory ends at once, and names the one that runs. */
async function assertNoSecondMaster(star: StarNetwork, pid: number): Promise<void> {
  const args = star.state.masterArgs("--listen", "4001", "--metrics", "none");
  await using intruder = star.server.spawn([...BINDLINK_FROM_SOURCE, ...args]);
  assert.equal((await intruder.status).code, 1);
  const says = new RegExp(`^error: .*another bindlink master runs there \\(pid ${pid}\\)`);
  assert.match(intruder.stderr.at(-1) ?? "", says);
}

/** One every 50 ms for {@link WATCH_SECONDS}. */
async function steadyPings(
  namespace: Namespace,
): Promise<{ readonly sent: number; readonly received: number }> {
  const count = WATCH_SECONDS * PINGS_PER_SECOND;
  const args = ["-c", String(count), "-i", String(1 / PINGS_PER_SECOND), "-q", INNER_MASTER];
  // Exit code 1: not all came back, which is for the caller to judge.
  const text = await namespace.run(["sh", "-c", 'ping "$@" || [ $? = 1 ]', "sh", ...args]);
  const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(text) ?? [];
  return { sent: Number(sent), received: Number(received) };
}

function assertWithin(what: string, startedMs: number, limitMs: number): void {
  const tookMs = performance.now() - startedMs;
  printFigures(what, { "works again after": `${tookMs.toFixed(0)} ms` });
  assert(tookMs <= limitMs, `${tookMs} ms`);
}
