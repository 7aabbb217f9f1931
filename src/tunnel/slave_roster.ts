/**
 * A master's slaves: found by key, by session, by inner address; and what may pass between them and the tun.
 *
 * @module
 */

import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import { AddressPool, MASTER_HOST_NUMBER } from "../peer/address_pool.ts";
import type { InnerAddress } from "../peer/handshake_payload.ts";
import { InnerRoutes } from "../peer/inner_routes.ts";
import type { RandomBytes } from "../peer/key_pair.ts";
import { Keyring } from "../peer/keyring.ts";
import { DEFAULT_SESSION_LIMITS } from "../peer/session_limits.ts";
import { SessionTable } from "../peer/session_table.ts";
import type { BondingSnapshot } from "../snapshot.ts";
import type { SlaveRecord, SlaveUsage } from "../state/master_store.ts";
import { UsageError } from "../usage_error.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { checkIpPacket } from "../wire/ip_packet.ts";
import type { Packet } from "../wire/packet.ts";
import { BondingTotals } from "./bonding_totals.ts";
import { MasterSlave, type MasterSlaveOptions } from "./master_slave.ts";
import { SealingBuffers } from "./secure_codec.ts";

/** How often each slave's sessions and links are looked at: while data comes or goes, and while none does. */
const CARE_INTERVAL_MS = 1_000;
const IDLE_CARE_INTERVAL_MS = 5_000;

/** What a {@link SlaveRoster} works with. */
export interface SlaveRosterOptions
  extends Pick<MasterSlaveOptions, "logger" | "rng" | "clock" | "wallClock" | "pool" | "onWake"> {
  /** Hot. Gives a packet to the tundev. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  readonly addressPool: { readonly address: string; readonly prefixBits: number };
  readonly masterKey: Uint8Array;
  readonly allowsSlaveToSlave: boolean;
  /** False when the TCP stand-in's packets are carried: they have no inner addresses, and belong to the only slave. */
  readonly carriesIp: boolean;
  readonly usageOf: (name: string) => SlaveUsage;
  readonly randomBytes: RandomBytes;
}

/** The slaves of one master. */
export class SlaveRoster {
  /** Slaves by the index of their sessions. */
  readonly sessions: SessionTable<MasterSlave>;
  /** Those with links. */
  readonly connected = new Set<MasterSlave>();
  /** Whether what one slave sends may be for another. */
  allowsSlaveToSlave: boolean;
  /** How often a slave went. */
  departures = 0;
  /** Addresses that links led to when it was first asked for one in the last second; null: nobody has asked yet. */
  #provenSources: ReadonlySet<string> | null = null;
  #usedSockets = new Set<DatagramSocket>();
  readonly #options: SlaveRosterOptions;
  readonly #pool: AddressPool;
  readonly #routes: InnerRoutes<MasterSlave>;
  readonly #buffers = new SealingBuffers();
  /** By public key, as text. */
  readonly #byKey = new Map<string, MasterSlave>();
  /** Those not revoked. */
  readonly #byName = new Map<string, MasterSlave>();

  constructor(options: SlaveRosterOptions) {
    this.#options = options;
    this.allowsSlaveToSlave = options.allowsSlaveToSlave;
    this.sessions = new SessionTable(options.randomBytes);
    this.#pool = new AddressPool(options.addressPool, options.masterKey);
    this.#routes = new InnerRoutes(this.masterAddresses);
  }

  /**
   * Sockets that links lead over: from a link's first packet on, and up to a second after the link has gone. (Over TCP, where
   * a connection carries one link, no longer than the link is there when it goes elsewhere.)
   */
  get usedSockets(): ReadonlySet<DatagramSocket> {
    return this.#usedSockets;
  }

  /** The master's own inner addresses. */
  get masterAddresses(): readonly InnerAddress[] {
    return this.#pool.addressesOf(MASTER_HOST_NUMBER);
  }

