/**
 * A secure tunnel over two cables, everything that ever passed them, and some datagrams that an
 * attacker has held back: authentic, and never seen by whom they were for.
 *
 * The corpus has all kinds: handshakes with cookies and without, of this run of either end and of the run
 * before it, data, pings, feedback, and the notices of a slave and a master that ended.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import { BindlinkProcess } from "./bindlink_process.ts";
import { DirectNetwork } from "./direct_network.ts";
import { isMessage, isPing, isUpward, MASTER_PORT } from "./eavesdropped_datagrams.ts";
import { forgedInitiations } from "./forged_initiations.ts";
import type { Namespace } from "./namespace.ts";
import { PacketCapture } from "./packet_capture.ts";
import type { UdpDatagram } from "./pcap_file.ts";
import { ping } from "./ping.ts";
import { sendSpoofed } from "./spoofed_sender.ts";
import { INNER_MASTER, INNER_SLAVE } from "./tunnel_pair.ts";

/** A hardware address that nobody has. */
const NOWHERE = "02:00:00:00:00:99";

/** Enough of a flood that a master asks for cookies. */
const FORGED_BURST_PKTS = 150;
/** Where it comes from: the discard port of the laptop, where answers do no harm. */
const FORGED_SOURCE = { hostname: "10.1.1.1", port: 9 };

/** How long a datagram needs at most from the cable into the capture's file. */
const CAPTURE_LAG_MS = 500;

/** How many datagrams each cable's capture had. */
export type CaptureMark = readonly number[];

/** What an attacker on the cables has. */
export class EavesdroppedTunnel implements AsyncDisposable {
  readonly network: DirectNetwork;
  readonly master: BindlinkProcess;
  readonly slave: BindlinkProcess;
  /** All that had passed, and arrived, before some were held back. */
  readonly delivered: readonly UdpDatagram[];
  /** Sent over the second cable, and arrived nowhere. */
  readonly heldBack: readonly UdpDatagram[];
  readonly #captures: readonly PacketCapture[];
  readonly #stack: AsyncDisposableStack;

  private constructor(
    network: DirectNetwork,
    ends: { readonly master: BindlinkProcess; readonly slave: BindlinkProcess },
    captures: readonly PacketCapture[],
    corpus: {
      readonly delivered: readonly UdpDatagram[];
      readonly heldBack: readonly UdpDatagram[];
    },
    stack: AsyncDisposableStack,
  ) {
    this.network = network;
    this.master = ends.master;
    this.slave = ends.slave;
    this.#captures = captures;
    this.delivered = corpus.delivered;
    this.heldBack = corpus.heldBack;
    this.#stack = stack;
  }

  /** Builds it and lets it live through all that makes a datagram. */
  static async create(): Promise<EavesdroppedTunnel> {
    await using stack = new AsyncDisposableStack();
    const network = stack.use(await DirectNetwork.create({ cables: 2 }));
    const { laptop, server } = network;
    const captures = [
      stack.use(await PacketCapture.start(laptop, "up1", "udp")),
      stack.use(await PacketCapture.start(laptop, "up2", "udp")),
    ];
    let slave: BindlinkProcess;
    {
      await using _first = await BindlinkProcess.start(server, masterArgs(network));
      await joinByCookie(network);
      slave = stack.use(await BindlinkProcess.start(laptop, slaveArgs(network)));
      await slave.waitForLinks([1, 2]);
      await ping(laptop, INNER_MASTER, 10);
    }
    const master = stack.use(await BindlinkProcess.start(server, masterArgs(network)));
    await slave.waitForLinks([1, 2]);
    await master.waitForLinks([1, 2]);
    await ping(laptop, INNER_MASTER, 20);
    const delivered = await passedIn(captures);
    const heldBack = await holdBack(network, captures[1]!);
    for (const end of [master, slave]) await waitUntilHeard(end);
    return new EavesdroppedTunnel(
      network,
      { master, slave },
      captures,
      { delivered, heldBack },
      stack.move(),
    );
  }

