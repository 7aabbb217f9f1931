/**
 * A slave's end without a tun: the daemon's own handshake, session, links and multiplexer, for whoever wants to know how links are.
 * What is asked goes over the link that is named, past the scheduler; all of it is what a slave may send (docs/protocol.md), so
 * any master of this protocol version answers it.
 *
 * Until {@link ProbeSession.begin} the master has a session that waits for its first packet, and takes it for a question: a slave
 * that runs elsewhere with the same token goes on undisturbed.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import type { DatagramSlot, DatagramSocket } from "../linkmap/datagram_socket.ts";
import type { NetAddress } from "../net_address.ts";
import type { MultiplexerLink } from "../multiplexer/multiplexer_link.ts";
import type { Refusal, Welcome } from "../peer/handshake_payload.ts";
import { Initiator } from "../peer/initiator.ts";
import { Keyring } from "../peer/keyring.ts";
import { LinkCounters } from "../peer/session.ts";
import { DEFAULT_SESSION_LIMITS } from "../peer/session_limits.ts";
import { momentOf } from "../peer/stamp.ts";
import { SealedLink } from "../tunnel/sealed_link.ts";
import { dispatchInner } from "../tunnel/inner_dispatch.ts";
import { SealingBuffers, SecureCodec } from "../tunnel/secure_codec.ts";
import { openSecureLinks, type SecureLinks } from "../tunnel/secure_links.ts";
import { ORDER_GROUPS } from "../wire/data_header.ts";
import {
  DATAGRAM_HEADER_BYTES,
  DatagramType,
  readDatagramHeader,
} from "../wire/datagram_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { InnerKind, NoticeCode, readInnerKind } from "../wire/inner_message.ts";
import { Packet } from "../wire/packet.ts";
import { Ping, PingFlag } from "../wire/ping.ts";
import type { Echo, HandshakeAnswer, OpenWay, ProbeContext } from "./probe_terms.ts";
import { readReceiverIndex, TRANSPORT_HEADER_BYTES } from "../wire/transport_header.ts";

/** How often what is due is looked at, ms. */
const TICK_MS = 5;

/** How long the datagrams that say goodbye get to leave. */
const FLUSH_MS = 20;

const RECEIVE_SLOTS = 64;