  /** Those not revoked. */
  get active(): MasterSlave[] {
    return [...this.#byName.values()];
  }

  /** How many are not revoked. */
  get activeCount(): number {
    return this.#byName.size;
  }

  /** Takes a slave on; a revoked one only to be told so. @throws UsageError when its number is not in the pool. */
  add(record: SlaveRecord): void {
    const isActive = record.revokedAt === null;
    if (isActive && record.hostNumber > this.#pool.lastHostNumber) {
      const { address, prefixBits } = this.#options.addressPool;
      throw new UsageError(
        `--pool ${address}/${prefixBits} is too small for slave "${record.name}", which has number ` +
          `${record.hostNumber}: give a larger one, or revoke the slave`,
      );
    }
    const addresses = isActive ? this.#pool.addressesOf(record.hostNumber) : [];
    const slave: MasterSlave = new MasterSlave({
      ...this.#options,
      record,
      addresses,
      buffers: this.#buffers,
      usage: this.#options.usageOf(record.name),
      keyring: new Keyring(DEFAULT_SESSION_LIMITS, {
        onAdded: ({ localIndex }) => this.sessions.set(localIndex, slave),
        onDropped: ({ localIndex }) => this.sessions.delete(localIndex),
      }),
      deliver: (from, packet) => this.#deliver(from, packet),
      reply: (answer) => this.#reply(answer),
    });
    this.#byKey.set(keyText(record.publicKey), slave);
    if (!isActive) return;
    this.#byName.set(record.name, slave);
    this.#routes.add(slave, addresses);
  }

  /** The slave of a public key, revoked or not; null: unknown. */
  findByKey(publicKey: Uint8Array): MasterSlave | null {
    return this.#byKey.get(keyText(publicKey)) ?? null;
  }

  /** The slave of that name that is not revoked, or null. */
  findByName(name: string): MasterSlave | null {
    return this.#byName.get(name) ?? null;
  }

  /** Hot. Sends a packet from the tun to whose it is. @returns its bytes, or a DropReason. */
  route(packet: Packet, now: number): number {
    const slave = this.#options.carriesIp ? this.#findDestination(packet) : this.#only();
    if (typeof slave === "number") return slave;
    return this.#send(slave, packet, now);
  }

  /** Hot. */
  #send(slave: MasterSlave, packet: Packet, now: number): number {
    const { grantedMtuBytes } = slave.memory;
    if (this.#options.carriesIp && packet.end - packet.start > grantedMtuBytes) {
      slave.tooBig.handle(packet, grantedMtuBytes, now);
      return DropReason.TOO_LARGE;
    }
    const { links } = slave;
    return links === null ? DropReason.NO_LINK : slave.send(packet, links, now);
  }

  /** Cuts a slave off for good: from now on its key is only told so. */
  revoke(slave: MasterSlave, now: number): void {
    // A connection is good for nothing but its link. The listener's datagram sockets are everyone's.
    for (const { transport, socket } of slave.links?.all ?? []) {
      if (transport === "tcp") socket?.close();
    }
    this.disconnect(slave, now);
    slave.keyring.clear();
    slave.isRevoked = true;
    this.#routes.remove(slave.addresses);
    this.#byName.delete(slave.name);
  }

  /** A slave is gone; it may come back. */
  disconnect(slave: MasterSlave, now: number): void {
    slave.disconnect(now);
    if (this.connected.delete(slave)) this.departures++;
  }

  /** A link leads over this socket from now on. @param from where it led before */
  handleMove(from: DatagramSocket | null, to: DatagramSocket): void {
    if (from?.transport === "tcp") this.#usedSockets.delete(from);
    this.#usedSockets.add(to);
  }

  /**
   * Whether a link led to this address within the last second: what comes from there need not prove by a cookie that it
   * receives what is sent there, so that a flood of handshakes does not keep a slave from renewing its session.
   */
  isProvenSource(text: string): boolean {
    this.#provenSources ??= new Set(this.#linkAddresses());
    return this.#provenSources.has(text);
  }

