/**
 * The slave's end of the secure tunnel: one peer, the master; a handshake over all links; addresses and MTU from its
 * welcome.
 *
 * @module
 */

import type { SlaveOptions } from "../daemon_options.ts";
import type { InitiatedHandler } from "../linkmap/datagram_handler.ts";
import type { Link } from "../linkmap/link.ts";
import { type Refusal, RefusalCode, type Welcome } from "../peer/handshake_payload.ts";
import { Initiator } from "../peer/initiator.ts";
import { Keyring } from "../peer/keyring.ts";
import { LinkCounters } from "../peer/session.ts";
import { DEFAULT_SESSION_LIMITS } from "../peer/session_limits.ts";
import type { BondingSnapshot, LinkSnapshot, SlaveSnapshot } from "../snapshot.ts";
import {
  DATAGRAM_HEADER_BYTES,
  DatagramType,
  readDatagramHeader,
} from "../wire/datagram_header.ts";
import { ORDER_GROUPS } from "../wire/data_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { NoticeCode } from "../wire/inner_message.ts";
import type { Packet } from "../wire/packet.ts";
import { UsageError } from "../usage_error.ts";
import { readReceiverIndex, TRANSPORT_HEADER_BYTES } from "../wire/transport_header.ts";
import { BondingTotals } from "./bonding_totals.ts";
import { dispatchInner } from "./inner_dispatch.ts";
import { explainRefusal } from "./refusal_text.ts";
import { SealingBuffers, SecureCodec } from "./secure_codec.ts";
import { openSecureLinks, type SecureLinks } from "./secure_links.ts";
import { SlaveLinks } from "./slave_links.ts";
import { SlaveWake } from "./slave_wake.ts";
import { TooBigAnswers } from "./too_big_answers.ts";
import type { SecureContext, Tunnel } from "./tunnel.ts";
import { assignToTundev, tellJoined } from "./welcome_news.ts";

/** The slave's end. */
export class SlaveTunnel implements Tunnel, InitiatedHandler {
  readonly #options: SlaveOptions;
  readonly #context: SecureContext;
  readonly #keyring: Keyring;
  readonly #codec: SecureCodec;
  readonly #initiator: Initiator;
  readonly #peer: SecureLinks;
  /** What commands see and change of it. */
  readonly links: SlaveLinks;
  /** Is told when networks change. */
  readonly waking: SlaveWake;
  readonly #onNotice = (code: number): void => this.#handleNotice(code);
  /** Monotonic ms of the newest answer to a handshake, by link id. */
  readonly #answeredMs = new Float64Array(256).fill(Number.NEGATIVE_INFINITY);
  /** The newest answer was a refusal. */
  #isRefused = false;
  /** The master's, or empty before the first welcome. */
  #masterInstanceId = "";
  #mtuBytes = Number.POSITIVE_INFINITY;
  readonly #tooBig: TooBigAnswers;

