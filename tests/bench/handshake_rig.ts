/**
 * Both ends of handshakes in this process, without network: a master's responder and a slave's
 * initiator, under a clock that is only told.
 *
 * @module
 */

import { openMac1 } from "../../src/crypto/mac1.ts";
import type { Mac } from "../../src/peer/cookie.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import { type AeadProvider, CipherId } from "../../src/peer/aead.ts";
import { MIN_HELLO_BYTES, writeInitiation } from "../../src/peer/handshake_message.ts";
import { HandshakeMemory } from "../../src/peer/handshake_memory.ts";
import { Initiator } from "../../src/peer/initiator.ts";
import { type DiffieHellman, generateKeyPair, type KeyPair } from "../../src/peer/key_pair.ts";
import { Keyring, type SessionObserver } from "../../src/peer/keyring.ts";
import { NOISE_INITIATION_OVERHEAD_BYTES } from "../../src/peer/noise.ts";
import { HandshakeAnswer, Responder } from "../../src/peer/responder.ts";
import type { SlaveHandshakes } from "../../src/peer/responder_options.ts";
import { LinkCounters } from "../../src/peer/session.ts";
import { DEFAULT_SESSION_LIMITS } from "../../src/peer/session_limits.ts";
import { SessionTable } from "../../src/peer/session_table.ts";
import { Packet } from "../../src/wire/packet.ts";

const NOBODY: SessionObserver = { onAdded: () => {}, onDropped: () => {} };

/** A master and one slave. */
export class HandshakeRig implements Disposable {
  /** Monotonic ms of both ends. Only goes forward. */
  now = 1_000;
  readonly masterKey: Uint8Array<ArrayBuffer>;
  /** The MAC of what is sent to the master. */
  readonly mac1: Mac;
  readonly responder: Responder;
  readonly initiator: Initiator;
  /** What the initiator sent last. */
  readonly initiation = new Packet(600);
  /** What the responder answered last. */
  readonly answer = new Packet(600);
  welcomes = 0;
  readonly #slave: SlaveHandshakes;
  readonly #keyring = new Keyring(DEFAULT_SESSION_LIMITS, NOBODY);

  /** With keys of its own, and the MAC that a daemon uses. */
  static async create(dh: DiffieHellman, provider: AeadProvider): Promise<HandshakeRig> {
    const master = generateKeyPair(dh, randomBytes);
    return new HandshakeRig(dh, provider, { master, mac1: await openMac1(master.publicKey) });
  }

  private constructor(
    dh: DiffieHellman,
    provider: AeadProvider,
    { master, mac1 }: { readonly master: KeyPair; readonly mac1: Mac },
  ) {
    this.mac1 = mac1;
    const slave = generateKeyPair(dh, randomBytes);
    const psk = randomBytes(32);
    this.masterKey = master.publicKey;
    this.#slave = {
      name: "laptop",
      psk,
      isRevoked: false,
      addresses: [{ address: "10.10.10.2", prefixBits: 24 }],
      keyring: new Keyring(DEFAULT_SESSION_LIMITS, NOBODY),
      counters: new LinkCounters(),
      memory: new HandshakeMemory(),
    };
    const common = { provider, dh, randomBytes, software: "bindlink bench", mtuBytes: 1_340 };
    this.responder = new Responder({
      ...common,
      mac1,
      localStatic: master,
      instanceId: "0123456789abcdef",
      findSlave: () => this.#slave,
      freeIndex: () => new SessionTable(randomBytes).freeIndex(),
    });
    this.initiator = new Initiator({
      ...common,
      localStatic: slave,
      remoteStatic: master.publicKey,
      psk,
      instanceId: "fedcba9876543210",
      limits: DEFAULT_SESSION_LIMITS,
      keyring: this.#keyring,
      counters: new LinkCounters(),
      rng: Math.random,
      wallClock: () => 1.8e12 + this.now,
      openLinks: () => [1],
      send: (_, datagram) => this.initiation.fill(datagram.toBytes()),
      onWelcome: () => this.welcomes++,
      onRefusal: ({ code }) => {
        throw new Error(`A handshake was refused: ${code}`);
      },
    });
  }

  /** Writes the slave's next initiation. Time passes, so that no budget is felt. */
  initiate(): void {
    this.now += 2_000;
    this.initiator.start(this.now);
  }

  /** The master reads it. @throws Error when the answer is another one. */
  respond(expected: HandshakeAnswer): void {
    const result = this.receive(this.initiation, "192.0.2.1:5000");
    if (result !== expected) throw new Error(`A handshake was answered by ${result}`);
  }

  /** The slave reads the welcome. */
  finish(): void {
    const before = this.welcomes;
    this.initiator.handleResponse(this.answer, this.now);
    if (this.welcomes !== before + 1) throw new Error("A welcome was not taken");
  }

  /** The master reads an initiation. @returns what the responder returns. */
  receive(packet: Packet, text: string): number {
    return this.responder.handleInitiation(
      packet,
      { text, isProven: false },
      this.answer,
      this.now,
    );
  }

  [Symbol.dispose](): void {
    this.initiator.stop();
    this.#keyring.clear();
    this.#slave.keyring.clear();
  }
}

/** An initiation of right length that decrypts to nothing, with a mac1 for this key. */
export function forgeInitiation(masterKey: Uint8Array): Packet {
  const packet = new Packet(600);
  const noiseMessage = randomBytes(NOISE_INITIATION_OVERHEAD_BYTES + MIN_HELLO_BYTES);
  const [senderIndex = 0] = crypto.getRandomValues(new Uint32Array(1));
  writeInitiation(packet, senderIndex, noiseMessage, masterKey);
  return packet;
}

/** Cryptographically random bytes. */
export function randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(lengthBytes));
}

/** Genuine initiations of a slave, each with a stamp of its own, a day old. */
export function oldInitiations(
  localStatic: KeyPair,
  remoteStatic: Uint8Array<ArrayBuffer>,
  psk: Uint8Array<ArrayBuffer>,
): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  for (let i = 0; i < OLD_INITIATIONS; i++) {
    const initiator = new Initiator({
      localStatic,
      remoteStatic,
      psk,
      instanceId: "fedcba9876543210",
      provider: { label: "none", ciphers: [CipherId.AES_256_GCM], ...NO_CIPHERS },
      dh: nodeDiffieHellman,
      limits: DEFAULT_SESSION_LIMITS,
      keyring: new Keyring(DEFAULT_SESSION_LIMITS, NOBODY),
      counters: new LinkCounters(),
      mtuBytes: 0,
      software: "bindlink bench",
      randomBytes,
      rng: Math.random,
      wallClock: () => Date.now() - DAY_MS + i,
      openLinks: () => [1],
      send: (_, datagram) => void datagrams.push(datagram.toBytes().slice()),
      onWelcome: () => {},
      onRefusal: () => {},
    });
    initiator.start(0);
    initiator.stop();
  }
  return datagrams;
}

/** What somebody who listened for hours may have recorded. */
const OLD_INITIATIONS = 128;

const DAY_MS = 86_400_000;

/** An initiation needs none. */
const NO_CIPHERS: Pick<AeadProvider, "createSealer" | "createOpener"> = {
  createSealer: () => {
    throw new Error("Invariant: there is no session");
  },
  createOpener: () => {
    throw new Error("Invariant: there is no session");
  },
};
