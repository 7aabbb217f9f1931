/**
 * One emulated link of the relay: what a phone with its NAT is. Each client (source address) gets a
 * socket of its own towards the target; all share the two directions.
 *
 * ```
 * client --> [listen] --up--> [one socket a client] --> target
 * client <-- [listen] <-down- [one socket a client] <-- target
 * ```
 *
 * @module
 */

import { LinkEmulator, SendResult } from "../../support/link_emulator.ts";
import type { LinkProfile } from "../../support/link_profile.ts";
import { linkProfile } from "../../support/link_profile.ts";
import { mulberry32 } from "../../support/rng.ts";
import { BATCH_PKTS, MessageBatch } from "./message_batch.ts";
import type { PacketArena } from "./packet_arena.ts";
import {
  AF_INET,
  MSG_DONTWAIT,
  type RelayLibc,
  SO_RCVBUFFORCE,
  SO_SNDBUFFORCE,
  SOCK_DGRAM_NONBLOCK,
  sockaddr,
  SOCKADDR_BYTES,
  SOL_SOCKET,
} from "./relay_libc.ts";

/** What a link is made of; addresses are IPv4 literals. */
export interface RelayLinkOptions {
  readonly listen: { readonly hostname: string; readonly port: number };
  readonly target: { readonly hostname: string; readonly port: number };
  /** Local address towards the target. */
  readonly bind: string;
  readonly up: Partial<LinkProfile>;
  readonly down: Partial<LinkProfile>;
  readonly seed: number;
}

/** Headers of IPv4 and UDP: rates are those of the IP layer. */
const OVERHEAD_BYTES = 28;
/** Of a socket of the relay: its own losses must be none. */
const SOCKET_BUFFER_BYTES = 8_388_608;
/** Clients kept; a slave that reconnects leaves old ones behind, and the oldest goes. */
const MAX_CLIENTS = 16;
/** Batches taken from a socket in one turn, so that none starves the timers. */
const MAX_BATCHES = 8;

interface Client {
  readonly key: number;
  readonly name: Uint8Array<ArrayBuffer>;
  readonly fd: number;
}

/** An open link. */
export class RelayLink {
  readonly up: LinkEmulator<number>;
  readonly down: LinkEmulator<number>;
  /** Datagrams that the system refused to send on. */
  sendErrors = 0;
  /** Datagrams for which the arena had no slot: the relay's own fault. */
  arenaDrops = 0;
  /** Counts changes of {@link fds}. */
  fdsVersion = 0;
  /** The listening socket's descriptor, then the clients'. */
  fds: number[];