/** One session. Owns the sockets that it is given. */
export class ProbeSession implements AsyncDisposable {
  /** Told of answered pings. */
  onEcho: (echo: Echo) => void = () => {};
  /** Told of IP packets that the master sent; borrowed until return. */
  onPacket: (packet: Packet, linkId: number) => void = () => {};
  readonly #context: ProbeContext;
  readonly #keyring = new Keyring(DEFAULT_SESSION_LIMITS, {
    onAdded: () => {},
    onDropped: () => {},
  });
  readonly #codec = new SecureCodec(this.#keyring, new SealingBuffers());
  readonly #initiator: Initiator;
  readonly #peer: SecureLinks;
  readonly #pumps: Promise<void>[] = [];
  readonly #ping = new Ping();
  readonly #message = new Packet();
  #answer = Promise.withResolvers<Welcome | Refusal>();
  #clockBehindMs = 0;
  #hasBegun = false;
  #isClosed = false;
  #newestLinkId = 0;
  #lastPingUs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(context: ProbeContext) {
    this.#context = context;
    this.#peer = openSecureLinks({
      ...context,
      codec: this.#codec,
      slave: "",
      groupSeqNos: new Uint32Array(ORDER_GROUPS),
      deliver: (packet) => {
        this.onPacket(packet, this.#newestLinkId);
        return 0;
      },
      onWake: () => {},
      onTooBig: () => false,
    });
    this.#peer.quieten();
    const { secretKey, psk, masterKey } = context.identity;
    this.#initiator = new Initiator({
      ...context,
      localStatic: { secretKey, publicKey: context.dh.publicKey(secretKey) },
      remoteStatic: masterKey,
      psk,
      limits: DEFAULT_SESSION_LIMITS,
      keyring: this.#keyring,
      counters: new LinkCounters(),
      mtuBytes: context.wantedMtuBytes,
      openLinks: () => this.#peer.all.map(({ id }) => id),
      send: (linkId, datagram) => void this.#peer.get(linkId)?.transmit(datagram),
      onWelcome: (welcome) => this.#answer.resolve(welcome),
      onRefusal: (refusal) => this.#answer.resolve(refusal),
      onStaleStamp: (stamp) => {
        this.#clockBehindMs = Math.max(this.#clockBehindMs, momentOf(stamp) - context.wallClock());
      },
    });
  }

  /** Takes a way on, and its socket over. */
  add(way: OpenWay): void {
    const { id, name, settings, socket, remote } = way;
    const link = new SealedLink({ id, name, isInitiator: true, settings, codec: this.#codec });
    link.attach(socket, remote);
    this.#peer.add(link, this.#context.clock());
    this.#pumps.push(this.#pump(link, socket));
  }

  /** A link as the multiplexer knows it. @throws Error when there is none of that id. */
  link(linkId: number): MultiplexerLink {
    const link = this.#peer.multiplexer.getLink(linkId);
    if (link === null) throw new Error(`Invariant: no link ${linkId}`);
    return link;
  }

  /** Why what was sent over a link did not leave this machine; empty: it did. */
  sendFault(linkId: number): string {
    return this.#peer.get(linkId)?.socket?.lastSendError?.message ?? "";
  }

  /** Asks the master over all ways. @returns null when nothing comes within the time. */
  async handshake(timeoutMs: number): Promise<HandshakeAnswer | null> {
    const { clock } = this.#context;
    const startedMs = clock();
    this.#initiator.start(startedMs);
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS);
    const late = new AbortController();
    const answer = await Promise.race([
      this.#answer.promise,
      abortableSleep(timeoutMs, late.signal).then(() => null),
    ]);
    late.abort();
    if (answer === null) return null;
    return { answer, roundTripMs: clock() - startedMs, clockBehindMs: this.#clockBehindMs };
  }

  /** After a welcome: from now on this is the slave, as far as the master is concerned. */
  begin(): void {
    this.#hasBegun = true;
    const now = this.#context.clock();
    for (const { id } of this.#peer.all) this.#peer.multiplexer.handleLinkOpen(id, now);
  }

  /**
   * Hot. Sends a ping that wants an answer.
   * @param datagramBytes of the whole datagram; at least 64
   * @param saidIntervalMs when the master may expect the next one at the latest
   * @returns what it is known by, u32 µs, or a negative DropReason.
   */
  ping(linkId: number, datagramBytes: number, saidIntervalMs = 1_000): number {
    const now = this.#context.clock();
    // Even, as the multiplexer's own are, and each once.
    const sentUs = Math.max(Math.floor(now * 500) * 2, this.#lastPingUs + 2);
    this.#lastPingUs = sentUs;
    const ping = this.#ping;
    ping.flags = PingFlag.WANTS_ANSWER;
    ping.intervalMs = saidIntervalMs;
    ping.sentUs = sentUs >>> 0;
    const message = this.#message;
    ping.encode(message);
    const end = message.start + datagramBytes - SEAL_OVERHEAD_BYTES;
    if (end > message.end) {
      message.bytes.fill(0, message.end, end);
      message.end = end;
    }
    const result = this.send(linkId, message);
    return result < 0 ? result : sentUs >>> 0;
  }

  /** Hot. Sends an inner message over a link. @returns bytes of the datagram, or a DropReason. */
  send(linkId: number, message: Packet): number {
    return this.#peer.get(linkId)?.send(message, this.#context.clock()) ?? DropReason.CLOSED;
  }

  /** The multiplexer is not to ask by itself any more: for measuring what happens when nobody says anything. */
  fallSilent(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Tells the master that the slave is gone, if it was there at all, and closes the sockets. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#initiator.stop();
    const session = this.#keyring.sending(this.#context.clock());
    if (this.#hasBegun && session !== null) {
      for (const link of this.#peer.all) link.sendNotice(NoticeCode.CLOSING, session);
      await new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    }
    for (const link of this.#peer.all) link.socket?.close();
    await Promise.all(this.#pumps);
    this.#peer.multiplexer.clear();
    this.#keyring.clear();
  }

  #tick(): void {
    const now = this.#context.clock();
    if (!this.#hasBegun) return this.#initiator.handleTimeout(now);
    const { multiplexer } = this.#peer;
    if (multiplexer.nextTimeout() <= now) multiplexer.handleTimeout(now);
  }

  async #pump(link: SealedLink, socket: DatagramSocket): Promise<void> {
    const { clock, drops } = this.#context;
    const slots: DatagramSlot[] = Array.from(
      { length: socket.transport === "udp" ? RECEIVE_SLOTS : 1 },
      () => ({ packet: new Packet(), source: NOWHERE }),
    );
    for (;;) {
      const count = await socket.receive(slots);
      if (count === 0) return;
      const now = clock();
      for (let i = 0; i < count; i++) {
        const { packet, source } = slots[i]!;
        const result = link.leadsTo(socket, source)
          ? this.#handleDatagram(link, packet, now)
          : DropReason.WRONG_SOURCE;
        if (result < 0) drops.count(result as DropReason);
      }
    }
  }

  #handleDatagram(link: SealedLink, packet: Packet, now: number): number {
    if (this.#isClosed) return 0;
    const header = readDatagramHeader(packet);
    if (header < 0) return header;
    packet.start -= DATAGRAM_HEADER_BYTES;
    switch (header >> 8) {
      case DatagramType.RESPONSE:
        return this.#initiator.handleResponse(packet, now);
      case DatagramType.COOKIE:
        return this.#initiator.handleCookieReply(link.id, packet, now);
      case DatagramType.TRANSPORT:
        return (header & 0xff) === link.id
          ? this.#handleTransport(link.id, packet, now)
          : DropReason.LINK_ID_MISMATCH;
      default:
        return DropReason.WRONG_PROTOCOL;
    }
  }

  #handleTransport(linkId: number, packet: Packet, now: number): number {
    if (packet.end - packet.start < TRANSPORT_HEADER_BYTES) return DropReason.TRUNCATED;
    const session = this.#keyring.find(readReceiverIndex(packet.view, packet.start), now);
    if (session === null) return DropReason.NO_SESSION;
    const result = session.open(packet, linkId);
    if (result < 0) return result;
    this.#newestLinkId = linkId;
    if (readInnerKind(packet) === InnerKind.PING) this.#noteEcho(linkId, packet, now);
    return dispatchInner(this.#peer.multiplexer, linkId, session, packet, now, () => {});
  }

  #noteEcho(linkId: number, packet: Packet, receivedMs: number): void {
    const ping = this.#ping;
    if (ping.decode(packet) < 0 || (ping.flags & PingFlag.HAS_ECHO) === 0) return;
    this.onEcho({ linkId, sentUs: ping.echoedUs, transitUs: ping.transitUs, receivedMs });
  }
}

/** What sealing adds to a message. */
const SEAL_OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + 16;

const NOWHERE: NetAddress = { hostname: "0.0.0.0", port: 0 };
