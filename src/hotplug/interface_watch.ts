/**
 * Tells which network interfaces there are, again each time that something about them changes: a netlink socket, read as the reactor
 * says. News only make it dump all anew, soon after, so that a burst of them is one dump.
 *
 * @module
 */

import { NetlinkGroup, NetlinkSocket } from "../../ffi/netlink_socket.ts";
import type { Reactor, Watch } from "../reactor.ts";
import { InterfaceDump } from "./interface_dump.ts";
import type { NetInterface } from "./net_interface.ts";
import { readMessages } from "./netlink_message.ts";

/** From news to the dump, in ms: an address and its routes come one after the other. */
const SETTLE_MS = 20;

/** Where there is much to dump, as on a router with a million routes, it is done more rarely: so many ms for each byte, at most so many. */
const REST_MS_PER_BYTE = 1_000 / 2 ** 20;
const LONGEST_REST_MS = 10_000;

/** Receives, of 32 KiB at most, until it is the packets' turn again. */
const MAX_RECEIVES = 8;

/** An interface's index, routes and addresses: what is interesting in news of these groups. */
const GROUPS = NetlinkGroup.LINK | NetlinkGroup.IPV4_IFADDR | NetlinkGroup.IPV4_ROUTE |
  NetlinkGroup.IPV6_IFADDR | NetlinkGroup.IPV6_ROUTE;

/** What an {@link InterfaceWatch} works with. */
export interface InterfaceWatchOptions {
  readonly reactor: Reactor;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Is told what there is, at the start and after changes. Must not throw. */
  readonly onInterfaces: (interfaces: readonly NetInterface[], now: number) => void;
  /** It has ended by itself, and tells nothing more. */
  readonly onFailed: (error: unknown) => void;
}

/** Watches until it is closed. */
export class InterfaceWatch implements Disposable {
  readonly #options: InterfaceWatchOptions;
  readonly #socket: NetlinkSocket;
  readonly #watch: Watch;
  #dump: InterfaceDump | null = null;
  #nextSeqNo = 1;
  /** Of the dump under way, or the last one. */
  #dumpBytes = 0;
  /** There were news since the dump under way began. */
  #hasNews = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** Starts at once. @throws SysError when there is no netlink socket to be had. */
  constructor(options: InterfaceWatchOptions) {
    this.#options = options;
    using stack = new DisposableStack();
    this.#socket = stack.use(new NetlinkSocket(GROUPS));
    this.#watch = options.reactor.watch(this.#socket.fd);
    stack.defer(() => this.#watch.close());
    this.#beginDump();
    stack.move();
    void this.#run();
  }

  /** Ends it. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watch.close();
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isClosed) {
        this.#drain();
        await this.#watch.readable();
      }
    } catch (error) {
      this.close();
      this.#options.onFailed(error);
    }
  }

  #drain(): void {
    for (let times = 0; times < MAX_RECEIVES && !this.#isClosed; times++) {
      const received = this.#socket.receive();
      if (received === "empty") return;
      if (received === "overrun") {
        // An answer may be among what was lost.
        this.#dump = null;
        this.#handleNews();
        continue;
      }
      this.#dumpBytes += received.length;
      for (const message of readMessages(received)) {
        const outcome = this.#dump?.handle(message) ?? "foreign";
        // News have the sequence number of the request that another program made, if one did.
        if (outcome === "foreign") this.#handleNews();
        else if (outcome === "next") this.#goOn();
        if (this.#isClosed) return;
      }
    }
  }

  #handleNews(): void {
    this.#hasNews = true;
    if (this.#dump !== null || this.#timer !== undefined) return;
    const waitMs = Math.max(
      SETTLE_MS,
      Math.min(LONGEST_REST_MS, REST_MS_PER_BYTE * this.#dumpBytes),
    );
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      try {
        this.#beginDump();
      } catch (error) {
        this.close();
        this.#options.onFailed(error);
      }
    }, waitMs);
  }

  #beginDump(): void {
    this.#hasNews = false;
    this.#dump = new InterfaceDump(this.#nextSeqNo);
    // Three numbers for each dump, as u32 and never 0.
    this.#nextSeqNo = (this.#nextSeqNo + 3) % 0xffff_fff0 || 1;
    this.#dumpBytes = 0;
    this.#goOn();
  }

  /** Asks for the next part, or tells what came. */
  #goOn(): void {
    const dump = this.#dump;
    if (dump === null) return;
    const { request } = dump;
    if (request !== null) return this.#socket.send(request);
    this.#dump = null;
    if (dump.isInterrupted || this.#hasNews) this.#handleNews();
    if (!dump.isInterrupted) this.#options.onInterfaces(dump.interfaces, this.#options.clock());
  }
}
