/**
 * The original's tunnel: one peer, neither encrypted nor authenticated. Whoever sends a datagram of the right form is
 * believed; what little can be checked, is.
 *
 * @module
 */

import type { LegacyOptions } from "../daemon_options.ts";
import type { InitiatedHandler, ListenedHandler } from "../linkmap/datagram_handler.ts";
import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import type { Link } from "../linkmap/link.ts";
import { LinkMap } from "../linkmap/link_map.ts";
import { TokenBucket } from "../linkmap/token_bucket.ts";
import { CONTROL_INTERVAL_MS } from "../multiplexer/legacy_multiplexer.ts";
import type { NetAddress } from "../net_address.ts";
import type { BondingSnapshot, LinkSnapshot, SlaveSnapshot } from "../snapshot.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import {
  DATAGRAM_HEADER_BYTES,
  DatagramType,
  readDatagramHeader,
} from "../wire/datagram_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { decodeLegacyControl } from "../wire/legacy_control.ts";
import type { Packet } from "../wire/packet.ts";
import { completeChecksum } from "../wire/partial_checksum.ts";
import { BareLink } from "./bare_link.ts";
import { BondingTotals } from "./bonding_totals.ts";
import { LegacyCodec } from "./legacy_codec.ts";
import { type LegacyLinks, openLegacyLinks } from "./legacy_links.ts";
import type { Tunnel, TunnelContext } from "./tunnel.ts";
import { WrongProtocol } from "./wrong_protocol.ts";

/**
 * New links that a master learns: a burst, and how many a second after it. A slave's links are all
 * learned within seconds, since it greets again every second; whoever forges ids or senders gets no
 * further.
 */
const LEARN_BUDGET = { capacity: 32, perSecond: 4 };

/** How often silent links are looked for. */
const CARE_INTERVAL_MS = 1_000;

/** Either end of a legacy tunnel. */
export class LegacyTunnel implements Tunnel, InitiatedHandler, ListenedHandler {
  readonly #options: LegacyOptions;
  readonly #context: TunnelContext;
  readonly #linkMap: LinkMap;
  readonly #codec = new LegacyCodec();
  readonly #peer: LegacyLinks;
  readonly #wrongProtocol: WrongProtocol;
  readonly #learnBudget = new TokenBucket(LEARN_BUDGET);
  /** Decoded control packets go here: one at a time is enough. */
  readonly #control: ControlPacket = { seqNo: 0, received: new Map() };
  #nextCareMs = Number.NEGATIVE_INFINITY;

  constructor(options: LegacyOptions, context: TunnelContext) {
    this.#options = options;
    this.#context = context;
    this.#peer = openLegacyLinks({ ...context, codec: this.#codec });
    this.#linkMap = new LinkMap(context);
    this.#wrongProtocol = new WrongProtocol(context.logger, "secure");
  }

