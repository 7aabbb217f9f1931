/**
 * The packet path of one tunnel end inside this process: multiplexer, link map and links are the
 * daemon's own, the sockets under them cost nothing.
 *
 * @module
 */

import { LinkMap } from "../../src/linkmap/link_map.ts";
import type { DatagramSlot, DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import { Multiplexer } from "../../src/multiplexer/multiplexer.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { DatagramType, prependDatagramHeader } from "../../src/wire/datagram_header.ts";
import { DropCounters } from "../../src/wire/drop_reason.ts";
import { checkIpPacket } from "../../src/wire/ip_packet.ts";
import { Packet } from "../../src/wire/packet.ts";
import { mulberry32 } from "../support/rng.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { craftUdp4 } from "../support/udp4_packet.ts";

/** An IP packet as the tun gives it. */
const IP_PACKET_BYTES = 1_380;

const PEER: NetAddress = { hostname: "192.0.2.1", port: 4_321 };

/** A socket that takes everything and brings what it is told to. */
class FreeSocket implements DatagramSocket {
  readonly label = "free";
  readonly failure = null;
  readonly lastSendError = null;
  readonly #datagram: Uint8Array;
  #isClosed = false;
  #duePkts = 0;
  #full: Promise<number> | null = null;
  #resume = Promise.withResolvers<void>();
  #done = Promise.withResolvers<void>();

  constructor(linkId: number) {
    const packet = craftIpPacket();
    prependDatagramHeader(packet, DatagramType.DATA, linkId);
    this.#datagram = packet.toBytes().slice();
  }

  send(_packet: Packet, _dst: NetAddress): number {
    return 0;
  }

  receive(slots: readonly DatagramSlot[]): Promise<number> {
    if (this.#duePkts === 0) return this.#receiveLater(slots);
    const count = Math.min(slots.length, this.#duePkts);
    for (let i = 0; i < count; i++) {
      slots[i]!.packet.fill(this.#datagram);
      slots[i]!.source = PEER;
    }
    this.#duePkts -= count;
    // Always the same one, so that what is counted is the engine's.
    return count === slots.length
      ? (this.#full ??= Promise.resolve(count))
      : Promise.resolve(count);
  }

  async #receiveLater(slots: readonly DatagramSlot[]): Promise<number> {
    this.#done.resolve();
    await this.#resume.promise;
    return this.#isClosed ? 0 : await this.receive(slots);
  }

  /** Brings so many datagrams; resolves when the last one is through. */
  async bring(packets: number): Promise<void> {
    this.#duePkts = packets;
    this.#done = Promise.withResolvers();
    this.#resume.resolve();
    this.#resume = Promise.withResolvers();
    await this.#done.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#resume.resolve();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** One end with two links. */
export class EngineRig implements AsyncDisposable {
  /** Packets that came out of the tunnel. */
  deliveredPkts = 0;
  readonly drops = new DropCounters();
  readonly multiplexer: Multiplexer;
  readonly #linkMap: LinkMap;
  readonly #sockets = [new FreeSocket(1), new FreeSocket(2)];
  readonly #packet = craftIpPacket();

  private constructor() {
    const rng = mulberry32(1);
    this.multiplexer = new Multiplexer({ rng, deliver: (packet) => this.#deliver(packet) });
    this.#linkMap = new LinkMap({
      multiplexer: this.multiplexer,
      open: (spec) =>
        Promise.resolve({ socket: this.#sockets[spec.id - 1]!, remote: PEER, alternatives: 0 }),
      drops: this.drops,
      verifyData: checkIpPacket,
      logger: new RecordingLogger(),
      clock: () => performance.now(),
      rng,
    });
  }

  /** Makes one; resolves when both links are up. */
  static async create(): Promise<EngineRig> {
    const rig = new EngineRig();
    for (const id of [1, 2]) {
      rig.#linkMap.initiateLink({
        id,
        name: `link${id}`,
        target: { host: PEER.hostname, port: PEER.port },
        proxy: null,
      });
    }
    for (const socket of rig.#sockets) await socket.bring(1);
    if (rig.multiplexer.links.some((link) => !link.isAlive)) {
      throw new Error("Invariant: the links are not up");
    }
    return rig;
  }

  /** Sends packets from the tun. @throws Error when one is dropped. */
  sendOut(packets: number): void {
    for (let i = 0; i < packets; i++) {
      const result = this.multiplexer.send(this.#packet, performance.now());
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
    await this.#linkMap.close();
  }

  #deliver(packet: Packet): number {
    const verdict = checkIpPacket(packet);
    if (verdict >= 0) this.deliveredPkts++;
    return verdict;
  }
}

function craftIpPacket(): Packet {
  const packet = new Packet();
  packet.fill(craftUdp4({ payload: new Uint8Array(IP_PACKET_BYTES - 28) }));
  return packet;
}
