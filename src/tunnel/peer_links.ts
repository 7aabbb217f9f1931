/**
 * The links to one peer, with the multiplexer that joins them: the legacy one, or the bonding one.
 *
 * @module
 */

import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import type { Link } from "../linkmap/link.ts";
import type { Logger, LogProperties } from "../log.ts";
import type { NetAddress } from "../net_address.ts";
import type { LinkSnapshot } from "../snapshot.ts";

/** A link that a master learned is forgotten after this long without a word; it is learned again by its next packet. */
const FORGET_LEARNED_MS = 60_000;

/** And one whose end was announced, by then. */
const FORGET_LEFT_MS = 5_000;

/** At most one log line about a link's moves in this time: two senders of one id would write two per packet. */
const MOVE_LOG_INTERVAL_MS = 10_000;

/** What {@link PeerLinks} ask a multiplexer about a link. */
export interface JoinedLink {
  readonly port: { readonly id: number };
  readonly isAlive: boolean;
  /** Data sent over it is not acknowledged; the legacy protocol cannot tell. */
  readonly isSuspect?: boolean;
  /** Its end was announced. */
  readonly isLeaving?: boolean;
  /** Monotonic ms; -Infinity for never. */
  readonly lastHeardMs: number;
  /** Its other end is at another address now. */
  handleMoved?(isSameSocket: boolean, now: number): void;
}

/** What {@link PeerLinks} need of a multiplexer. */
export interface LinkJoiner<L extends Link> {
  readonly links: readonly JoinedLink[];
  getLink(linkId: number): JoinedLink | null;
  addLink(link: L, now: number): JoinedLink;
  removeLink(linkId: number, now: number): void;
  handleLinkClosed(linkId: number, now: number): void;
}

/** What {@link PeerLinks} work with. */
export interface PeerLinksOptions<L extends Link, M extends LinkJoiner<L>> {
  /** Makes the multiplexer; it tells {@link PeerLinks.handleLinkChange}. */
  readonly join: (links: PeerLinks<L, M>) => M;
  /** Makes a link that a master learned. */
  readonly makeLink: (linkId: number) => L;
  /** Null: the multiplexer does not know the link. */
  readonly snapshotLink: (link: L, multiplexer: M, now: number) => LinkSnapshot | null;
  readonly logger: Logger;
  /** The peer's name at a master with several, else empty: in the log and the metrics. */
  readonly slave: string;
}

/** The links to one peer. */
export class PeerLinks<L extends Link, M extends LinkJoiner<L>> {
  readonly multiplexer: M;
  readonly #options: PeerLinksOptions<L, M>;
  /** By id, dense: a lookup per packet. */
  readonly #links: (L | null)[] = new Array(256).fill(null);
  /** The same, those that there are, by id: a master goes through those of all its slaves every second. */
  #present: readonly L[] = [];
  /** Those in trouble: what comes of it is told then. */
  readonly #suspects = new Set<number>();
  /** When links that were forgotten were last heard. */
  #forgottenHeardMs = Number.NEGATIVE_INFINITY;
  /** True while links that fall silent are no news: the daemon ends, or the peer said goodbye. */
  #isQuiet = false;

  constructor(options: PeerLinksOptions<L, M>) {
    this.#options = options;
    this.multiplexer = options.join(this);
  }

  /** Hot. A link by id, or null. */
  get(linkId: number): L | null {
    return this.#links[linkId] ?? null;
  }

  /** The links there are, by id; not among them is what comes later. */
  get all(): readonly L[] {
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
  add(link: L, now: number): void {
    this.#put(link);
    this.multiplexer.addLink(link, now);
  }

  /** A master's link is new, or its other end has moved: it is answered where its newest datagram came from. */
  learn(linkId: number, socket: DatagramSocket, remote: NetAddress, now: number): L {
    const known = this.#links[linkId];
    const link = known ?? this.#options.makeLink(linkId);
    const isSameSocket = link.socket === socket;
    link.attach(socket, { hostname: remote.hostname, port: remote.port });
    if (known) {
      link.moves++;
      this.multiplexer.getLink(linkId)?.handleMoved?.(isSameSocket, now);
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
      const known = this.multiplexer.getLink(link.id);
      if (known === null) continue;
      const limitMs = known.isLeaving === true ? FORGET_LEFT_MS : FORGET_LEARNED_MS;
      if (now - known.lastHeardMs < limitMs) continue;
      this.#forget(link, now);
      this.#log("info", "Link forgotten", link);
    }
  }

  /** Forgets a link of this end. */
  remove(linkId: number, now: number): void {
    const link = this.#links[linkId];
    if (link) this.#forget(link, now);
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

  /** A link came up, is suspect or no longer so, or fell silent: says so. */
  handleLinkChange({ port, isAlive, isSuspect, isLeaving }: JoinedLink): void {
    const link = this.#links[port.id];
    if (!link || this.#isQuiet) return;
    const wasSuspect = this.#suspects.delete(port.id);
    if (!isAlive && isLeaving) this.#log("info", "Link left", link);
    else if (!isAlive) this.#log("warn", "Link silent", link);
    else if (isSuspect) {
      this.#suspects.add(port.id);
      this.#log("debug", "Link suspect", link);
    } else if (wasSuspect) this.#log("debug", "Link no longer suspect", link);
    else this.#log("info", "Link up", link);
  }

  /** Says something of a link. */
  tell(level: "debug" | "info", message: string, linkId: number, more: LogProperties): void {
    const link = this.#links[linkId];
    if (link && !this.#isQuiet) this.#log(level, message, link, more);
  }

  /** Links that end from now on are no news. */
  quieten(): void {
    this.#isQuiet = true;
  }

  /** All links now, by id. */
  snapshot(now: number): LinkSnapshot[] {
    const snapshots: LinkSnapshot[] = [];
    for (const link of this.#present) {
      const snapshot = this.#options.snapshotLink(link, this.multiplexer, now);
      if (snapshot !== null) snapshots.push(snapshot);
    }
    return snapshots;
  }

  #put(link: L): void {
    this.#links[link.id] = link;
    this.#present = this.#links.filter((it) => it !== null);
  }

  #forget(link: L, now: number): void {
    this.#forgottenHeardMs = this.lastHeardMs;
    this.multiplexer.removeLink(link.id, now);
    this.#links[link.id] = null;
    this.#suspects.delete(link.id);
    this.#present = this.#present.filter((it) => it !== link);
  }

  #log(
    level: "debug" | "info" | "warn",
    message: string,
    link: Link,
    more: LogProperties = {},
  ): void {
    const { slave, logger } = this.#options;
    const whose = slave === "" ? {} : { slave };
    const over = link.transport === "tcp" ? { over: "tcp" } : {};
    const properties = { ...whose, link: link.name, id: link.id, remote: link.remote, ...over };
    logger[level](message, { ...properties, ...more });
  }
}
