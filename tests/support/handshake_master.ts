/**
 * A master of the handshake simulator: a responder, its slaves' sessions, and a word to each over its links every so often.
 *
 * @module
 */

import { HandshakeTalk, WordKind } from "./handshake_talk.ts";
import type { HandshakeWorld } from "./handshake_world.ts";
import { VirtualTimer } from "./virtual_clock.ts";
import { HandshakeMemory } from "../../src/peer/handshake_memory.ts";
import { generateKeyPair, type KeyPair } from "../../src/peer/key_pair.ts";
import { Keyring } from "../../src/peer/keyring.ts";
import { HandshakeAnswer, Responder } from "../../src/peer/responder.ts";
import type { SlaveHandshakes } from "../../src/peer/responder_options.ts";
import { LinkCounters, type Session } from "../../src/peer/session.ts";
import { SessionTable } from "../../src/peer/session_table.ts";
import { DatagramType } from "../../src/wire/datagram_header.ts";
import { DropCounters, DropReason } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";
import { readReceiverIndex } from "../../src/wire/transport_header.ts";

/** Where a datagram came from, and the way back there. */
export interface MasterLink {
  /** Address and port as text. */
  readonly source: string;
  readonly down: { send(packet: Packet): void };
}

/** What the master of the simulator has of one slave. */
export interface MasterPeer extends SlaveHandshakes {
  isRevoked: boolean;
  readonly talk: HandshakeTalk;
  /** Links by id, as the newest authenticated packet came. */
  readonly links: Map<number, MasterLink>;
  /** Instances that were confirmed, in order. */
  readonly confirmed: string[];
}

/** The master. */
export class HandshakeMaster {
  readonly keyPair: KeyPair;
  readonly drops = new DropCounters();
  /** Answers by {@link HandshakeAnswer}. */
  readonly answers = new Map<number, number>();
  readonly peers = new Map<string, MasterPeer>();
  responder!: Responder;
  sessions!: SessionTable<MasterPeer>;
  isRunning = false;
  readonly #world: HandshakeWorld;
  readonly #invited: { readonly publicKey: Uint8Array; readonly psk: Uint8Array<ArrayBuffer> }[] =
    [];
  readonly #out = new Packet(1_500);
  readonly #talkTimer: VirtualTimer;

  constructor(world: HandshakeWorld) {
    this.#world = world;
    this.keyPair = generateKeyPair(world.masterDh, world.randomBytes);
    this.#talkTimer = new VirtualTimer(world.clock, () => this.#onTalk());
  }

  /** Monotonic ms of the master's machine. */
  get now(): number {
    return this.#world.clock.now + 77_000_000;
  }

  /** A slave may join with this key. */
  invite(publicKey: Uint8Array, psk: Uint8Array<ArrayBuffer>): void {
    this.#invited.push({ publicKey, psk });
    if (this.isRunning) this.#addPeer(publicKey, psk);
  }

  /** What it has of a slave's key. */
  peer(publicKey: Uint8Array): MasterPeer {
    const peer = this.peers.get(publicKey.join());
    if (peer === undefined) throw new Error("Invariant: no such slave");
    return peer;
  }

  /** Starts the program anew: nothing is left of the run before but keys. */
  start(): void {
    const world = this.#world;
    this.peers.clear();
    this.sessions = new SessionTable(world.randomBytes);
    for (const { publicKey, psk } of this.#invited) this.#addPeer(publicKey, psk);
    this.responder = new Responder({
      localStatic: this.keyPair,
      instanceId: world.makeInstanceId(),
      provider: world.provider,
      dh: world.masterDh,
      mtuBytes: 1_400,
      software: "master 1",
      randomBytes: world.randomBytes,
      findSlave: (publicKey) => this.peers.get(publicKey.join()) ?? null,
      freeIndex: () => this.sessions.freeIndex(),
    });
    this.isRunning = true;
    this.#talkTimer.arm(world.clock.now + world.talkIntervalMs);
  }

  /** The power is cut, or kill -9. */
  stop(): void {
    this.isRunning = false;
  }

  /** Ends in good order: tells all slaves so. */
  close(): void {
    for (const peer of this.peers.values()) {
      this.tell(peer, peer.keyring.sending(this.now), WordKind.CLOSING);
    }
    this.stop();
  }

  /** A datagram came over a link. */
  receive(link: MasterLink, packet: Packet): void {
    if (!this.isRunning) return;
    const result = packet.bytes[packet.start + 2] === DatagramType.INITIATION
      ? this.#handleInitiation(link, packet)
      : this.#handleTransport(link, packet);
    if (result < 0) this.drops.count(result as DropReason);
  }

  /** Says a word to a slave over all its links, under a session. */
  tell(peer: MasterPeer, session: Session | null, kind: WordKind): void {
    for (const [linkId, link] of peer.links) {
      const sealed = peer.talk.seal(session, linkId, kind);
      if (sealed !== null) link.down.send(sealed);
    }
  }

  #addPeer(publicKey: Uint8Array, psk: Uint8Array<ArrayBuffer>): void {
    const peer: MasterPeer = {
      name: `slave${this.peers.size + 1}`,
      psk,
      isRevoked: false,
      addresses: [{ address: "10.10.10.2", prefixBits: 24 }],
      keyring: new Keyring(this.#world.limits, {
        onAdded: (session) => this.sessions.set(session.localIndex, peer),
        onDropped: (session) => this.sessions.delete(session.localIndex),
      }),
      counters: new LinkCounters(),
      memory: new HandshakeMemory(),
      talk: new HandshakeTalk(),
      links: new Map(),
      confirmed: [],
    };
    this.peers.set(publicKey.join(), peer);
  }

  #handleInitiation(link: MasterLink, packet: Packet): number {
    const source = { text: link.source, isProven: false };
    const result = this.responder.handleInitiation(packet, source, this.#out, this.now);
    if (result <= 0) return result;
    this.answers.set(result, (this.answers.get(result) ?? 0) + 1);
    link.down.send(this.#out);
    return result;
  }

  #handleTransport(link: MasterLink, packet: Packet): number {
    const index = readReceiverIndex(packet.view, packet.start);
    const peer = this.sessions.get(index);
    const session = peer?.keyring.find(index, this.now) ?? null;
    if (peer === undefined || session === null) return DropReason.NO_SESSION;
    const linkId = packet.bytes[packet.start + 3]!;
    const kind = peer.talk.open(session, linkId, packet);
    if (kind < 0) return kind;
    const before = peer.keyring.current;
    if (peer.keyring.confirm(session)) this.#handleConfirmed(peer, session, before);
    if (session.isNewest && session === peer.keyring.current) peer.links.set(linkId, link);
    return 0;
  }

  #handleConfirmed(peer: MasterPeer, session: Session, before: Session | null): void {
    if (peer.confirmed.at(-1) !== session.remoteInstanceId) {
      peer.confirmed.push(session.remoteInstanceId);
    }
    if (!this.responder.handleConfirmed(peer, session.remoteInstanceId)) return;
    this.tell(peer, before, WordKind.REPLACED);
    peer.keyring.dropOld();
    peer.links.clear();
  }

  #onTalk(): void {
    if (!this.isRunning) return;
    for (const peer of this.peers.values()) {
      peer.keyring.handleTimeout(this.now);
      this.tell(peer, peer.keyring.sending(this.now), WordKind.DATA);
    }
    this.#talkTimer.arm(this.#world.clock.now + this.#world.talkIntervalMs);
  }

  /** How many answers of a kind were given. */
  countOf(answer: HandshakeAnswer): number {
    return this.answers.get(answer) ?? 0;
  }
}
