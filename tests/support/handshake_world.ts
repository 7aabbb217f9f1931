/**
 * The handshake simulator's world: a master, machines with slaves' tokens, links between them, one virtual clock, one seed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatagramPipe, HandshakeLink } from "./handshake_link.ts";
import { HandshakeMaster } from "./handshake_master.ts";
import { HandshakeSlave } from "./handshake_slave.ts";
import type { LinkProfile } from "./link_profile.ts";
import { nobleAead } from "./noble_aead.ts";
import { mulberry32 } from "./rng.ts";
import { VirtualClock } from "./virtual_clock.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import type { AeadProvider } from "../../src/peer/aead.ts";
import {
  type DiffieHellman,
  generateKeyPair,
  type KeyPair,
  type RandomBytes,
} from "../../src/peer/key_pair.ts";
import type { Session } from "../../src/peer/session.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../../src/peer/session_limits.ts";
import { Packet } from "../../src/wire/packet.ts";

/** X25519 that counts what is asked of it. */
export class CountingDiffieHellman implements DiffieHellman {
  operations = 0;

  publicKey(secretKey: Uint8Array): Uint8Array<ArrayBuffer> {
    this.operations++;
    return nodeDiffieHellman.publicKey(secretKey);
  }

  sharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> | null {
    this.operations++;
    return nodeDiffieHellman.sharedSecret(secretKey, publicKey);
  }
}

/** What a world is made of. */
export interface HandshakeWorldOptions {
  readonly seed: number;
  /** Both directions of each link of each slave; a good link when left out. */
  readonly links?: readonly Partial<LinkProfile>[];
  readonly limits?: Partial<SessionLimits>;
  /** How often either end says a word on each link, in ms; a second when left out. */
  readonly talkIntervalMs?: number;
}

/** Bytes of randomness from numbers in [0, 1). */
export function randomBytesFrom(rng: () => number): RandomBytes {
  return (lengthBytes) => Uint8Array.from({ length: lengthBytes }, () => Math.floor(rng() * 256));
}

/** The world. */
export class HandshakeWorld {
  readonly clock = new VirtualClock();
  readonly seed: number;
  readonly rng: () => number;
  readonly randomBytes: RandomBytes;
  readonly provider: AeadProvider = nobleAead();
  readonly limits: SessionLimits;
  readonly talkIntervalMs: number;
  readonly masterDh = new CountingDiffieHellman();
  readonly slaveDh = new CountingDiffieHellman();
  readonly master: HandshakeMaster;
  readonly #profiles: readonly Partial<LinkProfile>[];
  #machines = 0;

  /** Makes the world and starts its master. */
  constructor(options: HandshakeWorldOptions) {
    this.seed = options.seed;
    this.rng = mulberry32(options.seed);
    this.randomBytes = randomBytesFrom(this.rng);
    this.limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.talkIntervalMs = options.talkIntervalMs ?? 1_000;
    this.#profiles = options.links ?? [{ delayMs: 20 }];
    this.master = new HandshakeMaster(this);
    this.master.start();
  }

  makeInstanceId(): string {
    return Array.from(this.randomBytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /** A new slave's keys, known to the master. */
  invite(): { readonly keyPair: KeyPair; readonly psk: Uint8Array<ArrayBuffer> } {
    const keyPair = generateKeyPair(this.slaveDh, this.randomBytes);
    const psk = this.randomBytes(32);
    this.master.invite(keyPair.publicKey, psk);
    return { keyPair, psk };
  }

  /** A machine with these keys and links of its own; not started. */
  addMachine(identity = this.invite()): HandshakeSlave {
    const machine = ++this.#machines;
    const links = this.#profiles.map((profile, i) => {
      const makePipe = (): DatagramPipe =>
        new DatagramPipe(this.clock, profile, mulberry32(Math.floor(this.rng() * 2 ** 32)));
      const source = `10.${machine >> 8}.${machine & 255}.${i + 1}:5000`;
      const link = new HandshakeLink(i + 1, source, { up: makePipe(), down: makePipe() });
      link.up.onArrival = (packet) => this.master.receive(link, packet);
      return link;
    });
    return new HandshakeSlave(this, this.clock, identity, links);
  }

  runUntil(timeMs: number): void {
    this.clock.runUntil(timeMs);
  }

  runFor(timeMs: number): void {
    this.clock.runUntil(this.clock.now + timeMs);
  }

  /** Lets time pass until something holds, step by step. @returns the time it took; fails after `atMostMs`. */
  runUntilTrue(condition: () => boolean, atMostMs: number, what: string): number {
    const startMs = this.clock.now;
    while (!condition()) {
      const passedMs = this.clock.now - startMs;
      assert.ok(passedMs < atMostMs, `${what}: not within ${atMostMs} ms (seed ${this.seed})`);
      this.runFor(10);
    }
    return this.clock.now - startMs;
  }

  /** Whether what a slave and the master would send each other now is opened by the other. Nothing goes over the links. */
  isAgreed(slave: HandshakeSlave): boolean {
    const { master } = this;
    if (!slave.isRunning || !master.isRunning) return false;
    const peer = master.peer(slave.publicKey);
    const ours = slave.keyring.sending(slave.clock.now());
    const theirs = peer.keyring.sending(master.now);
    if (ours === null || theirs === null) return false;
    const atMaster = master.sessions.get(ours.remoteIndex) === peer
      ? peer.keyring.find(ours.remoteIndex, master.now)
      : null;
    const atSlave = slave.keyring.find(theirs.remoteIndex, slave.clock.now());
    return carries(ours, atMaster) && carries(theirs, atSlave);
  }

  /** Lets time pass until a slave and the master agree. @returns the time it took. */
  runUntilAgreed(slave: HandshakeSlave, atMostMs: number): number {
    return this.runUntilTrue(() => this.isAgreed(slave), atMostMs, "agreement");
  }
}

function carries(from: Session, to: Session | null): boolean {
  if (to === null) return false;
  const inner = new Packet(64);
  const sealed = new Packet(256);
  inner.fill(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 42));
  if (from.seal(inner, CHECK_LINK_ID, sealed) < 0) return false;
  return to.open(sealed, CHECK_LINK_ID) === 0 && sealed.bytes[sealed.end - 1] === 42;
}

/** No link has it, so that the check takes no number from one. */
const CHECK_LINK_ID = 255;