  readonly #libc: RelayLibc;
  readonly #arena: PacketArena;
  readonly #options: RelayLinkOptions;
  readonly #listenFd: number;
  readonly #clients: Client[] = [];
  #nextClient = 0;
  readonly #received: MessageBatch;
  readonly #toSend: MessageBatch;
  #sendFd = -1;
  readonly #released: number[] = [];
  readonly #onUp = (slot: number): void => {
    const client = this.#clients[this.#arena.clients[slot]!]!;
    this.#append(slot, client.fd, null);
  };
  readonly #onDown = (slot: number): void => {
    const client = this.#clients[this.#arena.clients[slot]!]!;
    this.#append(slot, this.#listenFd, client.name);
  };

  constructor(libc: RelayLibc, arena: PacketArena, options: RelayLinkOptions) {
    this.#libc = libc;
    this.#arena = arena;
    this.#options = options;
    const release = (slot: number): void => void this.#released.push(slot);
    const { seed, up, down } = options;
    const emulator = (profile: Partial<LinkProfile>, ownSeed: number): LinkEmulator<number> =>
      new LinkEmulator({ profile: linkProfile(profile), rng: mulberry32(ownSeed), release });
    this.up = emulator(up, seed);
    this.down = emulator(down, ~seed);
    this.#received = new MessageBatch(arena);
    this.#toSend = new MessageBatch(arena);
    this.#listenFd = this.#open(options.listen.hostname, options.listen.port);
    this.fds = [this.#listenFd];
  }

  /** Hot. Takes in what waits at one of {@link fds}. @returns how many datagrams it was. */
  receive(fd: number, now: number): number {
    let total = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch++) {
      const room = this.#received.prepareReceive();
      if (room === 0) {
        this.arenaDrops++; // it stays in the socket; counted all the same
        return total;
      }
      const count = this.#libc.recvmmsg(fd, this.#received.address, room, MSG_DONTWAIT, 0);
      if (count <= 0) return total;
      total += count;
      for (let i = 0; i < count; i++) this.#accept(fd, i, now);
      if (count < room) return total;
    }
    return total;
  }

  /** Hot. Sends on what has arrived by `now`. @returns how many datagrams it was. */
  poll(now: number): number {
    const up = this.up.poll(now, this.#onUp);
    this.#flush();
    const down = this.down.poll(now, this.#onDown);
    this.#flush();
    for (const slot of this.#released) this.#arena.giveBack(slot);
    this.#released.length = 0;
    return up + down;
  }

  /** When {@link poll} has something to do next, absolute ms. */
  nextTimeout(): number {
    return Math.min(this.up.nextTimeout(), this.down.nextTimeout());
  }

  /** Changes both directions as given, from `now` on. */
  control(
    change: { up?: Partial<LinkProfile>; down?: Partial<LinkProfile>; cut?: boolean },
    now: number,
  ): void {
    if (change.up !== undefined) this.up.configure(change.up, now);
    if (change.down !== undefined) this.down.configure(change.down, now);
    if (change.cut === undefined) return;
    this.up.setUp(!change.cut, now);
    this.down.setUp(!change.cut, now);
  }

  #accept(fd: number, index: number, now: number): void {
    const isUp = fd === this.#listenFd;
    const client = isUp ? this.#clientOf(index) : this.#clients.findIndex((it) => it.fd === fd);
    const slot = this.#received.takeReceived(index);
    if (client < 0) {
      this.#arena.giveBack(slot);
      return;
    }
    this.#arena.clients[slot] = client;
    const emulator = isUp ? this.up : this.down;
    const size = this.#arena.lengths[slot]! + OVERHEAD_BYTES;
    if (emulator.send(slot, size, now) !== SendResult.ACCEPTED) this.#arena.giveBack(slot);
  }

  /** The sender's place among the clients; it takes the oldest's when there are too many. */
  #clientOf(index: number): number {
    const key = this.#received.senderOf(index);
    const known = this.#clients.findIndex((it) => it.key === key);
    if (known >= 0) return known;
    const { bind, target } = this.#options;
    const fd = this.#open(bind, 0);
    this.#check(
      "connect",
      this.#libc.connect(fd, sockaddr(target.hostname, target.port), SOCKADDR_BYTES),
    );
    const place = this.#nextClient++ % MAX_CLIENTS;
    const old = this.#clients[place];
    if (old !== undefined) this.#libc.close(old.fd);
    this.#clients[place] = { key, name: this.#received.senderName(index), fd };
    this.fds = [this.#listenFd, ...this.#clients.map((it) => it.fd)];
    this.fdsVersion++;
    return place;
  }

  #append(slot: number, fd: number, name: Uint8Array | null): void {
    if (fd !== this.#sendFd || this.#toSend.count === BATCH_PKTS) this.#flush();
    this.#sendFd = fd;
    this.#toSend.append(slot, name);
  }

  #flush(): void {
    const batch = this.#toSend;
    const count = batch.count;
    if (count === 0) return;
    batch.count = 0;
    const sent = this.#libc.sendmmsg(this.#sendFd, batch.address, count, MSG_DONTWAIT);
    // An ICMP answer of before (nobody listens yet) fails the first of a call: those are lost.
    if (sent < count) this.sendErrors += count - Math.max(0, sent);
  }

  #open(hostname: string, port: number): number {
    const libc = this.#libc;
    const fd = this.#check("socket", libc.socket(AF_INET, SOCK_DGRAM_NONBLOCK, 0));
    const size = new Uint8Array(new ArrayBuffer(4));
    new DataView(size.buffer).setUint32(0, SOCKET_BUFFER_BYTES, true);
    for (const option of [SO_RCVBUFFORCE, SO_SNDBUFFORCE]) {
      this.#check("setsockopt", libc.setsockopt(fd, SOL_SOCKET, option, size, 4));
    }
    this.#check("bind", libc.bind(fd, sockaddr(hostname, port), SOCKADDR_BYTES));
    return fd;
  }

  #check(call: string, result: number): number {
    if (result < 0) throw new Error(`Cannot open relay: ${call} failed`);
    return result;
  }
}
