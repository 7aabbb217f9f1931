/**
 * Either end dies without a word and is started again; the other one goes on running.
 *
 * @module
 */

import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { waitForPing } from "../support/ping.ts";

Deno.test({
  name: "a master restarted under a running slave is found again over every link",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    await using _proxies = await DantedPhones.start(network);
    await using slave = await BindlinkProcess.start(network.laptop, network.slaveArgs);
    {
      await using first = await BindlinkProcess.start(network.server, network.masterArgs);
      await slave.waitForLinks([1, 2]);
      await waitForPing(network.laptop, "10.10.10.1");
      await first.process.crash();
    }
    await using second = await BindlinkProcess.start(network.server, network.masterArgs);
    const startedMs = performance.now();
    await waitForPing(network.laptop, "10.10.10.1");
    printFigures("master restarted", { "works again after": sinceMs(startedMs) });
    await slave.waitForLinks([1, 2]);
    await second.waitForLinks([1, 2]);
  },
});

Deno.test({
  name: "a slave restarted under a running master gets its links back under the same ids",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    await using _proxies = await DantedPhones.start(network);
    await using master = await BindlinkProcess.start(network.server, network.masterArgs);
    {
      await using first = await BindlinkProcess.start(network.laptop, network.slaveArgs);
      await master.waitForLinks([1, 2]);
      await waitForPing(network.server, "10.10.10.2");
      await first.process.crash();
    }
    const from = master.process.mark();
    await using second = await BindlinkProcess.start(network.laptop, network.slaveArgs);
    const startedMs = performance.now();
    await waitForPing(network.server, "10.10.10.2");
    printFigures("slave restarted", { "works again after": sinceMs(startedMs) });
    await master.process.waitForLine(/Link learned.* id=1 /, 10_000, from);
    await master.process.waitForLine(/Link learned.* id=2 /, 10_000, from);
    await master.waitForLinks([1, 2]);
    await second.waitForLinks([1, 2]);
  },
});

function sinceMs(startMs: number): string {
  return `${(performance.now() - startMs).toFixed(0)} ms`;
}
