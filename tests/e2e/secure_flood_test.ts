/**
 * A flood of forged handshakes, 2,000 a second from as many addresses: who is in stays in, who comes gets in.
 * What it costs is measured by `deno task bench`.
 *
 * ```
 *  +--------+ 10.1.1.0/24                  +--------+ 10.1.9.0/24     +----------+
 *  | laptop |------------------------------| server |-----------------| stranger |  198.18.0.0/15
 *  +--------+ the slave's link             +--------+                 +----------+
 * ```
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BINDLINK_FROM_SOURCE, BindlinkProcess, moreDrops } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { isOfType, WireType } from "../support/eavesdropped_datagrams.ts";
import { printFigures, toMiB } from "../support/figures.ts";
import { forgedInitiations } from "../support/forged_initiations.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { PacketCapture } from "../support/packet_capture.ts";
import type { UdpDatagram } from "../support/pcap_file.ts";
import { waitForPing } from "../support/ping.ts";
import { V8_FLAGS } from "../../scripts/v8_flags.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import { acceptSpoofed, sendSpoofed } from "../support/spoofed_sender.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const RATE_PPS = 2_000;
const FLOOD_MS = 5_000;
const WARM_UP_PKTS = 8_000;
const JOIN_MS = 10_000;
const MAX_GROWTH_BYTES = 15 * 1024 * 1024;

/** A flood shares the socket's buffer with the tunnel: what is full while the master waits for a processor is full for all. */
const MIN_PINGS_ANSWERED = 0.9;

/**
 * V8 doubles the space for young objects, up to the limit that the program is given, whenever it finds reason to: steps
 * that are not what is looked for. Of a fixed size it grows once, in the warm-up.
 */
const WITH_FIXED_NURSERY = BINDLINK_FROM_SOURCE.map((argument) =>
  argument === V8_FLAGS ? `${V8_FLAGS},--min-semi-space-size=2` : argument
);

const VICTIM = { hostname: "10.1.1.2", port: 4_000 };

/** RFC 2544: addresses for tests of devices. Answers to them go back to the stranger. */
const FORGED_NETWORK = "198.18.0.0/15";

Deno.test({
  name: "a flood of forged initiations: pings go on, a new slave joins, the master stays small",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    const seed = testSeed();
    await using network = await DirectNetwork.create();
    const { laptop, server, pair } = network;
    const stranger = await addStranger(network);
    const desk = await addDesk(network);
    await using capture = await PacketCapture.start(laptop, "up1", "udp");
    await using master = await BindlinkProcess.start(server, network.masterArgs, {
      program: WITH_FIXED_NURSERY,
    });
    const token = await pair.state.invite("desk", "10.1.8.2:4000");
    const before = await master.dropsByReason();
    // The memory that JavaScript takes for traffic of this kind is there before it is measured.
    const random = mulberry32(seed);
    const forged = forgedInitiations(pair.token, 512);
    await sendSpoofed(stranger, fromEverywhere(forged, WARM_UP_PKTS, random));
    await using slave = await BindlinkProcess.start(laptop, network.slaveArgs);
    await slave.waitForLinks([1]);
    const initiation = await awaitCondition(
      "an initiation to be captured",
      async () => (await capture.datagrams()).findLast(isOfType(WireType.INITIATION)),
    );

    const beforeBytes = master.process.rssBytes();
    await using pings = SteadyPing.start(laptop, INNER_MASTER, 50);
    let isOver = false;
    const kinds = [...mixedWith(initiation.payload, forged)];
    const flood = fromEverywhere(kinds, RATE_PPS * FLOOD_MS / 1_000, random);
    const flooding = sendSpoofed(stranger, flood, RATE_PPS).finally(() => isOver = true);
    await awaitCondition(
      "the flood to be felt",
      async () => await master.drops("cookie_asked") > 0,
    );

    const startMs = performance.now();
    await using newcomer = await BindlinkProcess.start(desk, pair.state.slaveArgs(token));
    await waitForPing(desk, INNER_MASTER, JOIN_MS);
    const joinMs = performance.now() - startMs;
    const isDuring = !isOver;
    await flooding;
    const { sent, received } = await pings.finish();
    const drops = moreDrops(before, await master.dropsByReason());

    printFigures(`flood, seed ${seed}`, {
      initiations: String(WARM_UP_PKTS + flood.length),
      "new slave's first ping after": `${joinMs.toFixed(0)} ms`,
      pings: `${received} of ${sent}`,
      ...Object.fromEntries([...drops].map(([reason, count]) => [reason, String(count)])),
    });
    assert(isDuring, "the new slave joined when the flood was over");
    assert(joinMs <= JOIN_MS, `the new slave joined after ${joinMs} ms`);
    assert(received >= MIN_PINGS_ANSWERED * sent, `${received} of ${sent} pings`);
    for (
      const reason of [
        "handshake_flood",
        "cookie_asked",
        "handshake_copy",
        "bad_mac",
        "unknown_key",
      ]
    ) {
      assert((drops.get(reason) ?? 0) > 0, `nothing was counted as ${reason}`);
    }
    const grownBytes = await awaitCondition("memory as before", () => {
      const grown = master.process.rssBytes() - beforeBytes;
      return grown < MAX_GROWTH_BYTES ? { grown } : null;
    }, { detail: () => toMiB(master.process.rssBytes() - beforeBytes) });
    printFigures("master's memory", {
      before: toMiB(beforeBytes),
      "grown by": toMiB(grownBytes.grown),
    });
    await newcomer.waitForLinks([1]);
    await slave.waitForLinks([1]);
  },
});

/** A machine that floods; it may send from any address. */
async function addStranger({ lab, server }: DirectNetwork): Promise<Namespace> {
  const stranger = await lab.namespace("stranger");
  await lab.cable(
    { namespace: stranger, device: "wan", addresses: ["10.1.9.1/24"] },
    { namespace: server, device: "in9", addresses: ["10.1.9.2/24"] },
  );
  await stranger.addRoute("10.1.1.0/24", "10.1.9.2");
  await server.addRoute(FORGED_NETWORK, "10.1.9.1");
  await acceptSpoofed(server, "in9");
  return stranger;
}

/** A machine that is to join meanwhile. */
async function addDesk({ lab, server }: DirectNetwork): Promise<Namespace> {
  const desk = await lab.namespace("desk");
  await lab.cable(
    { namespace: desk, device: "wan", addresses: ["10.1.8.1/24"] },
    { namespace: server, device: "in8", addresses: ["10.1.8.2/24"] },
  );
  return desk;
}

/** Of ten, one is a true one, four have a mac1 that is spoiled. */
function* mixedWith(initiation: Uint8Array, forged: readonly Uint8Array[]): Iterable<Uint8Array> {
  for (const [i, bytes] of forged.entries()) {
    if (i % 10 === 0) yield initiation;
    else if (i % 2 === 0) yield bytes.with(bytes.length - 20, bytes[bytes.length - 20]! ^ 1);
    else yield bytes;
  }
}

/** The same payloads in a circle, each from another address. */
function fromEverywhere(
  payloads: readonly Uint8Array[],
  pkts: number,
  random: () => number,
): UdpDatagram[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: pkts }, (_, i) => ({
    source: {
      hostname: `198.${18 + below(2)}.${below(256)}.${below(256)}`,
      port: 1_024 + below(60_000),
    },
    destination: VICTIM,
    payload: payloads[i % payloads.length]!,
  }));
}
