/**
 * The multiplexer: spreads what leaves the tun over the links, gathers what arrives over them, and
 * tells the peer once a second what it received on each.
 *
 * Pure: it is driven by three inputs only (a tun packet, a packet from a link, time), so the same
 * code runs in the simulator. It knows links as {@link LegacyLinkPort}s, never as sockets.
 *
 * @module
 */

import type { ControlPacket } from "../wire/control_packet.ts";
import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { LegacyLinkPort } from "./legacy_link_port.ts";
import { LegacyLink, LINK_SILENT_MS } from "./legacy_link.ts";
import type { LegacyScheduler } from "./legacy_scheduler.ts";
import { WeightedScheduler } from "./weighted_scheduler.ts";

/** One control packet a second, the original's pace. */
export const CONTROL_INTERVAL_MS = 1_000;

/**
 * After this long without an accepted control packet any sequence number is accepted: the peer has
 * restarted and counts anew. Shorter would let a delayed packet pass for a restart.
 */
const CONTROL_RESTART_MS = 3_000;

/** What a {@link LegacyMultiplexer} is made of. */
export interface LegacyMultiplexerOptions {
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** Takes a data packet that arrived, borrowed until return. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  /** Number of the first control packet. The daemon passes the clock's seconds, so that a restart goes forward. */
  readonly firstSeqNo?: number;
  /** Called when a link is heard (again) or falls silent; not when its socket is gone. */
  readonly onLinkChange?: (link: LegacyLink) => void;
  /** How packets are spread; the original's weighted random choice when left out. */
  readonly scheduler?: LegacyScheduler;
}

/** Joins links into one tunnel end. */
export class LegacyMultiplexer {
  readonly #deliver: (packet: Packet) => number;
  readonly #onLinkChange: (link: LegacyLink) => void;
  readonly #scheduler: LegacyScheduler;
  /** Links by id, dense: a lookup per packet. */
  readonly #byId: (LegacyLink | null)[] = new Array(256).fill(null);
  readonly #links: LegacyLink[] = [];
  #nextSeqNo: number;
  #lastControl: ControlPacket | null = null;
  #nextControlMs = Number.NEGATIVE_INFINITY;
  #peerSeqNo = Number.NEGATIVE_INFINITY;
  #peerControlMs = Number.NEGATIVE_INFINITY;

  constructor(options: LegacyMultiplexerOptions) {
    this.#deliver = options.deliver;
    this.#onLinkChange = options.onLinkChange ?? (() => {});
    this.#scheduler = options.scheduler ?? new WeightedScheduler(options.rng);
    this.#nextSeqNo = options.firstSeqNo ?? 0;
  }

  /** All links, in the order they were added. */
  get links(): readonly LegacyLink[] {
    return this.#links;
  }

  /** Number of the newest control packet accepted from the peer; -Infinity when there was none. */
  get peerSeqNo(): number {
    return this.#peerSeqNo;
  }

  /** A link by id, or null. */
  getLink(linkId: number): LegacyLink | null {
    return this.#byId[linkId] ?? null;
  }

