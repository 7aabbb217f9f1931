/**
 * A UDP relay that forwards between a port and a target through an emulated link, as a NAT does:
 * each client (source address) gets a socket of its own towards the target. All clients share the
 * two directions, as the applications of one phone share its radio.
 *
 * ```
 * client --> [listen] --up--> [one socket a client] --> target
 * client <-- [listen] <-down- [one socket a client] <-- target
 * ```
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import { type DuplexControl, DuplexLink, type DuplexStats } from "./duplex_link.ts";
import type { LinkProfile } from "./link_profile.ts";
import type { DeliverBytes, RealtimeLinkOptions } from "./realtime_link.ts";

/** What a relay is made of. */
export interface EmulatedRelayOptions {
  /** Where clients send to; port 0 takes any. */
  readonly listen: NetAddress;
  /** Where it is forwarded to: an IP literal. */
  readonly target: NetAddress;
  /** From clients to the target. */
  readonly up: LinkProfile;
  /** From the target to clients. */
  readonly down: LinkProfile;
  /** Local address of the sockets towards the target; any by default. */
  readonly bind?: string;
  /** Seed of the link's loss and jitter; 1 by default. */
  readonly seed?: number;
  /** See {@link RealtimeLinkOptions}. */
  readonly wakeUp?: NonNullable<RealtimeLinkOptions["wakeUp"]>;
  /** Clients kept at most, 256 by default; a further one takes the place of the longest silent. */
  readonly maxClients?: number;
}

/** A change at run time. */
export interface RelayControl extends DuplexControl {
  /** true: forgets all mappings, so that clients reach the target from new ports (NAT rebinding). */
  readonly rebind?: boolean;
}

/** Counts since the start. */
export interface RelayStats extends DuplexStats {
  /** Mappings now. */
  readonly clients: number;
}

/** One client's mapping. */
interface Mapping {
  readonly key: string;
  readonly socket: Deno.DatagramConn;
  readonly toTarget: DeliverBytes;
  readonly toClient: DeliverBytes;
  lastUsedMs: number;
}

/** An open relay; it forwards from construction until `close`. */
export class EmulatedRelay implements AsyncDisposable {
  readonly #target: Deno.NetAddr;
  readonly #bind: string;
  readonly #maxClients: number;
  readonly #link: DuplexLink;
  readonly #socket: Deno.DatagramConn;
  readonly #mappings = new Map<string, Mapping>();
  readonly #loops = new Set<Promise<void>>();
  #isClosed = false;

  /** Opens the listening socket. @throws Deno.errors.AddrInUse and others when that fails. */
  constructor(options: EmulatedRelayOptions) {
    const isIpv6 = options.target.hostname.includes(":");
    this.#target = { transport: "udp", ...options.target };
    this.#bind = options.bind ?? (isIpv6 ? "::" : "0.0.0.0");
    this.#maxClients = options.maxClients ?? 256;
    const { up, down, seed = 1, wakeUp = "timer" } = options;
    this.#link = new DuplexLink({ up, down, seed, wakeUp, overheadBytes: isIpv6 ? 48 : 28 });
    this.#socket = Deno.listenDatagram({ transport: "udp", ...options.listen });
    this.#start(this.#receiveFromClients());
  }

  /** Where it listens. */
  get address(): NetAddress {
    const { hostname, port } = this.#socket.addr as Deno.NetAddr;
    return { hostname, port };
  }

  /** Changes the link. @throws RangeError when a figure makes no sense. */
  control(change: RelayControl): void {
    this.#link.control(change);
    if (change.rebind === true) {
      for (const mapping of this.#mappings.values()) this.#forget(mapping);
    }
  }

  stats(): RelayStats {
    return { ...this.#link.stats(), clients: this.#mappings.size };
  }

  /** Closes all sockets; resolves when nothing of it runs any more. Idempotent. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#link.close();
      this.#socket.close();
      for (const mapping of this.#mappings.values()) this.#forget(mapping);
    }
    await Promise.all(this.#loops);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #receiveFromClients(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    while (!this.#isClosed) {
      const received = await receiveOrNull(this.#socket, buffer);
      if (received === null) continue;
      const mapping = this.#mappingOf(received[1] as Deno.NetAddr);
      if (mapping === null) continue;
      mapping.lastUsedMs = performance.now();
      this.#link.up.send(received[0], mapping.toTarget);
    }
  }

  async #receiveFromTarget(mapping: Mapping): Promise<void> {
    const buffer = new Uint8Array(65_536);
    while (this.#mappings.get(mapping.key) === mapping) {
      const received = await receiveOrNull(mapping.socket, buffer);
      if (received === null) continue;
      const source = received[1] as Deno.NetAddr;
      if (source.port !== this.#target.port || source.hostname !== this.#target.hostname) continue;
      mapping.lastUsedMs = performance.now();
      this.#link.down.send(received[0], mapping.toClient);
    }
  }

  /** The client's mapping, made when it is new; null when the system has no socket for it. */
  #mappingOf(client: Deno.NetAddr): Mapping | null {
    const key = `${client.hostname} ${client.port}`;
    const known = this.#mappings.get(key);
    if (known !== undefined) return known;
    if (this.#mappings.size >= this.#maxClients) this.#forgetLongestSilent();
    let socket: Deno.DatagramConn;
    try {
      socket = Deno.listenDatagram({ transport: "udp", hostname: this.#bind, port: 0 });
    } catch {
      return null; // out of descriptors or of addresses: the datagram is lost
    }
    const mapping: Mapping = {
      key,
      socket,
      toTarget: (bytes) => socket.send(bytes, this.#target),
      toClient: (bytes) => this.#socket.send(bytes, client),
      lastUsedMs: 0,
    };
    this.#mappings.set(key, mapping);
    this.#start(this.#receiveFromTarget(mapping));
    return mapping;
  }

  #forgetLongestSilent(): void {
    let oldest: Mapping | null = null;
    for (const mapping of this.#mappings.values()) {
      if (oldest === null || mapping.lastUsedMs < oldest.lastUsedMs) oldest = mapping;
    }
    if (oldest !== null) this.#forget(oldest);
  }

  #forget(mapping: Mapping): void {
    this.#mappings.delete(mapping.key);
    mapping.socket.close();
  }

  #start(loop: Promise<void>): void {
    const ended: Promise<void> = loop.finally(() => this.#loops.delete(ended));
    this.#loops.add(ended);
  }
}

/** What `receive` fails with when the socket was closed, or an ICMP answer came to it. */
const RECEIVE_ERRORS = [
  Deno.errors.BadResource,
  Deno.errors.Interrupted,
  Deno.errors.ConnectionRefused,
  Deno.errors.ConnectionReset,
  Deno.errors.NetworkUnreachable,
];

/** A datagram, or null when one of the above happened: the caller's loop looks whether to go on. */
async function receiveOrNull(
  socket: Deno.DatagramConn,
  buffer: Uint8Array,
): Promise<[Uint8Array, Deno.Addr] | null> {
  try {
    return await socket.receive(buffer);
  } catch (error) {
    if (RECEIVE_ERRORS.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}
