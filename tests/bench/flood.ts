/**
 * What a flood costs a slave that is there: its goodput beside 10,000 datagrams a second of garbage, and
 * beside as many that look like handshakes, from 20,000 forged addresses each.
 *
 * ```
 *  +--------+ 10.1.1.0/24                  +--------+ 10.9.0.0/24     +----------+
 *  | laptop |------------------------------| server |-----------------| attacker |
 *  +--------+ the slave's link             +--------+                 +----------+
 * ```
 *
 * The attacker sends to the very address and port that the link uses. What the master answers to a forged
 * address goes back to the attacker's machine, as it would go out to the internet.
 *
 * @module
 */

import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import { decodeJoinToken, deriveSlaveSecrets, type JoinToken } from "../../src/peer/join_token.ts";
import { BindlinkProcess, moreDrops } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { Iperf3Server, runIperf3 } from "../support/iperf3.ts";
import type { Namespace } from "../support/namespace.ts";
import { waitForPing } from "../support/ping.ts";
import { mulberry32 } from "../support/rng.ts";
import { acceptSpoofed } from "../support/spoofed_sender.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";
import type { BenchContext, Benchmark, Figure } from "./benchmark.ts";
import { finishFlood, FloodFile } from "./flood_sender.ts";
import { forgeInitiation, oldInitiations, randomBytes } from "./handshake_rig.ts";
import { findFlowObstacle } from "./secure_flow.ts";
import { median, spread } from "./statistics.ts";

const RATE_PPS = 10_000;
const SOURCES = 20_000;
const VICTIM = { hostname: "10.1.1.2", port: 4_000 };
const FORGED = 4_096;

/** See the module. */
export const FLOOD: Benchmark = {
  name: "flood",
  title: `A slave's TCP flow beside ${RATE_PPS.toLocaleString("en")} datagrams a second`,
  findObstacle: findFlowObstacle,
  async run(context): Promise<Figure[]> {
    return [
      ...await measure({ name: "unlimited link" }, context),
      // What phones carry together: there the engine has processor time to spare.
      ...await measure({ name: "link of 100 Mbit/s", rateBps: 100e6 }, context),
    ];
  },
};

/** One kind of datagrams, and what was measured beside them. */
interface Case {
  readonly what: string;
  /** Null: none are sent. */
  readonly file: FloodFile | null;
  readonly mbitPerSecond: number[];
  /** The drop reason counted most, and how many of it per datagram sent. */
  mainDrop: string;
}

async function measure(
  { name, rateBps }: { readonly name: string; readonly rateBps?: number },
  { isQuick, progress }: BenchContext,
): Promise<Figure[]> {
  const rounds = isQuick ? 1 : 3;
  const seconds = 3;
  await using stack = new AsyncDisposableStack();
  const network = stack.use(
    await DirectNetwork.create(rateBps === undefined ? {} : { rateBps }),
  );
  const attacker = await addAttacker(network);
  const token = decodeJoinToken(network.pair.token);
  if (typeof token === "string") throw new Error(token);
  const payloads = payloadsFor(token); // before the slave's own, newer ones
  const master = stack.use(await BindlinkProcess.start(network.server, network.masterArgs));
  const slave = stack.use(await BindlinkProcess.start(network.laptop, network.slaveArgs));
  await slave.waitForLinks([1]);
  await waitForPing(network.laptop, INNER_MASTER);
  stack.use(await Iperf3Server.start(network.server));
  const cases: Case[] = [{ what: "alone", file: null, mbitPerSecond: [], mainDrop: "" }];
  for (const [i, [what, datagrams]] of payloads.entries()) {
    const flood = { payloads: datagrams, sources: SOURCES, destination: VICTIM };
    const file = stack.use(await FloodFile.write(flood, mulberry32(i)));
    cases.push({ what, file, mbitPerSecond: [], mainDrop: "" });
  }
  const flow = { host: INNER_MASTER, seconds, omitSeconds: 1 };
  await runIperf3(network.laptop, flow); // warm
  const rssMiB = [master.process.rssBytes() / 2 ** 20];
  for (let round = 1; round <= rounds; round++) {
    for (const each of cases) {
      progress(`${name}: ${each.what}, round ${round} of ${rounds}`);
      const before = await master.dropsByReason();
      // It begins before the flow and ends after it.
      const floodTerms = { ratePps: RATE_PPS, seconds: seconds + 2 };
      const flooding = await each.file?.start(attacker, floodTerms) ?? null;
      const { receivedBps } = await runIperf3(network.laptop, flow);
      each.mbitPerSecond.push(receivedBps / 1e6);
      if (flooding === null) continue;
      const sent = await finishFlood(flooding);
      each.mainDrop = describeDrops(moreDrops(before, await master.dropsByReason()), sent);
    }
    rssMiB.push(master.process.rssBytes() / 2 ** 20);
  }
  return [...describe(name, cases), {
    what: `${name}: master's memory at the end`,
    value: rssMiB.at(-1)!,
    unit: "MiB",
    note: `before and after each round: ${rssMiB.map((each) => each.toFixed(0)).join(", ")}`,
  }];
}

