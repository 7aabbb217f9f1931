/**
 * The links to one peer, with the multiplexer that joins them.
 *
 * @module
 */

import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import { Link, type LinkCodec } from "../linkmap/link.ts";
import { snapshotLink } from "../linkmap/link_status.ts";
import type { Logger, LogProperties } from "../log.ts";
import { Multiplexer } from "../multiplexer/multiplexer.ts";
import type { MultiplexerLink } from "../multiplexer/multiplexer_link.ts";
import type { NetAddress } from "../net_address.ts";
import type { LinkSnapshot } from "../snapshot.ts";
import type { Packet } from "../wire/packet.ts";

/** A link that a master learned is forgotten after this long without a word; it is learned again by its next packet. */
const FORGET_LEARNED_MS = 60_000;

/** At most one log line about a link's moves in this time: two senders of one id would write two per packet. */
const MOVE_LOG_INTERVAL_MS = 10_000;

/** What {@link PeerLinks} work with. */
export interface PeerLinksOptions {
  readonly codec: LinkCodec;
  /** Hot. Takes a packet that came over the links. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** The machine's clock, ms since 1970. */
  readonly wallClock: () => number;
  /** The peer's name at a master with several, else empty: in the log and the metrics. */
  readonly slave: string;
}

/** The links to one peer. */
export class PeerLinks {
  readonly multiplexer: Multiplexer;
  readonly #options: PeerLinksOptions;
  /** By id, dense: a lookup per packet. */
  readonly #links: (Link | null)[] = new Array(256).fill(null);
  /** The same, those that there are, by id: a master goes through those of all its slaves every second. */
  #present: readonly Link[] = [];
  /** When links that were forgotten were last heard. */
  #forgottenHeardMs = Number.NEGATIVE_INFINITY;
  /** True while links that fall silent are no news: the daemon ends, or the peer said goodbye. */
  #isQuiet = false;

  constructor(options: PeerLinksOptions) {
    this.#options = options;
    this.multiplexer = new Multiplexer({
      rng: options.rng,
      deliver: options.deliver,
      // Seconds since 1970: one number is used up a second, so a restarted peer is ahead of itself.
      firstSeqNo: Math.floor(options.wallClock() / 1_000),
      onLinkChange: (link) => this.#logLinkChange(link),
    });
  }

  /** Hot. A link by id, or null. */
  get(linkId: number): Link | null {
    return this.#links[linkId] ?? null;
  }

  /** The links there are, by id; not among them is what comes later. */
  get all(): readonly Link[] {
    return this.#present;
  }

  /** Whether any link carries data. */
  get upCount(): number {
    return this.multiplexer.links.filter((link) => link.isAlive).length;
  }

  /** Monotonic ms when anything valid last came over any link; -Infinity for never. */
  get lastHeardMs(): number {
    const heardMs = this.multiplexer.links.map((link) => link.lastHeardMs);
    return Math.max(this.#forgottenHeardMs, ...heardMs);
  }

  /** Takes a link on that this end initiated. */
  add(link: Link, now: number): void {
    this.#put(link);
    this.multiplexer.addLink(link, now);
  }

  /** A master's link is new, or its other end has moved: it is answered where its newest datagram came from. */
  learn(linkId: number, socket: DatagramSocket, remote: NetAddress, now: number): Link {
    const known = this.#links[linkId];
    const link = known ?? new Link({
      id: linkId,
      name: `link${linkId}`,
      isInitiator: false,
      codec: this.#options.codec,
    });
    link.attach(socket, { hostname: remote.hostname, port: remote.port });
    if (known) {
      link.moves++;
      if (now - link.moveLoggedMs < MOVE_LOG_INTERVAL_MS) return known;
      link.moveLoggedMs = now;
      this.#log("info", "Link moved", link, { via: socket.label, moves: link.moves });
      return known;
    }
    this.#log("info", "Link learned", link, { via: socket.label });
    this.#put(link);
    this.multiplexer.addLink(link, now);
    return link;
  }

  /** Forgets links that were silent for long. */
  forgetSilent(now: number): void {
    for (const link of this.#present) {
      const lastHeardMs = this.multiplexer.getLink(link.id)?.lastHeardMs;
      if (lastHeardMs === undefined) continue;
      if (now - lastHeardMs < FORGET_LEARNED_MS) continue;
      this.#forget(link, now);
      this.#log("info", "Link forgotten", link);
    }
  }

  /** A socket is gone: its links wait until they are heard over another one. */
  detachAll(socket: DatagramSocket, now: number): void {
    for (const link of this.#present) {
      if (link.socket !== socket) continue;
      link.detach(`${socket.label} is closed`);
      this.multiplexer.handleLinkClosed(link.id, now);
      if (!this.#isQuiet) this.#log("warn", "Link down", link, { reason: link.reason });
    }
  }

  /** Forgets all links: the peer is gone. */
  clear(now: number): void {
    for (const link of this.#present) this.#forget(link, now);
  }

  /** Links that end from now on are no news. */
  quieten(): void {
    this.#isQuiet = true;
  }

  /** All links now, by id. */
  snapshot(now: number): LinkSnapshot[] {
    const snapshots: LinkSnapshot[] = [];
    for (const link of this.#present) {
      const known = this.multiplexer.getLink(link.id);
      if (known) snapshots.push(snapshotLink(link, known, { slave: this.#options.slave, now }));
    }
    return snapshots;
  }

  #put(link: Link): void {
    this.#links[link.id] = link;
    this.#present = this.#links.filter((it) => it !== null);
  }

  #forget(link: Link, now: number): void {
    this.#forgottenHeardMs = this.lastHeardMs;
    this.multiplexer.removeLink(link.id, now);
    this.#links[link.id] = null;
    this.#present = this.#present.filter((it) => it !== link);
  }

  #logLinkChange({ port, isAlive }: MultiplexerLink): void {
    const link = this.#links[port.id];
    if (!link || this.#isQuiet) return;
    if (isAlive) this.#log("info", "Link up", link);
    else this.#log("warn", "Link silent", link);
  }

  #log(level: "info" | "warn", message: string, link: Link, more: LogProperties = {}): void {
    const { slave, logger } = this.#options;
    const whose = slave === "" ? {} : { slave };
    const over = link.transport === "tcp" ? { over: "tcp" } : {};
    const properties = { ...whose, link: link.name, id: link.id, remote: link.remote, ...over };
    logger[level](message, { ...properties, ...more });
  }
}
