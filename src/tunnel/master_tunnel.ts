/**
 * The master's end of the secure tunnel: many slaves, each with its sessions, links and addresses. A datagram finds its
 * slave by the session's index, a packet from the tun by its destination.
 *
 * @module
 */

import type { MasterOptions } from "../daemon_options.ts";
import type { ListenedHandler } from "../linkmap/datagram_handler.ts";
import type { DatagramSocket } from "../linkmap/datagram_socket.ts";
import { LinkMap } from "../linkmap/link_map.ts";
import type { NetAddress } from "../net_address.ts";
import { HandshakeAnswer, Responder } from "../peer/responder.ts";
import type { Session } from "../peer/session.ts";
import type { BondingSnapshot, LinkSnapshot, SlaveSnapshot } from "../snapshot.ts";
import type { MasterStore } from "../state/master_store.ts";
import {
  DATAGRAM_HEADER_BYTES,
  DatagramType,
  readDatagramHeader,
} from "../wire/datagram_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { NoticeCode } from "../wire/inner_message.ts";
import { Packet } from "../wire/packet.ts";
import { readReceiverIndex, TRANSPORT_HEADER_BYTES } from "../wire/transport_header.ts";
import { HandshakeOrigin } from "./handshake_origin.ts";
import { dispatchInner } from "./inner_dispatch.ts";
import type { MasterSlave } from "./master_slave.ts";
import { RunningMaster } from "./running_master.ts";
import { SlaveRoster } from "./slave_roster.ts";
import { TimerWheel } from "./timer_wheel.ts";
import type { MasterContext, Tunnel } from "./tunnel.ts";
import { WrongProtocol } from "./wrong_protocol.ts";
import { UsageSaver } from "./usage_saver.ts";

/** How often sessions that are over and silent links are looked for. */
const CARE_INTERVAL_MS = 1_000;

/** Initiations that are answered, and no handshake comes of it: what they count as. */
const ANSWERED_ONLY: Readonly<Record<number, DropReason>> = {
  [HandshakeAnswer.COPY]: DropReason.HANDSHAKE_COPY,
  [HandshakeAnswer.COOKIE]: DropReason.COOKIE_ASKED,
  [HandshakeAnswer.REFUSAL]: DropReason.HANDSHAKE_REFUSED,
};

/** The master's end. */
export class MasterTunnel implements Tunnel, ListenedHandler {
  /** What commands see and change of it. */
  readonly administration: RunningMaster;
  readonly #options: MasterOptions;
  readonly #context: MasterContext;
  readonly #linkMap: LinkMap;
  readonly #roster: SlaveRoster;
  readonly #usage: UsageSaver;
  readonly #responder: Responder;
  readonly #answer = new Packet();
  readonly #origin = new HandshakeOrigin((text) => this.#roster.isProvenSource(text));
  readonly #wrongProtocol: WrongProtocol;
  readonly #onNotice = (code: number): void => this.#handleNotice(code);
  /** Whom the notice that is being read is from. */
  #noticeFrom: MasterSlave | null = null;
  /** From then on no handshake is answered: the slaves, told to ask again, would join what is gone a moment later. */
  #isClosing = false;
  readonly #timers: TimerWheel<MasterSlave>;
  #nextCareMs = Number.NEGATIVE_INFINITY;

