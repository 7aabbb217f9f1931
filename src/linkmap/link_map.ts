/**
 * The link map: all links of this end, the sockets under them, and the way of a datagram from a
 * socket to the multiplexer.
 *
 * A slave initiates its links; a master starts a listener and learns links from the packets that
 * arrive. Bytes from the network never throw here: they are dropped and counted by reason.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { LinkSnapshot } from "../snapshot.ts";
import type { Multiplexer } from "../multiplexer/multiplexer.ts";
import {
  DATAGRAM_HEADER_BYTES,
  DatagramType,
  readDatagramHeader,
} from "../wire/datagram_header.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { decodeLegacyControl } from "../wire/legacy_control.ts";
import { Packet } from "../wire/packet.ts";
import type { DatagramSlot, DatagramSocket } from "./datagram_socket.ts";
import { Link } from "./link.ts";
import { LinkKeeper } from "./link_keeper.ts";
import type { LinkOpener } from "./link_opener.ts";
import type { LinkSpec } from "./link_spec.ts";
import { snapshotLink } from "./link_status.ts";
import { Listener, type ListenSpec } from "./listener.ts";
import { TokenBucket } from "./token_bucket.ts";
import type { NetAddress } from "../net_address.ts";

/** A link that a master learned is forgotten after this long without a word; it is learned again by its next packet. */
const FORGET_LEARNED_MS = 60_000;

/** At most one log line about a link's moves in this time: two senders of one id would write two per packet. */
const MOVE_LOG_INTERVAL_MS = 10_000;

/**
 * New links that a master learns: a burst, and how many a second after it. A slave's links are all
 * learned within seconds, since it greets again every second; whoever forges ids or senders gets no
 * further.
 */
const LEARN_BUDGET = { capacity: 32, perSecond: 4 };

/** How often links and addresses are looked after. */
const CARE_INTERVAL_MS = 1_000;

/** Slots of one socket: how many datagrams one `receive` may bring. */
const SLOTS_PER_SOCKET = 8;

const NOWHERE: NetAddress = { hostname: "0.0.0.0", port: 0 };

/** What a {@link LinkMap} works with. */
export interface LinkMapOptions {
  readonly multiplexer: Multiplexer;
  /** Opens a slave's links. */
  readonly open: LinkOpener;
  readonly drops: DropCounters;
  /** Whether a data packet is what the tundev carries: 0 or a DropReason. */
  readonly verifyData: (packet: Packet) => number;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
}

/** The links of one end of the tunnel. */
export class LinkMap {
  readonly #options: LinkMapOptions;
  /** By id, dense: a lookup per packet. */
  readonly #links: (Link | null)[] = new Array(256).fill(null);
  readonly #keepers: LinkKeeper[] = [];
  readonly #learnBudget = new TokenBucket(LEARN_BUDGET);
  #listener: Listener | null = null;
  #isClosing = false;
  #nextCareMs = Number.NEGATIVE_INFINITY;
  /** Decoded control packets go here: one at a time is enough. */
  readonly #control: ControlPacket = { seqNo: 0, received: new Map() };

  constructor(options: LinkMapOptions) {
    this.#options = options;
  }

  /** Where the master listens, as text. */
  get listenAddresses(): string[] {
    return this.#listener?.addresses ?? [];
  }

  /** A link by id, or null. */
  getLink(linkId: number): Link | null {
    return this.#links[linkId] ?? null;
  }