/** Garbage first: what the others are compared with. All of one length. */
function payloadsFor(token: JoinToken): [what: string, payloads: readonly Uint8Array[]][] {
  const forge = (key: Uint8Array): Uint8Array[] =>
    Array.from({ length: FORGED }, () => forgeInitiation(key).toBytes().slice());
  const lengthBytes = forgeInitiation(token.masterKey).length;
  if (token.seed === null) throw new Error("Invariant: the token has a seed");
  const { secretKey, psk } = deriveSlaveSecrets(token.seed);
  const localStatic = { secretKey, publicKey: nodeDiffieHellman.publicKey(secretKey) };
  return [
    ["garbage", Array.from({ length: FORGED }, () => randomBytes(lengthBytes))],
    ["forged initiations, mac1 wrong", forge(randomBytes(32))],
    ["forged initiations, mac1 right", forge(token.masterKey)],
    ["old initiations of the slave", oldInitiations(localStatic, token.masterKey, psk)],
  ];
}

/** A machine beside the server, whose packets may say that they come from anywhere. */
async function addAttacker({ lab, server }: DirectNetwork): Promise<Namespace> {
  const attacker = await lab.namespace("attacker");
  await lab.cable(
    { namespace: attacker, device: "out", addresses: ["10.9.0.1/24"] },
    { namespace: server, device: "wan", addresses: ["10.9.0.2/24"] },
  );
  await attacker.addRoute(VICTIM.hostname, "10.9.0.2");
  await server.addRoute("default", "10.9.0.1");
  await acceptSpoofed(server, "wan");
  return attacker;
}

/** The two commonest reasons, as shares of what was sent; the rest the kernel dropped, or it was answered. */
function describeDrops(drops: ReadonlyMap<string, number>, sent: number): string {
  return [...drops].sort((a, b) => b[1] - a[1]).slice(0, 2)
    .map(([reason, packets]) => `${reason} ${(100 * packets / sent).toFixed(0)} %`).join(", ");
}

function describe(name: string, cases: readonly Case[]): Figure[] {
  const [, garbage] = cases;
  return cases.flatMap((each, i) => {
    const { what, mbitPerSecond, mainDrop } = each;
    const rate: Figure = {
      what: `${name}: ${i === 0 ? "" : "beside "}${what}`,
      value: median(mbitPerSecond),
      unit: "Mbit/s",
      note: `median of ${mbitPerSecond.length}, ${spread(mbitPerSecond, 0)}` +
        (mainDrop === "" ? "" : `; dropped as ${mainDrop}`),
    };
    if (i < 2) return [rate];
    const ratios = mbitPerSecond.map((value, round) => value / garbage!.mbitPerSecond[round]!);
    const note = `median of ${ratios.length}, ${spread(ratios, 2)}; at least 0.8`;
    return [rate, { what: "  of that beside garbage", value: median(ratios), unit: "", note }];
  });
}
