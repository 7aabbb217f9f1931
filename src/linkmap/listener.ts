/**
 * The master's sockets: one for each local address, so that every answer leaves from the address it
 * was asked on. (A socket bound to the wildcard answers from whichever address the route picks, and
 * a SOCKS relay or a NAT in between drops that answer.) Where the engine can tell which address was
 * asked, one socket on the wildcard serves them all. Beside each stands one for TCP, on the same
 * port. Addresses that come and go are followed.
 *
 * @module
 */

import { isIP } from "node:net";
import { describeError, type Logger } from "../log.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import { AskedSocket } from "./asked_socket.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import { canonicalHost } from "../ip_literal.ts";
import { formatHostPort, type NetAddress } from "../net_address.ts";
import { resolveHost } from "./resolve.ts";
import { TcpAdmission } from "./tcp_admission.ts";
import { TcpListener } from "./tcp_listener.ts";
import type { TcpSocket } from "./tcp_socket.ts";
import { TcpTurns } from "./tcp_turns.ts";
import type { BoundUdpSocket, UdpBinder } from "./udp_port.ts";
import { WildcardSockets } from "./wildcard_sockets.ts";

/** Least time from one look for new addresses to the next, ms, when an address is asked that is not known. */
const MIN_SCAN_INTERVAL_MS = 100;

/** Where to listen. */
export interface ListenSpec {
  /** Name or address; null for every address of the machine. */
  readonly host: string | null;
  readonly port: number;
}

/** What a {@link Listener} works with. */
export interface ListenerOptions {
  readonly listen: ListenSpec;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Name of an interface whose addresses are left out: a link through the tunnel itself would be a loop. */
  readonly excludedInterface: string;
  /** Makes UDP sockets. */
  readonly bindUdp: UdpBinder;
  /** Receives from a socket until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
  /** A socket is gone: its address left the machine, or over TCP the connection is over. */
  readonly onSocketClosed: (socket: DatagramSocket) => void;
  /** Whether to listen on TCP as well, for links that cannot come over UDP. */
  readonly allowsTcp: boolean;
  /** Whether a link leads over a TCP connection now. Asked often: it should be a lookup. */
  readonly isAuthentic: (socket: DatagramSocket) => boolean;
  /** Monotonic ms. */
  readonly clock: () => number;
}

type AddressFamily = "any" | "ipv4";

/** What people type for "every address". */
const WILDCARDS: ReadonlyMap<string, AddressFamily> = new Map([["0.0.0.0", "ipv4"], ["::", "any"]]);

interface ServedAddress {
  readonly socket: BoundUdpSocket;
  /** Null without TCP, or while its port is somebody else's: UDP goes on. */
  tcp: TcpListener | null;
  readonly ended: Promise<void>;
}

