/**
 * One slave as the master has it: its record, its sessions, and while it is there its links.
 *
 * @module
 */

import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import type { InnerAddress } from "../peer/handshake_payload.ts";
import type { Keyring } from "../peer/keyring.ts";
import { HandshakeMemory } from "../peer/handshake_memory.ts";
import type { SlaveHandshakes } from "../peer/responder_options.ts";
import { LinkCounters, type Session } from "../peer/session.ts";
import type { SlaveSnapshot } from "../snapshot.ts";
import type { SlaveRecord, SlaveUsage } from "../state/master_store.ts";
import type { Packet } from "../wire/packet.ts";
import type { Logger } from "../log.ts";
import { ORDER_GROUPS } from "../wire/data_header.ts";
import { BondingTotals } from "./bonding_totals.ts";
import { LimitedLogger } from "./limited_logger.ts";
import { openSecureLinks, type SecureLinks, type SecureLinksOptions } from "./secure_links.ts";
import { type SealingBuffers, SecureCodec } from "./secure_codec.ts";
import { TooBigAnswers } from "./too_big_answers.ts";

/** What a {@link MasterSlave} is made with. */
export interface MasterSlaveOptions extends Pick<SecureLinksOptions, "logger" | "rng" | "pool"> {
  readonly record: SlaveRecord;
  readonly addresses: readonly InnerAddress[];
  readonly keyring: Keyring;
  readonly buffers: SealingBuffers;
  /** What it used before this run. */
  readonly usage: SlaveUsage;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** The machine's clock, ms since 1970. */
  readonly wallClock: () => number;
  /** Hot. A packet that the slave sent into the tunnel. */
  readonly deliver: (slave: MasterSlave, packet: Packet) => number;
  /** Takes an answer to who sent a packet to the slave that is too large; borrowed until return. */
  readonly reply: (answer: Packet) => number;
  /** Hot. The slave's multiplexer has something to do at that time, earlier than it said before. */
  readonly onWake: (slave: MasterSlave, atMs: number) => void;
}

/** A slave. */
export class MasterSlave implements SlaveHandshakes {
  readonly name: string;
  readonly psk: Uint8Array<ArrayBuffer>;
  readonly addresses: readonly InnerAddress[];
  readonly keyring: Keyring;
  readonly counters = new LinkCounters();
  /** Next number of each order group: as long as the program runs, like those of the links. */
  readonly #groupSeqNos = new Uint32Array(ORDER_GROUPS);
  readonly memory = new HandshakeMemory();
  /** To those who send it what is too large for it. */
  readonly tooBig: TooBigAnswers;
  readonly codec: SecureCodec;
  /** For what is told of this slave: what it does shall not fill the log. */
  readonly logger: Logger;
  isRevoked: boolean;
  /** Inner bytes to and from the slave, over all runs. */
  sentBytes: number;
  receivedBytes: number;
  /** When the slave's sessions and silent links are to be looked at next, monotonic ms. */
  nextCareMs = Number.NEGATIVE_INFINITY;
  /** What multiplexers counted that are gone. */
  readonly #past = new BondingTotals();
  /** Null: it has no confirmed session. */
  #links: SecureLinks | null = null;
  readonly #options: MasterSlaveOptions;
  #lastSeenAt: string | null;

  constructor(options: MasterSlaveOptions) {
    this.#options = options;
    this.name = options.record.name;
    this.psk = options.record.psk;
    this.isRevoked = options.record.revokedAt !== null;
    this.addresses = options.addresses;
    this.keyring = options.keyring;
    this.tooBig = new TooBigAnswers(options.reply);
    this.codec = new SecureCodec(options.keyring, options.buffers);
    const { logger, clock } = options;
    this.logger = new LimitedLogger({ logger, clock, about: { slave: this.name } });
    this.sentBytes = options.usage.sentBytes;
    this.receivedBytes = options.usage.receivedBytes;
    this.#lastSeenAt = options.usage.lastSeenAt;
  }

  /** Its links, or null while it is not there. */
  get links(): SecureLinks | null {
    return this.#links;
  }

  /** A session was confirmed. @returns the links; made anew for a new instance of the slave, which knows nothing of the old ones. */
  connect(isNewInstance: boolean, now: number): SecureLinks {
    if (this.#links === null || isNewInstance) this.#links = this.#openLinks(now);
    this.#links.multiplexer.tunMtuBytes = this.memory.grantedMtuBytes;
    return this.#links;
  }

  #openLinks(now: number): SecureLinks {
    this.#dropLinks(now);
    const { rng, pool, onWake } = this.#options;
    return openSecureLinks({
      rng,
      pool,
      logger: this.logger,
      codec: this.codec,
      slave: this.name,
      groupSeqNos: this.#groupSeqNos,
      deliver: (packet) => this.#receive(packet),
      onWake: (atMs) => onWake(this, atMs),
      onTooBig: (packet, mtuBytes, at) => this.tooBig.handle(packet, mtuBytes, at),
    });
  }

  /** It is gone: no links, no sessions; but for one that waits for its first packet, if it is on its way back. */
  disconnect(now: number): void {
    if (this.#links !== null) this.#markSeen();
    this.#links?.quieten();
    this.#dropLinks(now);
    this.keyring.dropUsed();
  }

  /** Hot. Sends a packet to the slave, borrowed until return. @returns its bytes, or a DropReason. */
  send(packet: Packet, links: SecureLinks, now: number): number {
    const result = links.multiplexer.send(packet, now);
    if (result >= 0) this.sentBytes += packet.end - packet.start;
    return result;
  }

  /** Tells the slave something over all its links, under a session that may not be the newest. */
  sendNotice(code: number, session: Session): void {
    for (const link of this.#links?.all ?? []) link.sendNotice(code, session);
  }

  /** What it used, over all runs. */
  usage(): SlaveUsage {
    if (this.#links !== null) this.#markSeen();
    return {
      lastSeenAt: this.#lastSeenAt,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
    };
  }

  /** As it is shown. */
  snapshot(): SlaveSnapshot {
    return {
      name: this.name,
      addresses: this.addresses.map(({ address }) => address),
      isConnected: this.#links !== null,
      linksUp: this.#links?.upCount ?? 0,
      sentBytes: this.sentBytes,
      receivedBytes: this.receivedBytes,
    };
  }

  /** Adds what its multiplexers have counted, and hold. */
  addBonding(totals: BondingTotals): void {
    totals.addAll(this.#past);
    if (this.#links !== null) totals.add(this.#links.multiplexer);
  }

  /** A socket of the listener is gone. */
  handleSocketClosed(socket: DatagramSocket, now: number): void {
    this.#links?.detachAll(socket, now);
  }

  #dropLinks(now: number): void {
    const links = this.#links;
    if (links === null) return;
    this.#links = null;
    links.multiplexer.clear();
    this.#past.add(links.multiplexer);
    links.clear(now);
  }

  /** When a link was last heard, as the machine's clock has it now. */
  #markSeen(): void {
    const { clock, wallClock } = this.#options;
    const silentMs = clock() - (this.#links?.lastHeardMs ?? Number.NEGATIVE_INFINITY);
    if (silentMs === Infinity) return;
    this.#lastSeenAt = new Date(wallClock() - silentMs).toISOString();
  }

  /** Hot. */
  #receive(packet: Packet): number {
    const lengthBytes = packet.end - packet.start;
    const result = this.#options.deliver(this, packet);
    if (result >= 0) this.receivedBytes += lengthBytes;
    return result;
  }
}