  constructor(options: SlaveOptions, context: SecureContext) {
    this.#options = options;
    this.#context = context;
    const limits = { ...DEFAULT_SESSION_LIMITS, rekeyAfterMs: options.rekeyAfterMs };
    this.#keyring = new Keyring(limits, { onAdded: () => {}, onDropped: () => {} });
    this.#codec = new SecureCodec(this.#keyring, new SealingBuffers());
    this.#tooBig = new TooBigAnswers((answer) => context.deliver(answer));
    this.#peer = openSecureLinks({
      ...context,
      codec: this.#codec,
      slave: "",
      groupSeqNos: new Uint32Array(ORDER_GROUPS),
      onWake: (atMs) => context.reschedule(atMs),
      onTooBig: (packet, mtuBytes, at) => this.#tooBig.handle(packet, mtuBytes, at),
      onAsk: (now) => this.#initiator.handleAsked(now),
    });
    this.links = new SlaveLinks({
      ...context,
      peer: this.#peer,
      codec: this.#codec,
      defaults: options.linkDefaults,
      stateDir: options.stateDir,
      handler: this,
    });
    const { secretKey, psk, masterKey } = options.identity;
    if (context.dh.sharedSecret(secretKey, masterKey) === null) {
      throw new UsageError(
        "The join token's key is none that a master can have: ask for a new token",
      );
    }
    this.#initiator = new Initiator({
      ...context,
      localStatic: { secretKey, publicKey: context.dh.publicKey(secretKey) },
      remoteStatic: masterKey,
      psk,
      limits,
      keyring: this.#keyring,
      counters: new LinkCounters(),
      mtuBytes: options.wantedMtuBytes,
      openLinks: () => this.links.openIds(),
      send: (linkId, datagram) => void this.#peer.get(linkId)?.transmit(datagram),
      onWelcome: (welcome, now) => this.#handleWelcome(welcome, now),
      onRefusal: (refusal) => this.#handleRefusal(refusal),
    });
    this.waking = new SlaveWake({ ...context, links: this.links, initiator: this.#initiator });
  }

  /** See {@link Tunnel.start}. */
  start(): Promise<void> {
    const now = this.#context.clock();
    this.links.start(this.#options.links, now);
    this.#initiator.start(now);
    return Promise.resolve();
  }

  /** Hot. See {@link Tunnel.handleTunPacket}. */
  handleTunPacket(packet: Packet, now: number): number {
    if (packet.end - packet.start > this.#mtuBytes) {
      this.#tooBig.handle(packet, this.#mtuBytes, now);
      return DropReason.TOO_LARGE;
    }
    if (this.#keyring.sending(now) === null) return DropReason.NO_LINK;
    const result = this.#peer.multiplexer.send(packet, now);
    if (result >= 0) this.#initiator.handleAsked(now);
    return result;
  }

  /** See {@link Tunnel.handleTimeout}. */
  handleTimeout(now: number): void {
    this.waking.handleTimeout(now);
    this.#initiator.handleTimeout(now);
    if (this.#peer.multiplexer.nextTimeout() <= now) this.#peer.multiplexer.handleTimeout(now);
    this.links.handleTimeout(now);
    this.#peer.tellNews(now);
  }

  /** See {@link Tunnel.nextTimeout}. */
  nextTimeout(): number {
    const linksMs = Math.min(this.links.nextTimeout(), this.waking.nextTimeout());
    return Math.min(linksMs, this.#initiator.nextTimeout(), this.#peer.multiplexer.nextTimeout());
  }

  /** See {@link Tunnel.snapshotLinks}. */
  snapshotLinks(now: number): LinkSnapshot[] {
    return this.links.withBudgets(this.#peer.snapshot(now));
  }

  /** See {@link Tunnel.snapshotBonding}. */
  snapshotBonding(): BondingSnapshot {
    return new BondingTotals().add(this.#peer.multiplexer);
  }

  /** See {@link Tunnel.snapshotSlaves}. */
  snapshotSlaves(): SlaveSnapshot[] {
    return [];
  }

  /** See {@link Tunnel.close}. */
  async close(): Promise<void> {
    this.#peer.quieten();
    this.#initiator.stop();
    this.links.stop();
    const session = this.#keyring.sending(this.#context.clock());
    if (session !== null) {
      for (const link of this.#peer.all) link.sendNotice(NoticeCode.CLOSING, session);
      await this.#context.flush();
    }
    await this.links.close();
    this.#keyring.clear();
  }

  /** Hot. See {@link InitiatedHandler.handleInitiated}. */
  handleInitiated(link: Link, packet: Packet, now: number): number {
    const sizeBytes = packet.end - packet.start;
    const header = readDatagramHeader(packet);
    if (header < 0) return header;
    packet.start -= DATAGRAM_HEADER_BYTES;
    const result = this.#handleDatagram(link, header, packet, now);
    if (result >= 0) link.countReceived(sizeBytes);
    return result;
  }

  /** Hot. @param packet the whole datagram */
  #handleDatagram(link: Link, header: number, packet: Packet, now: number): number {
    switch (header >> 8) {
      case DatagramType.TRANSPORT:
        return (header & 0xff) === link.id
          ? this.#handleTransport(link.id, packet, now)
          : DropReason.LINK_ID_MISMATCH;
      case DatagramType.RESPONSE:
        return this.#handleResponse(link, packet, now);
      case DatagramType.COOKIE:
        return this.#rescheduled(this.#initiator.handleCookieReply(link.id, packet, now));
      default:
        return DropReason.WRONG_PROTOCOL;
    }
  }

  /** Hot. */
  #handleTransport(linkId: number, packet: Packet, now: number): number {
    if (packet.end - packet.start < TRANSPORT_HEADER_BYTES) return DropReason.TRUNCATED;
    const index = readReceiverIndex(packet.view, packet.start);
    const session = this.#keyring.find(index, now);
    if (session === null) return DropReason.NO_SESSION;
    const result = session.open(packet, linkId);
    if (result < 0) return result;
    this.#keyring.confirm(session);
    this.#initiator.handleHeard();
    return dispatchInner(this.#peer.multiplexer, linkId, session, packet, now, this.#onNotice);
  }

  /** See {@link InitiatedHandler.handleLinkOpen}. */
  handleLinkOpen(link: Link, now: number): void {
    this.#initiator.handleLinkOpen(link.id, now);
    this.#peer.multiplexer.handleLinkOpen(link.id, now);
    this.#context.reschedule(this.#initiator.nextTimeout());
  }

  /** See {@link InitiatedHandler.handleLinkClosed}. */
  handleLinkClosed(link: Link, now: number): void {
    this.#peer.multiplexer.handleLinkClosed(link.id, now);
  }

  /** See {@link InitiatedHandler.lastHeardMs}. */
  lastHeardMs(link: Link): number {
    // A master that refuses is there: it is asked again now and then, and no other way to it need be looked for.
    if (this.#isRefused) return Number.POSITIVE_INFINITY;
    const heardMs = this.#peer.multiplexer.getLink(link.id)?.lastHeardMs;
    return Math.max(heardMs ?? Number.NEGATIVE_INFINITY, this.#answeredMs[link.id]!);
  }

  /** See {@link InitiatedHandler.askIntervalMs}: as the peer heard it last. */
  askIntervalMs(link: Link): number {
    return this.#peer.multiplexer.getLink(link.id)?.peerIntervalMs ?? 0;
  }

  /** The first answer over a link comes a round trip before the first report: on a slow link it is what keeps it open. */
  #handleResponse(link: Link, packet: Packet, now: number): number {
    const result = this.#initiator.handleResponse(packet, now);
    if (result >= 0 || result === DropReason.HANDSHAKE_COPY) this.#answeredMs[link.id] = now;
    return this.#rescheduled(result);
  }

  #rescheduled(result: number): number {
    this.#context.reschedule(this.#initiator.nextTimeout());
    return result;
  }

  #handleWelcome(welcome: Welcome, now: number): void {
    const { instanceId } = welcome;
    if (instanceId !== this.#masterInstanceId) {
      this.#peer.multiplexer.handlePeerRestart();
      tellJoined(this.#context, welcome, this.#masterInstanceId === "");
      this.#masterInstanceId = instanceId;
    } else this.#context.logger.debug("Session renewed");
    this.#isRefused = false;
    this.#mtuBytes = welcome.mtuBytes;
    assignToTundev(this.#context, welcome);
    // Confirms the session at the master, and lets it learn the links.
    for (const linkId of this.links.openIds()) this.#peer.multiplexer.handleSession(linkId, now);
  }

  #handleRefusal(refusal: Refusal | RefusalCode): void {
    this.#isRefused = true;
    const { problem, advice } = explainRefusal(refusal);
    this.#context.logger.error(`The master does not let this slave in: ${problem}`, { advice });
    const code = typeof refusal === "number" ? refusal : refusal.code;
    if (code === RefusalCode.REPLACED) this.#leave(problem);
  }

  /** Stays away until restarted: two machines must not take turns. Nothing is opened, asked or sent any more. */
  #leave(reason: string): void {
    this.#initiator.stop();
    this.#keyring.clear();
    this.#peer.quieten();
    this.#peer.multiplexer.clear();
    this.links.abandon(reason);
  }

  #handleNotice(code: number): void {
    const { logger, clock } = this.#context;
    switch (code) {
      case NoticeCode.CLOSING:
        logger.warn("The master ends; it is asked for again and again");
        this.#initiator.handleClosing(clock());
        break;
      case NoticeCode.REVOKED:
        // Asked again, the master says so: that is what is told, and asked about again from time to time.
        this.#initiator.handleClosing(clock());
        break;
      case NoticeCode.REPLACED:
        this.#handleRefusal(RefusalCode.REPLACED);
    }
    this.#context.reschedule(this.#initiator.nextTimeout());
  }
}