/** Sockets on a port, on one address or on all. */
export class Listener {
  readonly #options: ListenerOptions;
  /** By local address. */
  readonly #served = new Map<string, ServedAddress>();
  readonly #refused = new Set<string>();
  /** Addresses whose TCP port could not be had. */
  readonly #refusedTcp = new Set<string>();
  readonly #admission: TcpAdmission<TcpSocket>;
  readonly #turns = new TcpTurns();
  /** The addresses to listen on, now. */
  readonly #wanted: () => string[];
  /** They serve all addresses; null: each has a socket of its own. */
  #wildcards: WildcardSockets | null = null;
  #canScan = true;
  #nextScanMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  private constructor(options: ListenerOptions, wanted: () => string[]) {
    this.#options = options;
    this.#wanted = wanted;
    this.#admission = new TcpAdmission<TcpSocket>(options.isAuthentic);
  }

  /**
   * Binds. Where every address is wanted, one that can't be bound yet (an IPv6 address still being
   * checked for duplicates) is tried again later.
   * @throws Error when a named address, or any address at all, cannot be bound, or when the port is
   * taken or not allowed: then another master most likely runs already.
   */
  static async open(options: ListenerOptions): Promise<Listener> {
    const { host, port } = options.listen;
    const family = host === null ? "any" : WILDCARDS.get(canonicalHost(host));
    const wanted = family === undefined
      ? fixedAddresses(await resolveHost({ host: host ?? "", port }))
      : (): string[] => localAddresses(options.excludedInterface, family);
    const listener = new Listener(options, wanted);
    try {
      if (family !== undefined) listener.#tryWildcards(family);
      for (const address of wanted()) {
        if (family === undefined) listener.#bind(address);
        else listener.#tryBind(address, { isFirst: true });
      }
      if (listener.#served.size === 0) {
        throw new Error(`Cannot listen on UDP port ${port}: this machine has no usable address`);
      }
    } catch (error) {
      await listener.close();
      throw error;
    }
    return listener;
  }

  /** Where it listens now, as text. */
  get addresses(): string[] {
    return [...this.#served.keys()].map((host) => formatHostPort(host, this.#options.listen.port));
  }

  /** Called every second or two: follows addresses that came or went, and closes idle connections. Never throws. */
  rescan(): void {
    if (this.#isClosed) return;
    const now = this.#options.clock();
    this.#nextScanMs = now + MIN_SCAN_INTERVAL_MS;
    this.#admission.handleTimeout(now);
    let present: Set<string>;
    try {
      present = new Set(this.#wanted());
      this.#canScan = true;
    } catch (error) {
      // No descriptor left, say: what is bound goes on.
      const reason = describeError(error);
      if (this.#canScan) this.#options.logger.warn("Cannot look for new addresses", { reason });
      this.#canScan = false;
      return;
    }
    for (const address of present) {
      if (!this.#served.has(address)) this.#tryBind(address, { isFirst: false });
    }
    for (const [address, served] of this.#served) {
      if (!present.has(address)) served.socket.close();
      else served.tcp ??= this.#tryListenTcp(address, served.socket);
    }
    for (const address of this.#refused) if (!present.has(address)) this.#refused.delete(address);
  }

  /** Closes all sockets and resolves when they have ended. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const served = [...this.#served.values()];
    for (const { socket } of served) socket.close();
    await Promise.all([this.#wildcards?.close(), ...served.map(({ ended }) => ended)]);
  }

  /** Where one socket can serve all addresses: else each gets its own, which also tells what is wrong. */
  #tryWildcards(family: AddressFamily): void {
    const { logger, clock } = this.#options;
    const onUnknown = (): void => {
      if (clock() >= this.#nextScanMs) this.rescan();
    };
    const { listen: { port } } = this.#options;
    try {
      const options = { ...this.#options, port, onUnknown };
      this.#wildcards = WildcardSockets.open(options, { hasIpv6: family === "any" });
    } catch (error) {
      logger.debug("Each address has a socket of its own", { reason: describeError(error) });
    }
  }

  /**
   * Binds an address that may not be usable yet: told once, tried again.
   * @throws Error at first, when the port is taken or not allowed.
   */
  #tryBind(address: string, { isFirst }: { readonly isFirst: boolean }): void {
    const { logger } = this.#options;
    try {
      this.#bind(address);
      this.#refused.delete(address);
      if (!isFirst) logger.info("Listening on a new address", { address });
    } catch (error) {
      if (isFirst && isFinal(error)) throw error;
      if (this.#refused.has(address)) return;
      this.#refused.add(address);
      logger.warn("Cannot listen on an address yet", { address, reason: describeError(error) });
    }
  }

  #bind(address: string): void {
    const { listen: { port }, drops, bindUdp } = this.#options;
    const socket = this.#wildcards?.serve(address) ?? bindUdp({ hostname: address, port, drops });
    const tcp = this.#tryListenTcp(address, socket);
    this.#served.set(address, { socket, tcp, ended: this.#serve(address, socket) });
  }

  /** The same port over TCP. That it cannot be had is told once; {@link rescan} tries again. */
  #tryListenTcp(address: string, { localAddress }: BoundUdpSocket): TcpListener | null {
    const { allowsTcp, logger } = this.#options;
    if (!allowsTcp) return null;
    try {
      const tcp = TcpListener.open({
        ...this.#options,
        hostname: address,
        port: localAddress.port,
        admission: this.#admission,
        turns: this.#turns,
      });
      if (this.#refusedTcp.delete(address)) logger.info("Listening on TCP, too", { address });
      return tcp;
    } catch (error) {
      const reason = describeError(error);
      if (!this.#refusedTcp.has(address)) {
        logger.warn("Links can come over UDP only", { address, reason });
      }
      this.#refusedTcp.add(address);
      return null;
    }
  }

  async #serve(address: string, socket: BoundUdpSocket): Promise<void> {
    if (socket instanceof AskedSocket) await socket.ended;
    else await this.#options.pump(socket);
    if (socket.failure !== null) {
      const reason = describeError(socket.failure);
      this.#options.logger.warn("Socket failed, opening it anew", { address, reason });
    }
    socket.close();
    await this.#served.get(address)?.tcp?.close();
    this.#served.delete(address);
    this.#options.onSocketClosed(socket);
  }
}

/** Whether waiting does not help: the port is taken, or not for us. */
function isFinal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Deno.errors.AddrInUse || cause instanceof Deno.errors.PermissionDenied;
}

function fixedAddresses(addresses: readonly NetAddress[]): () => string[] {
  const hostnames = [...new Set(addresses.map(({ hostname }) => hostname))];
  return () => hostnames;
}

/**
 * The machine's addresses, each once (an address may stand on several interfaces). Link-local IPv6 is
 * left out: it means nothing without a zone, which `Deno.listenDatagram` does not take.
 */
function localAddresses(excludedInterface: string, family: AddressFamily): string[] {
  const addresses = Deno.networkInterfaces()
    .filter(({ name, address }) =>
      name !== excludedInterface && isIP(address) !== 0 && !/^fe[89ab]/i.test(address) &&
      (family === "any" || !address.includes(":"))
    )
    .map(({ address }) => canonicalHost(address));
  return [...new Set(addresses)];
}