  /** See {@link Tunnel.start}. */
  async start(): Promise<void> {
    const { logger, tundev, clock } = this.#context;
    logger.warn(
      "Protocol legacy: nothing is authenticated or encrypted, whoever reaches the port is believed",
      {
        advice: "use it on networks you trust, or for what is encrypted itself",
      },
    );
    if (this.#options.role === "slave") {
      for (const spec of this.#options.links) {
        const { id, name } = spec;
        const link = new BareLink({ id, name, isInitiator: true, codec: this.#codec });
        this.#peer.add(link, clock());
        this.#linkMap.keepOpen(link, spec, this);
      }
      return;
    }
    const { listen } = this.#options;
    const terms = { excludedInterface: tundev.name, allowsTcp: false };
    await this.#linkMap.startListener(listen, terms, this);
    logger.info("Listening", { addresses: this.#linkMap.listenAddresses.join(", ") });
  }

  /** Hot. See {@link Tunnel.handleTunPacket}. */
  handleTunPacket(packet: Packet, now: number): number {
    // The original's wire has no place for what this end leaves to the other one's kernel.
    if (packet.isPartial && completeChecksum(packet) < 0) return DropReason.NOT_IP;
    return this.#peer.multiplexer.send(packet, now);
  }

  /** See {@link Tunnel.handleTimeout}. */
  handleTimeout(now: number): void {
    this.#peer.multiplexer.handleTimeout(now);
    this.#linkMap.handleTimeout(now);
    if (now < this.#nextCareMs) return;
    this.#nextCareMs = now + CARE_INTERVAL_MS;
    if (this.#options.role === "master") this.#peer.forgetSilent(now);
  }

  /** See {@link Tunnel.nextTimeout}. */
  nextTimeout(): number {
    return Math.min(
      this.#peer.multiplexer.nextTimeout(),
      this.#linkMap.nextTimeout(),
      this.#nextCareMs,
    );
  }

  /** See {@link Tunnel.snapshotLinks}. */
  snapshotLinks(now: number): LinkSnapshot[] {
    return this.#peer.snapshot(now);
  }

  /** See {@link Tunnel.snapshotBonding}. */
  snapshotBonding(): BondingSnapshot {
    return new BondingTotals();
  }

  /** See {@link Tunnel.snapshotSlaves}. */
  snapshotSlaves(): SlaveSnapshot[] {
    return [];
  }

  /** See {@link Tunnel.close}. */
  async close(): Promise<void> {
    this.#peer.quieten();
    await this.#linkMap.close();
  }

  /** Hot. See {@link InitiatedHandler.handleInitiated}. */
  handleInitiated(link: Link, packet: Packet, now: number): number {
    const header = readDatagramHeader(packet);
    if (header < 0) return header;
    if (!isLegacy(header >> 8)) return DropReason.WRONG_PROTOCOL;
    if ((header & 0xff) !== link.id) return DropReason.LINK_ID_MISMATCH;
    return this.#handlePayload(link, header >> 8, packet, now);
  }

  /**
   * Hot. A datagram that a master received: the link is learned from its first valid packet, and
   * answered at the address and over the socket that the newest valid one came by.
   */
  handleListened(socket: DatagramSocket, source: NetAddress, packet: Packet, now: number): number {
    const header = readDatagramHeader(packet);
    if (header < 0) return header;
    const type = header >> 8;
    if (!isLegacy(type)) return this.#wrongProtocol.drop(source);
    const linkId = header & 0xff;
    let link = this.#peer.get(linkId);
    if (link === null || !link.leadsTo(socket, source)) {
      // Bytes that are no valid payload neither make a link nor move one.
      const verdict = this.#verifyPayload(type, packet);
      if (verdict < 0) return verdict;
      if (link === null && !this.#learnBudget.take(now)) return DropReason.TOO_MANY_LINKS;
      link = this.#peer.learn(linkId, socket, source, now);
    }
    return this.#handlePayload(link, type, packet, now);
  }

  /** See {@link InitiatedHandler.handleLinkOpen}. */
  handleLinkOpen(link: Link, now: number): void {
    this.#peer.multiplexer.handleLinkOpen(link.id, now);
  }

  /** See {@link InitiatedHandler.handleLinkClosed}. */
  handleLinkClosed(link: Link, now: number): void {
    this.#peer.multiplexer.handleLinkClosed(link.id, now);
  }

  /** See {@link ListenedHandler.handleSocketClosed}. */
  handleSocketClosed(socket: DatagramSocket, now: number): void {
    this.#peer.detachAll(socket, now);
  }

  /** See {@link InitiatedHandler.lastHeardMs}. */
  lastHeardMs(link: Link): number {
    return this.#peer.multiplexer.getLink(link.id)?.lastHeardMs ?? Number.NEGATIVE_INFINITY;
  }

  /** See {@link InitiatedHandler.askIntervalMs}: a control packet. */
  askIntervalMs(): number {
    return CONTROL_INTERVAL_MS;
  }

  /** Nothing is, here; and there are no connections that could be asked about. */
  isAuthentic(): boolean {
    return false;
  }

  #verifyPayload(type: number, packet: Packet): number {
    return type === DatagramType.CONTROL
      ? decodeLegacyControl(packet, this.#control)
      : this.#context.tundev.verify(packet);
  }

  /** Hot. What follows the header. */
  #handlePayload(link: Link, type: number, packet: Packet, now: number): number {
    const sizeBytes = packet.end - packet.start + DATAGRAM_HEADER_BYTES;
    const result = type === DatagramType.DATA
      ? this.#peer.multiplexer.received(link.id, packet, now)
      : this.#handleControl(link, packet, now);
    if (result >= 0) link.countReceived(sizeBytes);
    return result;
  }

  #handleControl(link: Link, packet: Packet, now: number): number {
    const { multiplexer } = this.#peer;
    const result = decodeLegacyControl(packet, this.#control);
    if (result < 0) return result;
    const verdict = multiplexer.handleControl(link.id, this.#control, now);
    // Every number comes once over each link: the copies are no drops.
    return verdict === DropReason.STALE_CONTROL && this.#control.seqNo === multiplexer.peerSeqNo
      ? 0
      : verdict;
  }
}

/** Hot. Whether a datagram of that type is of this protocol. */
function isLegacy(type: number): boolean {
  return type === DatagramType.DATA || type === DatagramType.CONTROL;
}
