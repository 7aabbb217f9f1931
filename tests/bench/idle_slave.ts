/**
 * A slave without tun and without sockets of its own, and the crowd of them that shares some.
 *
 * @module
 */

import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import type { DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import type { Logger } from "../../src/log.ts";
import { DEFAULT_LINK_SETTINGS } from "../../src/multiplexer/link_settings.ts";
import { IDLE_PING_MS } from "../../src/multiplexer/pinger.ts";
import { PacketPool } from "../../src/multiplexer/packet_pool.ts";
import type { NetAddress } from "../../src/net_address.ts";
import type { AeadProvider } from "../../src/peer/aead.ts";
import { Initiator } from "../../src/peer/initiator.ts";
import { Keyring } from "../../src/peer/keyring.ts";
import { LinkCounters } from "../../src/peer/session.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/peer/session_limits.ts";
import { dispatchInner } from "../../src/tunnel/inner_dispatch.ts";
import { SealedLink } from "../../src/tunnel/sealed_link.ts";
import { SealingBuffers, SecureCodec } from "../../src/tunnel/secure_codec.ts";
import { openSecureLinks, type SecureLinks } from "../../src/tunnel/secure_links.ts";
import { ORDER_GROUPS } from "../../src/wire/data_header.ts";
import { DatagramType } from "../../src/wire/datagram_header.ts";
import type { Packet } from "../../src/wire/packet.ts";
import { readReceiverIndex, TRANSPORT_HEADER_BYTES } from "../../src/wire/transport_header.ts";
import { randomBytes } from "./handshake_rig.ts";

const SILENT: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** What all slaves of the process share. */
export class SlaveCrowd {
  /** While true, all that arrives is lost. */
  isDeaf = false;
  readonly buffers = new SealingBuffers();
  readonly pool = new PacketPool();
  /** By the index of a session, or of an initiation under way. */
  readonly byIndex = new Map<number, IdleSlave>();
  readonly slaves: IdleSlave[] = [];
  /**
   * Monotonic ms of when each slave's {@link IdleSlave.handleTimeout} has something to do. Side by side, since all are looked
   * at many times a second: in the slaves they would each cost a miss of the cache.
   */
  readonly #dueMs: Float64Array;

  constructor(
    readonly provider: AeadProvider,
    readonly masterKey: Uint8Array<ArrayBuffer>,
    maxSlaves: number,
  ) {
    this.#dueMs = new Float64Array(maxSlaves);
  }

  /** Takes a slave in. @returns its place. */
  add(slave: IdleSlave): number {
    return this.slaves.push(slave) - 1;
  }

  /** The slave at that place has something to do then. */
  setDue(place: number, dueMs: number): void {
    this.#dueMs[place] = dueMs;
  }

  handleTimeout(now: number): void {
    for (let place = 0; place < this.slaves.length; place++) {
      if (this.#dueMs[place]! <= now) this.slaves[place]!.handleTimeout(now);
    }
  }

  /** Takes a datagram; borrowed until return. */
  receive(packet: Packet, now: number): void {
    if (this.isDeaf || packet.length < TRANSPORT_HEADER_BYTES) return;
    // At the same place in all that a master sends.
    const index = readReceiverIndex(packet.view, packet.start);
    this.byIndex.get(index)?.receive(packet, now);
  }
}

/** 32 bytes each. */
export interface IdleSlaveKeys {
  readonly secretKey: Uint8Array<ArrayBuffer>;
  readonly psk: Uint8Array<ArrayBuffer>;
}

/** One slave. */
export class IdleSlave {
  readonly #crowd: SlaveCrowd;
  readonly #keyring: Keyring;
  readonly #initiator: Initiator;
  readonly #peer: SecureLinks;
  readonly #place: number;
  #isWelcome = false;
  #asleepUntilMs = -Infinity;

  /** Makes it and begins its handshake. @param ways a socket and the master's address for each link. */
  constructor(
    crowd: SlaveCrowd,
    { secretKey, psk }: IdleSlaveKeys,
    ways: readonly { readonly socket: DatagramSocket; readonly remote: NetAddress }[],
    now: number,
  ) {
    this.#crowd = crowd;
    this.#place = crowd.add(this);
    // Those of a real crowd have joined over hours: their rekeys are spread over all the time, from the first on.
    const limits = { ...DEFAULT_SESSION_LIMITS };
    limits.rekeyAfterMs *= Math.random();
    this.#keyring = new Keyring(limits, {
      onAdded: ({ localIndex }) => crowd.byIndex.set(localIndex, this),
      onDropped: ({ localIndex }) => crowd.byIndex.delete(localIndex),
    });
    const codec = new SecureCodec(this.#keyring, crowd.buffers);
    const common = { rng: Math.random, wallClock: Date.now };
    this.#peer = openSecureLinks({
      ...common,
      codec,
      deliver: () => 0,
      logger: SILENT,
      slave: "",
      pool: crowd.pool,
      groupSeqNos: new Uint32Array(ORDER_GROUPS),
      onTooBig: () => false,
      onWake: () => this.#updateDue(),
      onAsk: (askedMs) => this.#initiator.handleAsked(askedMs),
    });
    this.#initiator = new Initiator({
      ...common,
      localStatic: { secretKey, publicKey: nodeDiffieHellman.publicKey(secretKey) },
      remoteStatic: crowd.masterKey,
      psk,
      instanceId: randomBytes(8).toHex(),
      provider: crowd.provider,
      dh: nodeDiffieHellman,
      limits,
      keyring: this.#keyring,
      counters: new LinkCounters(),
      mtuBytes: 0,
      software: "bindlink bench",
      randomBytes,
      openLinks: () => ways.map((_, i) => i + 1),
      send: (linkId, datagram) => {
        crowd.byIndex.set(readReceiverIndex(datagram.view, datagram.start), this);
        this.#peer.get(linkId)?.transmit(datagram);
      },
      onWelcome: (_, welcomedMs) => {
        if (this.#isWelcome) limits.rekeyAfterMs = DEFAULT_SESSION_LIMITS.rekeyAfterMs;
        this.#isWelcome = true;
        this.#greet(welcomedMs);
      },
      onRefusal: ({ code }) => {
        throw new Error(`A slave was refused: ${code}`);
      },
    });
    for (const [i, { socket, remote }] of ways.entries()) {
      const link = new SealedLink({
        id: i + 1,
        name: `link${i + 1}`,
        isInitiator: true,
        settings: DEFAULT_LINK_SETTINGS,
        codec,
      });
      link.attach(socket, remote);
      this.#peer.add(link, now);
    }
    this.#initiator.start(now);
  }

  /** Takes a datagram for one of its sessions; borrowed until return. */
  receive(packet: Packet, now: number): void {
    const linkId = packet.bytes[packet.start + 3]!;
    switch (packet.bytes[packet.start + 2]) {
      case DatagramType.RESPONSE:
        this.#initiator.handleResponse(packet, now);
        this.#updateDue();
        return;
      case DatagramType.COOKIE:
        return; // they join so slowly that none is asked for
      default:
        this.#receiveTransport(linkId, packet, now);
        this.#updateDue();
    }
  }

  handleTimeout(now: number): void {
    this.#initiator.handleTimeout(now);
    this.#peer.multiplexer.handleTimeout(now);
    this.#updateDue();
  }

  /** Goes on after a silence, at its own moment, and with the session that it has. */
  wake(now: number): void {
    this.#asleepUntilMs = now + Math.random() * IDLE_PING_MS;
    this.#initiator.handleHeard();
    this.#updateDue();
  }

  /** Whether something came over each link since then. */
  isHeardSince(sinceMs: number): boolean {
    return this.#peer.multiplexer.links.every((link) => link.lastHeardMs > sinceMs);
  }

  #updateDue(): void {
    const nextMs = Math.min(this.#initiator.nextTimeout(), this.#peer.multiplexer.nextTimeout());
    this.#crowd.setDue(this.#place, Math.max(nextMs, this.#asleepUntilMs));
  }

  #receiveTransport(linkId: number, packet: Packet, now: number): void {
    const session = this.#keyring.find(readReceiverIndex(packet.view, packet.start), now);
    if (session === null || session.open(packet, linkId) < 0) return;
    this.#keyring.confirm(session);
    this.#initiator.handleHeard();
    dispatchInner(this.#peer.multiplexer, linkId, session, packet, now, () => {});
  }

  #greet(now: number): void {
    for (const { id } of this.#peer.all) this.#peer.multiplexer.handleSession(id, now);
  }
}
