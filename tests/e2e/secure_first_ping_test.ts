/**
 * Setting up two machines is one paste, and the tunnel is there at once.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { Danted } from "../support/danted.ts";
import { printFigures } from "../support/figures.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { PhoneNetwork, SERVER_IPV4 } from "../support/phone_network.ts";
import { ping, waitForPing } from "../support/ping.ts";

/** From the slave's start to the first answer through the tunnel, in milliseconds. */
const FIRST_PING_MS = 2_000;

const MAX_STARTS = 5;

Deno.test({
  name: `a token from "invite" pasted into a slave: a ping within ${FIRST_PING_MS} ms of its start`,
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    // One link through a real proxy, the other one direct, by the second phone's routes.
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, pair, phones: [first, second] } = network;
    await using _danted = await Danted.start(first!.namespace, {
      internal: [first!.ipv4],
      external: "far",
    });
    await laptop.addRoute(`${SERVER_IPV4}/32`, second!.ipv4);
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    const token = await pair.state.invite("desk", `${SERVER_IPV4}:4000`);
    const links = ["--proxies", `${first!.ipv4}:1080`, "--targets", `${SERVER_IPV4}:4000`];

    // On a machine that does much else at the same time a start takes longer: the best of a few counts.
    const timesMs: number[] = [];
    while (timesMs.length < MAX_STARTS && !timesMs.some((ms) => ms <= FIRST_PING_MS)) {
      timesMs.push(await timeFirstPing(laptop, pair.state.slaveArgs(token, ...links)));
    }
    assert(Math.min(...timesMs) <= FIRST_PING_MS, `first pings after ${timesMs.join(", ")} ms`);

    await using slave = await BindlinkProcess.start(
      laptop,
      pair.state.slaveArgs(token, ...links),
    );
    await slave.waitForLinks([1, 2]);
    await master.waitForLinks([1, 2], 15_000, { slave: "desk" });
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
  },
});

/** Starts a slave and stops it again. @returns milliseconds from its start to the first ping's answer. */
async function timeFirstPing(laptop: Namespace, args: readonly string[]): Promise<number> {
  const startMs = performance.now();
  const pinging = waitForPing(laptop, "10.10.10.1").then(() => performance.now() - startMs);
  const [started, pinged] = await Promise.allSettled([
    BindlinkProcess.start(laptop, args),
    pinging,
  ]);
  if (started.status === "rejected") throw started.reason;
  await using _slave = started.value;
  if (pinged.status === "rejected") throw pinged.reason;
  printFigures("slave's start", { "first ping answered after": `${pinged.value.toFixed(0)} ms` });
  return pinged.value;
}
