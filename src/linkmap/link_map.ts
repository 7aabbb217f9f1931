/**
 * The link map: the sockets of this end and the way of a datagram from a socket to who understands it.
 *
 * A slave initiates its links, each over a socket of its own; a master starts a listener, and which link a datagram
 * there belongs to is its {@link ListenedHandler}'s matter. Bytes from the network never throw here: they are dropped
 * and counted by reason.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { NetAddress } from "../net_address.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { Packet } from "../wire/packet.ts";
import type { InitiatedHandler, ListenedHandler } from "./datagram_handler.ts";
import type { DatagramSlot, DatagramSocket } from "./datagram_socket.ts";
import type { Link } from "./link.ts";
import { LinkKeeper } from "./link_keeper.ts";
import type { LinkOpener } from "./link_opener.ts";
import { type LinkSpec, wayOf } from "./link_spec.ts";
import { Listener, type ListenSpec } from "./listener.ts";
import type { UdpBinder } from "./udp_port.ts";

/** How often links and addresses are looked after. */
const CARE_INTERVAL_MS = 1_000;

/** Slots of one socket: how many datagrams one `receive` may bring. A master has a TCP socket for each link over it. */
const SLOTS_PER_SOCKET = { udp: 64, tcp: 1 };

const NOWHERE: NetAddress = { hostname: "0.0.0.0", port: 0 };

/** What a {@link LinkMap} works with. */
export interface LinkMapOptions {
  /** Opens a slave's links. */
  readonly open: LinkOpener;
  /** Makes the UDP sockets of a master. */
  readonly bindUdp: UdpBinder;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
}

/** The sockets of one end of the tunnel. */
export class LinkMap {
  readonly #options: LinkMapOptions;
  readonly #keepers = new Map<Link, LinkKeeper>();
  #listener: Listener | null = null;
  #isClosing = false;
  #nextCareMs = Number.NEGATIVE_INFINITY;

  constructor(options: LinkMapOptions) {
    this.#options = options;
  }

  /** Where the master listens, as text. */
  get listenAddresses(): string[] {
    return this.#listener?.addresses ?? [];
  }

  /** True from {@link LinkMap.close} on: sockets that end now are no news. */
  get isClosing(): boolean {
    return this.#isClosing;
  }

  /** Opens a link and keeps it open from now on; does not wait for it. */
  keepOpen(link: Link, spec: LinkSpec, handler: InitiatedHandler): void {
    const { open, logger, clock, rng } = this.#options;
    link.reason = "opening";
    link.way = wayOf(spec);
    const handle: DatagramSink = (socket, source, packet, now) =>
      link.leadsTo(socket, source)
        ? handler.handleInitiated(link, packet, now)
        : DropReason.WRONG_SOURCE;
    this.#keepers.set(
      link,
      new LinkKeeper({
        link,
        spec,
        open,
        logger,
        clock,
        rng,
        lastHeardMs: () => handler.lastHeardMs(link),
        askIntervalMs: () => handler.askIntervalMs(link),
        onOpen: () => handler.handleLinkOpen(link, clock()),
        onClosed: () => handler.handleLinkClosed(link, clock()),
        pump: (socket) => this.#pump(socket, handle),
      }),
    );
  }

  /** Closes a link that was kept open, and opens it no more; resolves when its socket is closed. */
  async release(link: Link, reason: string): Promise<void> {
    const keeper = this.#keepers.get(link);
    this.#keepers.delete(link);
    link.detach(reason);
    await keeper?.stop();
  }

  /**
   * Listens for slaves' links.
   * @param excludedInterface the tun's name, whose addresses are not listened on
   * @throws Error when the port cannot be bound.
   */
  async startListener(
    listen: ListenSpec,
    { excludedInterface, allowsTcp }: {
      readonly excludedInterface: string;
      readonly allowsTcp: boolean;
    },
    handler: ListenedHandler,
  ): Promise<void> {
    const { bindUdp, drops, logger, clock } = this.#options;
    const handle: DatagramSink = (socket, source, packet, now) =>
      handler.handleListened(socket, source, packet, now);
    this.#listener = await Listener.open({
      listen,
      bindUdp,
      drops,
      logger,
      excludedInterface,
      allowsTcp,
      pump: (socket) => this.#pump(socket, handle),
      onSocketClosed: (socket) => handler.handleSocketClosed(socket, clock()),
      isAuthentic: (socket) => handler.isAuthentic(socket),
      clock,
    });
  }

  /** Looks after silent links and changed addresses. */
  handleTimeout(now: number): void {
    if (now < this.#nextCareMs) return;
    this.#nextCareMs = now + CARE_INTERVAL_MS;
    for (const keeper of this.#keepers.values()) keeper.checkSilence(now);
    this.#listener?.rescan();
  }

  /** The machine is in another network: links that wait try it at once. */
  retry(): void {
    for (const keeper of this.#keepers.values()) keeper.retry();
  }

  /** The machine woke: links begin anew where they have to. */
  wake(now: number): void {
    for (const keeper of this.#keepers.values()) {
      this.#nextCareMs = Math.min(this.#nextCareMs, keeper.wake(now));
    }
  }

  /** Monotonic ms of the next {@link handleTimeout} that has something to do. */
  nextTimeout(): number {
    return this.#nextCareMs;
  }

  /** Closes every link and socket; resolves when nothing is left. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const keepers = [...this.#keepers.values()];
    await Promise.all([this.#listener?.close(), ...keepers.map((keeper) => keeper.stop())]);
  }

  /** Receives until the socket ends. */
  async #pump(socket: DatagramSocket, handle: DatagramSink): Promise<void> {
    const { clock, drops } = this.#options;
    const slots: DatagramSlot[] = Array.from(
      { length: SLOTS_PER_SOCKET[socket.transport] },
      () => ({ packet: new Packet(), source: NOWHERE, local: null, via: null }),
    );
    for (;;) {
      const count = await socket.receive(slots);
      if (count === 0) return;
      const now = clock();
      for (let i = 0; i < count; i++) {
        const { packet, source, via } = slots[i]!;
        const result = handle(via ?? socket, source, packet, now);
        if (result < 0) drops.count(result as DropReason);
      }
    }
  }
}

/** Hot. Takes one datagram. @returns 0 or more, or a DropReason. */
type DatagramSink = (
  socket: DatagramSocket,
  source: NetAddress,
  packet: Packet,
  now: number,
) => number;
