/**
 * A laptop sleeps; meanwhile its master starts anew, and its addresses change. The program is stopped for it (SIGSTOP): both clocks go on then,
 * and it is the late timer that tells of the sleep; that a jump of the clock does is a unit test's matter.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const SLEEP_MS = 4_500;
/** From waking to the first answered ping. */
const WAKE_MS = 2_000;

Deno.test({
  name: `a laptop that slept is back within ${WAKE_MS} ms: new master, new address`,
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 2 });
    const { laptop, server } = network;
    await using masters = new AsyncDisposableStack();
    const master = masters.use(await BindlinkProcess.start(server, network.masterArgs));
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.waitForLinks([1, 2]);
    await using pings = SteadyPing.start(laptop, INNER_MASTER, 20);
    await awaitCondition("pings to go", () => pings.received >= 5);

    slave.process.kill("SIGSTOP");
    const stoppedMs = performance.now();
    await master.process.crash();
    masters.use(await BindlinkProcess.start(server, network.masterArgs));
    for (const n of [1, 2]) {
      await laptop.removeAddress(`up${n}`, `10.1.${n}.1/24`);
      await laptop.addAddress(`up${n}`, `10.1.${n}.77/24`);
    }
    await awaitCondition("the sleep to be over", () => performance.now() - stoppedMs >= SLEEP_MS);
    const from = slave.process.mark();
    const before = pings.received;
    const wokeMs = performance.now();
    slave.process.kill("SIGCONT");
    await awaitCondition("an answered ping", () => pings.received > before, {
      timeoutMs: 20_000,
      intervalMs: 5,
      detail: () => slave.process.output,
    });
    const backMs = performance.now() - wokeMs;
    await slave.process.waitForLine(/Woke up.*sleptSeconds/, 5_000, from);
    printFigures("a laptop slept: new master, new addresses", {
      "first answer after": `${backMs.toFixed(0)} ms`,
    });
    assert(backMs <= WAKE_MS, `${backMs} ms`);
    await slave.waitForLinks([1, 2]);
  },
});
