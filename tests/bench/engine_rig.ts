/**
 * The packet path of one end of a legacy tunnel inside this process: tunnel, multiplexer, link map and links are the
 * daemon's own, the sockets under them cost nothing.
 *
 * @module
 */

import { DENO_ENGINE } from "../../src/linkmap/io_engine.ts";
import type { LinkSpec } from "../../src/linkmap/link_spec.ts";
import { DEFAULT_LINK_SETTINGS } from "../../src/multiplexer/link_settings.ts";
import { MemoryTundev } from "../../src/tundev/memory_tundev.ts";
import { LegacyTunnel } from "../../src/tunnel/legacy_tunnel.ts";
import { DatagramType, prependDatagramHeader } from "../../src/wire/datagram_header.ts";
import { DropCounters } from "../../src/wire/drop_reason.ts";
import { checkIpPacket } from "../../src/wire/ip_packet.ts";
import { Packet } from "../../src/wire/packet.ts";
import { mulberry32 } from "../support/rng.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { craftUdp4 } from "../support/udp4_packet.ts";
import { FREE_PEER, FreeSocket } from "./free_socket.ts";

/** An IP packet as the tun gives it. */
export const IP_PACKET_BYTES = 1_340;

/** Links of a rig. */
const LINK_IDS = [1, 2] as const;

/** One end with two links. */
export class EngineRig implements AsyncDisposable {
  /** Packets that came out of the tunnel. */
  deliveredPkts = 0;
  readonly drops = new DropCounters();
  readonly #tunnel: LegacyTunnel;
  readonly #sockets = LINK_IDS.map(legacySocket);
  readonly #packet = craftIpPacket();

  private constructor() {
    this.#tunnel = new LegacyTunnel({
      protocol: "legacy",
      role: "slave",
      links: LINK_IDS.map(benchLink),
      tundev: { kind: "tun", name: "none", addresses: [], mtuBytes: IP_PACKET_BYTES },
      metrics: null,
      logLevel: "error",
      logFormat: "text",
      io: "auto",
    }, {
      tundev: new MemoryTundev(),
      deliver: (packet) => this.#deliver(packet),
      bindUdp: DENO_ENGINE.bindUdp,
      open: ({ id }) =>
        Promise.resolve({
          socket: this.#sockets[id - 1]!,
          remote: FREE_PEER,
          transport: "udp",
          alternatives: 0,
        }),
      drops: this.drops,
      logger: new RecordingLogger(),
      clock: () => performance.now(),
      wallClock: Date.now,
      rng: mulberry32(1),
      reschedule: () => {},
    });
  }

  /** Makes one; resolves when both links are up. */
  static async create(): Promise<EngineRig> {
    const rig = new EngineRig();
    await rig.#tunnel.start();
    for (const socket of rig.#sockets) await socket.bring(1);
    const links = rig.#tunnel.snapshotLinks(performance.now());
    if (links.some(({ state }) => state !== "up")) {
      throw new Error("Invariant: the links are not up");
    }
    return rig;
  }

  /** Sends packets from the tun. @throws Error when one is dropped. */
  sendOut(packets: number): void {
    for (let i = 0; i < packets; i++) {
      const result = this.#tunnel.handleTunPacket(this.#packet, performance.now());
      if (result < 0) throw new Error(`A packet was dropped: ${result}`);
    }
  }

  /** Lets datagrams arrive over a link; resolves when they are delivered. @throws Error when one is not. */
  async bringBack(packets: number): Promise<void> {
    const before = this.deliveredPkts;
    await this.#sockets[0]!.bring(packets);
    const delivered = this.deliveredPkts - before;
    if (delivered !== packets) throw new Error(`${delivered} of ${packets} packets were delivered`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tunnel.close();
  }

  #deliver(packet: Packet): number {
    const verdict = checkIpPacket(packet);
    if (verdict >= 0) this.deliveredPkts++;
    return verdict;
  }
}

/** A link that the rig's opener knows. */
export function benchLink(id: number): LinkSpec {
  const targets = [{ host: FREE_PEER.hostname, port: FREE_PEER.port }];
  const settings = DEFAULT_LINK_SETTINGS;
  return { id, name: `link${id}`, targets, allowsTcp: false, proxy: null, settings };
}

/** A whole UDP packet. @param addresses of four bytes; documentation's when left out. */
export function craftIpPacket(
  addresses: { readonly src?: readonly number[]; readonly dst?: readonly number[] } = {},
): Packet {
  const packet = new Packet();
  packet.fill(craftUdp4({ ...addresses, payload: new Uint8Array(IP_PACKET_BYTES - 28) }));
  return packet;
}

function legacySocket(linkId: number): FreeSocket {
  const packet = craftIpPacket();
  prependDatagramHeader(packet, DatagramType.DATA, linkId);
  return new FreeSocket(packet.toBytes().slice());
}