  /** Starts a link, which from now on is kept open; does not wait for it. The id must be free. */
  initiateLink(spec: LinkSpec): Link {
    const { multiplexer, open, logger, clock, rng } = this.#options;
    const link = new Link(spec.id, spec.name, { isInitiator: true });
    link.reason = "opening";
    multiplexer.addLink(link, clock());
    this.#links[spec.id] = link;
    this.#keepers.push(
      new LinkKeeper({
        link,
        spec,
        open,
        logger,
        clock,
        rng,
        lastHeardMs: () => multiplexer.getLink(spec.id)?.lastHeardMs ?? Number.NEGATIVE_INFINITY,
        onOpen: () => multiplexer.handleLinkOpen(spec.id, clock()),
        onClosed: () => multiplexer.handleLinkClosed(spec.id, clock()),
        pump: (socket) => this.#pump(socket, link),
      }),
    );
    return link;
  }

  /**
   * Listens for a slave's links.
   * @param excludedInterface the tun's name, whose addresses are not listened on
   * @throws Error when the port cannot be bound.
   */
  async startListener(listen: ListenSpec, excludedInterface: string): Promise<void> {
    const { drops, logger } = this.#options;
    this.#listener = await Listener.open({
      listen,
      drops,
      logger,
      excludedInterface,
      pump: (socket) => this.#pump(socket, null),
      onSocketClosed: (socket) => this.#detachAll(socket),
    });
  }

  /** Looks after silent links and changed addresses. */
  handleTimeout(now: number): void {
    if (now < this.#nextCareMs) return;
    this.#nextCareMs = now + CARE_INTERVAL_MS;
    for (const keeper of this.#keepers) keeper.checkSilence(now);
    if (this.#listener === null) return;
    this.#listener.rescan();
    this.#forgetSilent(now);
  }

  /** Monotonic ms of the next {@link handleTimeout} that has something to do. */
  nextTimeout(): number {
    return this.#nextCareMs;
  }

  /** Closes every link and socket; resolves when nothing is left. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await Promise.all([this.#listener?.close(), ...this.#keepers.map((keeper) => keeper.stop())]);
  }

  /** All links now, by id. */
  snapshot(now: number): LinkSnapshot[] {
    const snapshots: LinkSnapshot[] = [];
    for (const link of this.#links) {
      const known = link && this.#options.multiplexer.getLink(link.id);
      if (!known) continue;
      snapshots.push(snapshotLink(link, known, now));
    }
    return snapshots;
  }

  /** Receives until the socket ends. @param link the socket's only link, or null for a listener's socket. */
  async #pump(socket: DatagramSocket, link: Link | null): Promise<void> {
    const { clock, drops } = this.#options;
    const slots: DatagramSlot[] = Array.from(
      { length: SLOTS_PER_SOCKET },
      () => ({ packet: new Packet(), source: NOWHERE }),
    );
    for (;;) {
      const count = await socket.receive(slots);
      if (count === 0) return;
      const now = clock();
      for (let i = 0; i < count; i++) {
        const slot = slots[i]!;
        const result = link === null
          ? this.#handleListened(socket, slot, now)
          : this.#handleInitiated(link, socket, slot, now);
        if (result < 0) drops.count(result as DropReason);
      }
    }
  }

  /** Hot. A datagram over a link that we initiated. */
  #handleInitiated(link: Link, socket: DatagramSocket, slot: DatagramSlot, now: number): number {
    if (!link.leadsTo(socket, slot.source)) return DropReason.WRONG_SOURCE;
    const header = readDatagramHeader(slot.packet);
    if (header < 0) return header;
    if ((header & 0xff) !== link.id) return DropReason.LINK_ID_MISMATCH;
    return this.#handlePayload(link, header >> 8, slot.packet, now);
  }

  /**
   * Hot. A datagram that a master received: the link is learned from its first valid packet, and
   * answered at the address and over the socket that the newest valid one came by.
   */
  #handleListened(socket: DatagramSocket, slot: DatagramSlot, now: number): number {
    const { packet, source } = slot;
    const header = readDatagramHeader(packet);
    if (header < 0) return header;
    const type = header >> 8;
    const linkId = header & 0xff;
    let link = this.#links[linkId] ?? null;
    if (link === null || !link.leadsTo(socket, source)) {
      // Bytes that are no valid payload neither make a link nor move one.
      const verdict = this.#verifyPayload(type, packet);
      if (verdict < 0) return verdict;
      if (link === null && !this.#learnBudget.take(now)) return DropReason.TOO_MANY_LINKS;
      link = this.#learn(linkId, socket, source, now);
    }
    return this.#handlePayload(link, type, packet, now);
  }

  #verifyPayload(type: number, packet: Packet): number {
    return type === DatagramType.CONTROL
      ? decodeLegacyControl(packet, this.#control)
      : this.#options.verifyData(packet);
  }

  /** Hot. What follows the header. */
  #handlePayload(link: Link, type: number, packet: Packet, now: number): number {
    const sizeBytes = packet.end - packet.start + DATAGRAM_HEADER_BYTES;
    const result = type === DatagramType.DATA
      ? this.#options.multiplexer.received(link.id, packet, now)
      : this.#handleControl(link, packet, now);
    if (result < 0) return result;
    link.receivedPackets++;
    link.receivedBytes += sizeBytes;
    return result;
  }

  #handleControl(link: Link, packet: Packet, now: number): number {
    const { multiplexer } = this.#options;
    const result = decodeLegacyControl(packet, this.#control);
    if (result < 0) return result;
    const verdict = multiplexer.handleControl(link.id, this.#control, now);
    // Every number comes once over each link: the copies are no drops.
    return verdict === DropReason.STALE_CONTROL && this.#control.seqNo === multiplexer.peerSeqNo
      ? 0
      : verdict;
  }

  /** A master's link is new, or its other end has moved. */
  #learn(linkId: number, socket: DatagramSocket, remote: NetAddress, now: number): Link {
    const { multiplexer, logger } = this.#options;
    const known = this.#links[linkId];
    const link = known ?? new Link(linkId, `link${linkId}`, { isInitiator: false });
    link.attach(socket, { hostname: remote.hostname, port: remote.port });
    const properties = { link: link.name, id: linkId, remote: link.remote, via: socket.label };
    if (known) {
      link.moves++;
      if (now - link.moveLoggedMs < MOVE_LOG_INTERVAL_MS) return known;
      link.moveLoggedMs = now;
      logger.info("Link moved", { ...properties, moves: link.moves });
      return known;
    }
    logger.info("Link learned", properties);
    this.#links[linkId] = link;
    multiplexer.addLink(link, now);
    return link;
  }

  #forgetSilent(now: number): void {
    const { multiplexer, logger } = this.#options;
    for (const link of this.#links) {
      const lastHeardMs = link && multiplexer.getLink(link.id)?.lastHeardMs;
      if (!link || lastHeardMs === undefined || lastHeardMs === null) continue;
      if (now - lastHeardMs < FORGET_LEARNED_MS) continue;
      multiplexer.removeLink(link.id, now);
      this.#links[link.id] = null;
      logger.info("Link forgotten", { link: link.name, id: link.id });
    }
  }

  /** A listener's socket is gone: its links wait until they are heard over another one. */
  #detachAll(socket: DatagramSocket): void {
    const { multiplexer, clock, logger } = this.#options;
    for (const link of this.#links) {
      if (link?.socket !== socket) continue;
      link.detach(`${socket.label} is closed`);
      multiplexer.handleLinkClosed(link.id, clock());
      if (!this.#isClosing) {
        logger.warn("Link down", { link: link.name, id: link.id, reason: link.reason });
      }
    }
  }
}