  /** Called every second: sessions of slaves that are not there. */
  care(now: number): void {
    for (const { links, keyring } of this.#byKey.values()) {
      if (links === null && keyring.nextTimeout() <= now) keyring.handleTimeout(now);
    }
    this.#provenSources = null;
    this.#usedSockets = new Set(this.#linkSockets());
  }

  /**
   * Called for each slave that is there when its multiplexer is looked after, not for all at once, since datagrams wait
   * meanwhile. Once a second, more rarely while it is idle: sessions that are over, links that are silent or do something
   * new.
   */
  careFor(slave: MasterSlave, now: number): void {
    const isIdle = slave.links?.multiplexer.isIdle(now) ?? true;
    if (!isIdle) slave.nextCareMs = Math.min(slave.nextCareMs, now + CARE_INTERVAL_MS);
    if (now < slave.nextCareMs) return;
    slave.nextCareMs = now + (isIdle ? IDLE_CARE_INTERVAL_MS : CARE_INTERVAL_MS);
    if (slave.keyring.nextTimeout() <= now) slave.keyring.handleTimeout(now);
    slave.links?.forgetSilent(now);
    slave.links?.tellNews(now);
    if (slave.keyring.current === null) this.disconnect(slave, now);
  }

  /** What all slaves' multiplexers have counted, and hold; those of the revoked ones, too. */
  snapshotBonding(): BondingSnapshot {
    const totals = new BondingTotals();
    for (const slave of this.#byKey.values()) slave.addBonding(totals);
    return totals;
  }

  /** What the slaves used, by name. */
  usage(): Map<string, SlaveUsage> {
    return new Map(this.active.map((slave) => [slave.name, slave.usage()]));
  }

  *#linkAddresses(): IterableIterator<string> {
    for (const { links } of this.connected) {
      for (const link of links?.all ?? []) if (link.remote !== "") yield link.remote;
    }
  }

  *#linkSockets(): IterableIterator<DatagramSocket> {
    for (const { links } of this.connected) {
      for (const link of links?.all ?? []) if (link.socket !== null) yield link.socket;
    }
  }

  /** Hot. @returns the slave, or a DropReason. */
  #findDestination(packet: Packet): MasterSlave | number {
    const verdict = checkIpPacket(packet);
    if (verdict < 0) return verdict;
    const slave = this.#routes.findByDestination(packet);
    if (slave === null) return DropReason.NO_ROUTE;
    // The kernel forwards: what one slave sent to another must not come in again by that way.
    if (!this.allowsSlaveToSlave && this.#routes.findBySource(packet) !== null) {
      return DropReason.SLAVE_TO_SLAVE;
    }
    return slave;
  }

  /** Takes an answer to whoever sent the packet: another slave, or somebody behind the tun. */
  #reply(answer: Packet): number {
    const { deliver, clock } = this.#options;
    const to = this.#routes.findByDestination(answer);
    return to === null ? deliver(answer) : this.#send(to, answer, clock());
  }

  /** The slave of a stand-in. */
  #only(): MasterSlave | number {
    for (const slave of this.connected) return slave;
    return DropReason.NO_LINK;
  }

  /** Hot. A packet that a slave sent: to another slave when that is allowed, else to the tun. */
  #deliver(from: MasterSlave, packet: Packet): number {
    const { deliver, carriesIp, clock } = this.#options;
    if (!carriesIp) return deliver(packet);
    const verdict = checkIpPacket(packet);
    if (verdict < 0) return verdict;
    if (this.#routes.findBySource(packet) !== from) return DropReason.WRONG_INNER_SOURCE;
    const to = this.#routes.findByDestination(packet);
    if (to === null) return deliver(packet);
    if (!this.allowsSlaveToSlave) return DropReason.SLAVE_TO_SLAVE;
    return this.#send(to, packet, clock());
  }
}

function keyText(publicKey: Uint8Array): string {
  return String.fromCharCode(...publicKey);
}