  /** A moment, for {@link passedSince}. */
  mark(): Promise<CaptureMark> {
    return Promise.all(this.#captures.map(async (each) => (await each.datagrams()).length));
  }

  /** What has passed since, an attacker's datagrams among it; those of a cable in order. A capture may lag behind. */
  passedSince(mark: CaptureMark): Promise<readonly UdpDatagram[]> {
    return passedIn(this.#captures, mark);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Answers of the fast engine may pass a capture as one frame, which is several datagrams; here they are counted. */
function masterArgs(network: DirectNetwork): string[] {
  return network.masterArgs.concat("--io", "deno");
}

/** A slave whose first link is the backup of the second. */
function slaveArgs({ pair, targets }: DirectNetwork): string[] {
  return pair.slaveArgs("--targets", targets.replace(",", ";backup,"));
}

async function passedIn(
  captures: readonly PacketCapture[],
  mark: CaptureMark = [],
): Promise<readonly UdpDatagram[]> {
  const all = await Promise.all(
    captures.map(async (capture, i) => (await capture.datagrams()).slice(mark[i])),
  );
  return all.flat().filter(({ source, destination }) =>
    source.port !== FORGED_SOURCE.port && destination.port !== FORGED_SOURCE.port
  );
}

/** A slave joins while a flood makes the master ask for cookies, sends something, and ends in order. */
async function joinByCookie(network: DirectNetwork): Promise<void> {
  const { laptop, pair } = network;
  const destination = { hostname: "10.1.1.2", port: MASTER_PORT };
  const burst = forgedInitiations(pair.token, FORGED_BURST_PKTS)
    .map((payload) => ({ source: FORGED_SOURCE, destination, payload }));
  let isUp = false;
  const starting = BindlinkProcess.start(laptop, slaveArgs(network));
  const joining = starting
    .then((slave) => slave.waitForLinks([1, 2]))
    .finally(() => isUp = true);
  while (!isUp) await sendSpoofed(laptop, burst);
  await using slave = await starting;
  await joining;
  await ping(slave.namespace, INNER_MASTER, 10);
}

/**
 * Nothing gets over the second cable until data was sent over it in both directions, and a message: the first one is the
 * backup, so data takes the second until that is known to be dead.
 */
async function holdBack(
  { laptop, server }: DirectNetwork,
  capture: PacketCapture,
): Promise<readonly UdpDatagram[]> {
  await misdirect(laptop, "10.1.2.2", "up2");
  await misdirect(server, "10.1.2.1", "in2");
  // After that, what was under way before is in the capture's file.
  await new Promise((resolve) => setTimeout(resolve, CAPTURE_LAG_MS));
  const seen = (await capture.datagrams()).length;
  const held = await awaitCondition("datagrams of all kinds to hold back", async () => {
    await Promise.all([ping(laptop, INNER_MASTER, 5), ping(server, INNER_SLAVE, 5)]);
    const held = (await capture.datagrams()).slice(seen);
    const ways = [held.filter(isUpward), held.filter((each) => !isUpward(each))];
    // A master asks nothing over a link, so it may have no message of its own for it.
    return ways.every((way) => way.some(isPing)) && held.some(isMessage) ? held : null;
  });
  await laptop.run(["ip", "neigh", "del", "10.1.2.2", "dev", "up2"]);
  await server.run(["ip", "neigh", "del", "10.1.2.1", "dev", "in2"]);
  return held;
}

/** The second link works again. It may not even have been silent for long enough to count as down. */
async function waitUntilHeard(end: BindlinkProcess): Promise<void> {
  const received = async (): Promise<number> =>
    (await end.metricBy("bindlink_link_received_packets_total", "id")).get("2") ?? NaN;
  const before = await received();
  await awaitCondition("link 2 to be heard", async () => await received() > before);
  await end.waitForLinks([1, 2]);
}

/** Frames to a neighbour go to a hardware address that nobody has. */
async function misdirect(namespace: Namespace, address: string, device: string): Promise<void> {
  const neighbour = ["ip", "neigh", "replace", address, "lladdr", NOWHERE, "dev", device];
  await namespace.run([...neighbour, "nud", "permanent"]);
}