  /**
   * Takes a link on; the initiator greets the peer over it. It carries data once something was heard
   * over it.
   * @throws Error when the id is taken or not 1..255: a bug of the caller's.
   */
  addLink(port: LegacyLinkPort, now: number): LegacyLink {
    if (!Number.isInteger(port.id) || port.id < 1 || port.id > 255) {
      throw new Error(`Invariant: link id ${port.id} is not 1..255`);
    }
    if (this.#byId[port.id]) throw new Error(`Invariant: link ${port.id} added twice`);
    const link = new LegacyLink(port);
    this.#byId[port.id] = link;
    this.#links.push(link);
    if (port.isInitiator) this.#greet(link, now);
    return link;
  }

  /** Forgets a link. Does nothing when there is none of that id. */
  removeLink(linkId: number, now: number): void {
    const link = this.#byId[linkId];
    if (!link) return;
    this.#byId[linkId] = null;
    this.#links.splice(this.#links.indexOf(link), 1);
    this.#scheduler.update(this.#links, now);
  }

  /** The link's socket is open (again): greets the peer over it, without waiting for the next second. */
  handleLinkOpen(linkId: number, now: number): void {
    const link = this.#byId[linkId];
    if (link) this.#greet(link, now);
  }

  /** The peer is a new instance of itself: it counts its control packets from wherever it likes. */
  handlePeerRestart(): void {
    this.#peerSeqNo = Number.NEGATIVE_INFINITY;
    this.#peerControlMs = Number.NEGATIVE_INFINITY;
  }

  /** The link's socket is gone: no data goes over it from now on. */
  handleLinkClosed(linkId: number, now: number): void {
    const link = this.#byId[linkId];
    if (!link?.isAlive) return;
    link.isAlive = false;
    this.#scheduler.update(this.#links, now);
  }

  /**
   * Hot. Sends a packet from the tun, borrowed until return.
   * @returns bytes put on the wire, or a DropReason.
   */
  send(packet: Packet, now: number): number {
    if (packet.end === packet.start) return DropReason.EMPTY;
    const link = this.#scheduler.pick(packet, now);
    if (link === null) return DropReason.NO_LINK;
    link.unreportedPkts++;
    return link.port.send(packet, now);
  }

  /**
   * Hot. A data packet arrived over a link: delivers it, borrowed until return. A packet that is not
   * taken (not IP, say) proves nothing about the link and is not counted as heard.
   * @returns what `deliver` returned, or a DropReason.
   */
  received(linkId: number, packet: Packet, now: number): number {
    const link = this.#byId[linkId];
    if (!link) return DropReason.BAD_LINK_ID;
    const lengthBytes = packet.end - packet.start;
    const result = this.#deliver(packet);
    if (result < 0 && result !== DropReason.TUN_WRITE_ERROR) return result;
    link.receivedTally.add(lengthBytes, now);
    this.#heard(link, now);
    return result;
  }

  /**
   * A control packet arrived over a link. Each number counts once, on whichever link it comes first.
   * @returns 0, or STALE_CONTROL when the number repeats or goes back (the link is heard all the same).
   */
  handleControl(linkId: number, controlPacket: ControlPacket, now: number): number {
    const link = this.#byId[linkId];
    if (!link) return DropReason.BAD_LINK_ID;
    const isFresh = controlPacket.seqNo > this.#peerSeqNo ||
      now - this.#peerControlMs >= CONTROL_RESTART_MS;
    if (isFresh) {
      this.#peerSeqNo = controlPacket.seqNo;
      this.#peerControlMs = now;
      for (const each of this.#links) {
        each.handleReport(controlPacket.received.get(each.port.id) ?? 0, now);
      }
    }
    this.#heard(link, now);
    if (!isFresh) return DropReason.STALE_CONTROL;
    this.#scheduler.update(this.#links, now);
    return 0;
  }

  /**
   * The next control packet: what we received on each link; one of which nothing was received is left
   * out, which says the same in fewer bytes. Takes the next sequence number.
   */
  craftControl(now: number): ControlPacket {
    const received = new Map<number, number>();
    for (const link of this.#links) {
      const receivedBytes = link.receivedTally.total(now);
      if (receivedBytes > 0) received.set(link.port.id, receivedBytes);
    }
    return { seqNo: this.#nextSeqNo++, received };
  }

  /**
   * Does what is due: links that fell silent; control packets on every link. Over a silent link the
   * initiator's are the probe. The other end sends none: so an address that someone forged gets only a
   * few, and a link that is dead in one direction is soon silent in both.
   */
  handleTimeout(now: number): void {
    for (const link of this.#links) {
      if (!link.isAlive || now - link.lastHeardMs < LINK_SILENT_MS) continue;
      link.isAlive = false;
      this.#scheduler.update(this.#links, now);
      this.#onLinkChange(link);
    }
    if (now < this.#nextControlMs) return;
    // Keeps the pace, but never sends a burst to catch up after the machine slept.
    this.#nextControlMs = Math.max(
      this.#nextControlMs + CONTROL_INTERVAL_MS,
      now + CONTROL_INTERVAL_MS / 2,
    );
    this.#lastControl = this.craftControl(now);
    for (const { port, isAlive } of this.#links) {
      if (isAlive || port.isInitiator) port.sendControl(this.#lastControl, now);
    }
  }

  /** Monotonic ms of the next {@link handleTimeout} that has something to do. */
  nextTimeout(): number {
    let next = this.#nextControlMs;
    for (const link of this.#links) {
      if (link.isAlive) next = Math.min(next, link.lastHeardMs + LINK_SILENT_MS);
    }
    return next;
  }

  /** Something valid came over the link. */
  #heard(link: LegacyLink, now: number): void {
    link.lastHeardMs = now;
    if (link.isAlive) return;
    link.handleUp(now);
    this.#scheduler.update(this.#links, now);
    this.#onLinkChange(link);
    // The peer may not know yet that its packets arrive: without this, it would wait up to a second.
    this.#greet(link, now);
  }

  /** Sends the newest control packet again over one link: the same number, so it counts once. */
  #greet(link: LegacyLink, now: number): void {
    this.#lastControl ??= this.craftControl(now);
    link.port.sendControl(this.#lastControl, now);
  }
}
