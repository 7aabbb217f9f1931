/**
 * A slave of the handshake simulator: an initiator, its sessions, and a word to the master every so often.
 *
 * @module
 */

import type { HandshakeLink } from "./handshake_link.ts";
import { HandshakeTalk, WordKind } from "./handshake_talk.ts";
import type { HandshakeWorld } from "./handshake_world.ts";
import { MachineClock } from "./machine_clock.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";
import type { Refusal, Welcome } from "../../src/peer/handshake_payload.ts";
import { Initiator } from "../../src/peer/initiator.ts";
import type { KeyPair } from "../../src/peer/key_pair.ts";
import { Keyring } from "../../src/peer/keyring.ts";
import { LinkCounters } from "../../src/peer/session.ts";
import { DatagramType } from "../../src/wire/datagram_header.ts";
import { DropCounters, type DropReason } from "../../src/wire/drop_reason.ts";
import type { Packet } from "../../src/wire/packet.ts";
import { readReceiverIndex } from "../../src/wire/transport_header.ts";

/** A machine with a slave's token. */
export class HandshakeSlave {
  readonly links: readonly HandshakeLink[];
  readonly clock: MachineClock;
  readonly talk: HandshakeTalk;
  readonly drops = new DropCounters();
  readonly welcomes: { readonly welcome: Welcome; readonly atMs: number }[] = [];
  readonly refusals: { readonly refusal: Refusal; readonly atMs: number }[] = [];
  /** World's times of the initiations that went over a link. */
  readonly initiationsMs: number[] = [];
  keyring!: Keyring;
  initiator!: Initiator;
  instanceId = "";
  isRunning = false;
  readonly #world: HandshakeWorld;
  readonly #identity: { readonly keyPair: KeyPair; readonly psk: Uint8Array<ArrayBuffer> };
  readonly #timer: VirtualTimer;
  readonly #talkTimer: VirtualTimer;

  constructor(
    world: HandshakeWorld,
    clock: VirtualClock,
    identity: { readonly keyPair: KeyPair; readonly psk: Uint8Array<ArrayBuffer> },
    links: readonly HandshakeLink[],
  ) {
    this.#world = world;
    this.#identity = identity;
    this.links = links;
    this.clock = new MachineClock(clock, { monotonicMs: 5_000_000, wallMs: 1_800_000_000_000 });
    this.#timer = new VirtualTimer(clock, () => this.#onTimeout());
    this.#talkTimer = new VirtualTimer(clock, () => this.#onTalk());
    this.talk = new HandshakeTalk();
    for (const link of links) link.down.onArrival = (packet) => this.#receive(link, packet);
  }

  get publicKey(): Uint8Array<ArrayBuffer> {
    return this.#identity.keyPair.publicKey;
  }

  /** Starts the program anew: nothing is left of the run before. */
  start(): void {
    const world = this.#world;
    this.instanceId = world.makeInstanceId();
    this.keyring = new Keyring(world.limits, { onAdded: () => {}, onDropped: () => {} });
    this.initiator = new Initiator({
      localStatic: this.#identity.keyPair,
      remoteStatic: world.master.keyPair.publicKey,
      psk: this.#identity.psk,
      instanceId: this.instanceId,
      provider: world.provider,
      dh: world.slaveDh,
      limits: world.limits,
      keyring: this.keyring,
      counters: new LinkCounters(),
      mtuBytes: 0,
      software: "slave 1",
      randomBytes: world.randomBytes,
      rng: world.rng,
      wallClock: () => this.clock.wall(),
      openLinks: () => this.links.filter((link) => link.isUp).map((link) => link.id),
      send: (linkId, datagram) => {
        this.initiationsMs.push(world.clock.now);
        this.#link(linkId).up.send(datagram);
      },
      onWelcome: (welcome) => {
        this.welcomes.push({ welcome, atMs: world.clock.now });
        this.#talkOnAllLinks();
      },
      onRefusal: (refusal) => {
        this.refusals.push({ refusal, atMs: world.clock.now });
      },
    });
    this.isRunning = true;
    this.initiator.start(this.clock.now());
    this.#arm();
    this.#talkTimer.arm(world.clock.now + world.talkIntervalMs);
  }

  /** The power is cut, or kill -9. */
  stop(): void {
    this.isRunning = false;
  }

  sleep(): void {
    this.clock.sleep();
  }

  wake(): void {
    this.clock.wake();
    this.#arm();
    this.#talkTimer.arm(this.#world.clock.now);
  }

  cutLink(linkId: number): void {
    this.#link(linkId).setUp(false);
  }

  mendLink(linkId: number): void {
    this.#link(linkId).setUp(true);
    if (!this.#isAwake) return;
    this.initiator.handleLinkOpen(linkId, this.clock.now());
    this.#arm();
  }

  /** Seals one numbered word for a link and sends it. @returns whether there was a session. */
  say(linkId: number): boolean {
    const sealed = this.talk.seal(this.keyring.sending(this.clock.now()), linkId, WordKind.DATA);
    if (sealed !== null) {
      this.#link(linkId).up.send(sealed);
      this.initiator.handleAsked(this.clock.now());
    }
    return sealed !== null;
  }

  get #isAwake(): boolean {
    return this.isRunning && !this.clock.isAsleep;
  }

  #receive(link: HandshakeLink, packet: Packet): void {
    if (!this.#isAwake) return;
    const result = this.#handle(link, packet);
    if (result < 0) this.drops.count(result as DropReason);
    this.#arm();
  }

  #handle(link: HandshakeLink, packet: Packet): number {
    const now = this.clock.now();
    switch (packet.bytes[packet.start + 2]) {
      case DatagramType.RESPONSE:
        return this.initiator.handleResponse(packet, now);
      case DatagramType.COOKIE:
        return this.initiator.handleCookieReply(link.id, packet, now);
      default:
        return this.#handleTransport(link, packet, now);
    }
  }

  #handleTransport(link: HandshakeLink, packet: Packet, now: number): number {
    const session = this.keyring.find(readReceiverIndex(packet.view, packet.start), now);
    const kind = this.talk.open(session, link.id, packet);
    if (kind < 0) return kind;
    this.initiator.handleHeard();
    if (kind === WordKind.CLOSING) this.initiator.handleClosing(now);
    if (kind === WordKind.REPLACED) {
      this.keyring.clear();
      this.initiator.stop();
    }
    return 0;
  }

  #onTimeout(): void {
    if (!this.#isAwake) return;
    const now = this.clock.now();
    if (now >= this.initiator.nextTimeout()) this.initiator.handleTimeout(now);
    this.#arm();
  }

  #onTalk(): void {
    if (!this.#isAwake) return;
    this.#talkOnAllLinks();
    // As the daemon does, which has a timer more often than that.
    this.initiator.handleTimeout(this.clock.now());
    this.#arm();
    this.#talkTimer.arm(this.#world.clock.now + this.#world.talkIntervalMs);
  }

  #talkOnAllLinks(): void {
    for (const link of this.links) if (link.isUp) this.say(link.id);
  }

  #arm(): void {
    if (this.#isAwake) this.#timer.arm(this.clock.worldTimeOf(this.initiator.nextTimeout()));
  }

  #link(linkId: number): HandshakeLink {
    const link = this.links.find((it) => it.id === linkId);
    if (link === undefined) throw new Error(`Invariant: no link ${linkId}`);
    return link;
  }
}