  constructor(options: MasterOptions, context: MasterContext, store: MasterStore) {
    this.#options = options;
    this.#context = context;
    this.#linkMap = new LinkMap(context);
    this.#wrongProtocol = new WrongProtocol(context.logger, "legacy");
    this.#roster = new SlaveRoster({
      ...context,
      addressPool: options.pool,
      masterKey: store.keyPair.publicKey,
      allowsSlaveToSlave: options.allowsSlaveToSlave,
      carriesIp: options.tundev.kind === "tun",
      usageOf: (name) => store.usageOf(name),
      onWake: (slave, atMs) => this.#handleWake(slave, atMs),
    });
    for (const record of store.slaves) this.#roster.add(record);
    const serve = (slave: MasterSlave, now: number): number => this.#serve(slave, now);
    this.#timers = new TimerWheel(serve, context.clock());
    this.#responder = new Responder({
      ...context,
      localStatic: store.keyPair,
      mtuBytes: options.tundev.mtuBytes,
      findSlave: (publicKey) => this.#roster.findByKey(publicKey),
      freeIndex: () => this.#roster.sessions.freeIndex(),
    });
    const { logger } = context;
    this.#usage = new UsageSaver({ store, roster: this.#roster, logger }, context.clock());
    this.administration = new RunningMaster({
      options,
      roster: this.#roster,
      logger,
      forgetAnswers: (slave) => this.#responder.forget(slave),
      clock: context.clock,
      saveUsage: () => this.#usage.save(),
    });
  }

  /** See {@link Tunnel.start}. */
  async start(): Promise<void> {
    const { logger, tundev, provider } = this.#context;
    const { listen, allowsTcp } = this.#options;
    const { mtuBytes } = this.#options.tundev;
    const addresses = this.#roster.masterAddresses;
    for (const problem of tundev.configure({ addresses, mtuBytes })) logger.warn(problem);
    await this.#linkMap.startListener(
      listen,
      { excludedInterface: tundev.name, allowsTcp },
      this,
    );
    logger.info("Listening", { addresses: this.#linkMap.listenAddresses.join(", ") });
    logger.info("Serving", {
      slaves: this.#roster.activeCount,
      as: addresses.map((it) => `${it.address}/${it.prefixBits}`).join(", "),
      ciphers: provider.label,
    });
    if (this.#roster.activeCount === 0) {
      logger.info("No slave is invited yet", { advice: "type: bindlink invite NAME" });
    }
  }

  /** Hot. See {@link Tunnel.handleTunPacket}. */
  handleTunPacket(packet: Packet, now: number): number {
    return this.#roster.route(packet, now);
  }

  /** See {@link Tunnel.handleTimeout}. */
  handleTimeout(now: number): void {
    this.#timers.handleTimeout(now);
    this.#linkMap.handleTimeout(now);
    if (now < this.#nextCareMs) return;
    this.#nextCareMs = now + CARE_INTERVAL_MS;
    this.#roster.care(now);
    this.#usage.handleTimeout(now);
  }

  /** Does what is due for a slave. @returns monotonic ms of what comes next; Infinity: it is gone. */
  #serve(slave: MasterSlave, now: number): number {
    const { links } = slave;
    if (links === null) return Infinity;
    if (links.multiplexer.nextTimeout() <= now) links.multiplexer.handleTimeout(now);
    this.#roster.careFor(slave, now);
    return slave.links === null
      ? Infinity
      : Math.min(links.multiplexer.nextTimeout(), slave.nextCareMs);
  }

  /** Hot. */
  #handleWake(slave: MasterSlave, atMs: number): void {
    this.#timers.hurry(slave, atMs);
    this.#context.reschedule(atMs);
  }

  /** See {@link Tunnel.nextTimeout}. */
  nextTimeout(): number {
    return Math.min(this.#timers.nextTimeout(), this.#linkMap.nextTimeout(), this.#nextCareMs);
  }

  /** See {@link Tunnel.snapshotLinks}. */
  snapshotLinks(now: number): LinkSnapshot[] {
    return [...this.#roster.connected].flatMap(({ links }) => links?.snapshot(now) ?? []);
  }

  /** See {@link Tunnel.snapshotBonding}. */
  snapshotBonding(): BondingSnapshot {
    return this.#roster.snapshotBonding();
  }

  /** See {@link Tunnel.snapshotSlaves}. */
  snapshotSlaves(): SlaveSnapshot[] {
    return this.#roster.active.map((slave) => slave.snapshot());
  }

  /** See {@link Tunnel.close}. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const now = this.#context.clock();
    for (const slave of this.#roster.connected) {
      const session = slave.keyring.sending(now);
      if (session !== null) slave.sendNotice(NoticeCode.CLOSING, session);
      slave.links?.quieten();
    }
    await this.#context.flush();
    await this.#linkMap.close();
    this.#usage.save();
    for (const slave of [...this.#roster.connected]) this.#roster.disconnect(slave, now);
  }

  /** Hot. See {@link ListenedHandler.handleListened}. */
  handleListened(socket: DatagramSocket, source: NetAddress, packet: Packet, now: number): number {
    const header = readDatagramHeader(packet);
    if (header < 0) return header;
    packet.start -= DATAGRAM_HEADER_BYTES;
    switch (header >> 8) {
      case DatagramType.TRANSPORT:
        return this.#handleTransport(header & 0xff, socket, source, packet, now);
      case DatagramType.INITIATION:
        return this.#handleInitiation(socket, source, packet, now);
      case DatagramType.RESPONSE:
      case DatagramType.COOKIE:
        return DropReason.UNEXPECTED_RESPONSE;
      default:
        return this.#wrongProtocol.drop(source);
    }
  }

  /** Hot. A sealed packet: nothing of it is believed, its sender's address least of all, before it is opened. */
  #handleTransport(
    linkId: number,
    socket: DatagramSocket,
    source: NetAddress,
    packet: Packet,
    now: number,
  ): number {
    const sizeBytes = packet.end - packet.start;
    if (sizeBytes < TRANSPORT_HEADER_BYTES) return DropReason.TRUNCATED;
    const index = readReceiverIndex(packet.view, packet.start);
    const slave = this.#roster.sessions.get(index);
    const session = slave?.keyring.find(index, now) ?? null;
    if (slave === undefined || session === null) return DropReason.NO_SESSION;
    const result = session.open(packet, linkId);
    if (result < 0) return result;
    if (slave.keyring.confirm(session)) this.#handleConfirmed(slave, session, now);
    const { links } = slave;
    if (links === null) return DropReason.NO_SESSION;
    let link = links.get(linkId);
    if (link === null || !link.leadsTo(socket, source)) {
      // Only the newest packet of the newest session tells where the link's other end is now.
      if (session.isNewest && session === slave.keyring.current) {
        this.#roster.handleMove(link?.socket ?? null, socket);
        link = links.learn(linkId, socket, source, now);
      } else if (link === null) return DropReason.BAD_LINK_ID;
    }
    link.countReceived(sizeBytes);
    this.#noticeFrom = slave;
    return dispatchInner(links.multiplexer, linkId, session, packet, now, this.#onNotice);
  }

  #handleInitiation(
    socket: DatagramSocket,
    source: NetAddress,
    packet: Packet,
    now: number,
  ): number {
    if (this.#isClosing) return DropReason.CLOSED;
    const from = this.#origin.set(socket, source);
    const result = this.#responder.handleInitiation(packet, from, this.#answer, now);
    if (result <= 0) return result;
    const sent = socket.send(this.#answer, source);
    if (sent < 0) return sent;
    return ANSWERED_ONLY[result] ?? result;
  }

  /** The first packet under a new session. Before its address counts, the instance before it is told. */
  #handleConfirmed(slave: MasterSlave, session: Session, now: number): void {
    const wasConnected = slave.links !== null;
    const old = slave.keyring.previous;
    const isReplaced = this.#responder.handleConfirmed(slave, session.remoteInstanceId);
    if (isReplaced) {
      if (old !== null) slave.sendNotice(NoticeCode.REPLACED, old);
      slave.keyring.dropOld();
    }
    slave.connect(isReplaced, now);
    this.#roster.connected.add(slave);
    this.#timers.add(slave, now);
    this.#timers.hurry(slave, now);
    this.#context.reschedule(now);
    if (wasConnected && !isReplaced) return;
    const addresses = slave.addresses.map(({ address }) => address).join(", ");
    const message = isReplaced ? "Slave joined anew" : "Slave joined";
    slave.logger.info(message, { slave: slave.name, addresses });
  }

  #handleNotice(code: number): void {
    const slave = this.#noticeFrom;
    if (code !== NoticeCode.CLOSING || slave === null) return;
    slave.logger.info("Slave left", { slave: slave.name });
    this.#roster.disconnect(slave, this.#context.clock());
  }

  /** See {@link ListenedHandler.handleSocketClosed}. */
  handleSocketClosed(socket: DatagramSocket, now: number): void {
    // Strangers' connections come and go by the hundred: those are nobody's.
    if (socket.transport === "tcp" && !this.isAuthentic(socket)) return;
    for (const slave of this.#roster.connected) slave.handleSocketClosed(socket, now);
  }

  /** See {@link ListenedHandler.isAuthentic}. */
  isAuthentic(socket: DatagramSocket): boolean {
    return this.#roster.usedSockets.has(socket);
  }
}
