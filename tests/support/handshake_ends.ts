/**
 * One end of a handshake as it is, the other one played by the test: for what no end of ours would say.
 *
 * @module
 */

import { HELLO, WELCOME } from "./handshake_messages.ts";
import { CountingDiffieHellman, randomBytesFrom } from "./handshake_world.ts";
import { nobleAead } from "./noble_aead.ts";
import { mulberry32 } from "./rng.ts";
import { type AeadProvider, CipherId } from "../../src/peer/aead.ts";
import { HandshakeMemory } from "../../src/peer/handshake_memory.ts";
import {
  MAX_HANDSHAKE_BYTES,
  readInitiation,
  readResponse,
  writeInitiation,
  writeResponse,
} from "../../src/peer/handshake_message.ts";
import {
  decodeAnswer,
  decodeHello,
  encodeAnswer,
  encodeHello,
  type Hello,
  type Refusal,
  type Welcome,
} from "../../src/peer/handshake_payload.ts";
import { handshakePrologue } from "../../src/peer/handshake_prologue.ts";
import { Initiator } from "../../src/peer/initiator.ts";
import { generateKeyPair, type KeyPair } from "../../src/peer/key_pair.ts";
import { Keyring } from "../../src/peer/keyring.ts";
import { NoiseInitiator, type NoiseKeys, NoiseResponder } from "../../src/peer/noise.ts";
import { Responder } from "../../src/peer/responder.ts";
import type { SlaveHandshakes } from "../../src/peer/responder_options.ts";
import { LinkCounters } from "../../src/peer/session.ts";
import { DEFAULT_SESSION_LIMITS, type SessionLimits } from "../../src/peer/session_limits.ts";
import { Packet } from "../../src/wire/packet.ts";

const PSK = new Uint8Array(32).fill(7);

/** Keys of both ends, and randomness that repeats. */
class Ends {
  readonly dh = new CountingDiffieHellman();
  readonly randomBytes = randomBytesFrom(mulberry32(1));
  readonly slaveKeys: KeyPair = generateKeyPair(this.dh, this.randomBytes);
  readonly masterKeys: KeyPair = generateKeyPair(this.dh, this.randomBytes);
}

/** An initiator, with a master that the test plays. */
export class InitiatorRig extends Ends {
  readonly keyring: Keyring;
  readonly initiator: Initiator;
  /** What was sent, in order. */
  readonly sent: { readonly linkId: number; readonly datagram: Uint8Array<ArrayBuffer> }[] = [];
  readonly welcomes: Welcome[] = [];
  readonly refusals: Refusal[] = [];
  /** Newest stamps of the master's that ours were not later than. */
  readonly staleStamps: Uint8Array[] = [];
  readonly openLinks = new Set<number>();
  wallMs = 1_750_000_000_000;

  constructor(
    options: { readonly links?: readonly number[]; readonly limits?: Partial<SessionLimits> } = {},
  ) {
    super();
    for (const linkId of options.links ?? [1, 2]) this.openLinks.add(linkId);
    const limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.keyring = new Keyring(limits, { onAdded: () => {}, onDropped: () => {} });
    this.initiator = new Initiator({
      localStatic: this.slaveKeys,
      remoteStatic: this.masterKeys.publicKey,
      psk: PSK,
      instanceId: HELLO.instanceId,
      provider: nobleAead(),
      dh: this.dh,
      limits,
      keyring: this.keyring,
      counters: new LinkCounters(),
      mtuBytes: 0,
      software: "slave 1",
      randomBytes: this.randomBytes,
      rng: mulberry32(2),
      wallClock: () => this.wallMs,
      openLinks: () => this.openLinks,
      send: (linkId, datagram) => {
        this.sent.push({ linkId, datagram: datagram.toBytes().slice() });
      },
      onWelcome: (welcome) => void this.welcomes.push(welcome),
      onRefusal: (refusal) => void this.refusals.push(refusal),
      onStaleStamp: (stamp) => void this.staleStamps.push(stamp),
    });
  }

  /** The newest initiation. */
  get newest(): Uint8Array<ArrayBuffer> {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error("Invariant: nothing was sent");
    return last.datagram;
  }

  /** What an initiation says. */
  hello(datagram = this.newest): Hello {
    return this.#read(datagram).hello;
  }

  /** The response to an initiation. */
  respond(answer: Welcome | Refusal, datagram = this.newest): Packet {
    const { noise, senderIndex } = this.#read(datagram);
    const response = noise.writeResponse(PSK, encodeAnswer(answer));
    if (response === null) throw new Error("Invariant: a key of low order");
    const out = new Packet(MAX_HANDSHAKE_BYTES);
    writeResponse(out, senderIndex, response.message, this.slaveKeys.publicKey);
    return out;
  }

  /** Does all that is due up to a moment, each at its time. */
  runUntil(now: number): void {
    for (;;) {
      const dueMs = this.initiator.nextTimeout();
      if (dueMs > now) return;
      this.initiator.handleTimeout(dueMs);
      if (this.initiator.nextTimeout() <= dueMs) throw new Error(`Invariant: busy at ${dueMs} ms`);
    }
  }

  #read(datagram: Uint8Array): {
    readonly noise: NoiseResponder;
    readonly senderIndex: number;
    readonly hello: Hello;
  } {
    const fields = readInitiation(packetOf(datagram));
    if (fields === null) throw new Error("Invariant: no initiation");
    const noise = new NoiseResponder({
      dh: this.dh,
      prologue: handshakePrologue(fields.senderIndex),
      localStatic: this.masterKeys,
      localEphemeral: generateKeyPair(this.dh, this.randomBytes),
      hasPsk: true,
    });
    const hello = decodeHello(noise.readInitiation(fields.noiseMessage)?.payload ?? PSK);
    if (hello === null) throw new Error("Invariant: no hello");
    return { noise, senderIndex: fields.senderIndex, hello };
  }
}

/** An answer that is acceptable to {@link InitiatorRig}. */
export const GOOD_WELCOME: Welcome = { ...WELCOME, cipher: CipherId.CHACHA20_POLY1305 };

/** An initiation that a test made, and how its answer is read. */
export interface TestInitiation {
  readonly packet: Packet;
  /** @throws Error when it is no response to this one. */
  readonly read: (
    response: Packet,
  ) => { readonly answer: Welcome | Refusal; readonly keys: NoiseKeys };
}

/** What a {@link ResponderRig} has of a slave. */
export type TestSlave = SlaveHandshakes & { isRevoked: boolean };

/** A responder that knows one slave or more, which the test plays. */
export class ResponderRig extends Ends {
  readonly responder: Responder;
  readonly slave: TestSlave;
  readonly out = new Packet(MAX_HANDSHAKE_BYTES);
  readonly #slaves = new Map<string, TestSlave>();
  #nextIndex = 1_000;
  #senderIndex = 1;

  constructor(options: { readonly provider?: AeadProvider } = {}) {
    super();
    this.slave = this.addSlave(this.slaveKeys);
    this.responder = new Responder({
      localStatic: this.masterKeys,
      instanceId: WELCOME.instanceId,
      provider: options.provider ?? nobleAead([CipherId.AES_256_GCM, CipherId.CHACHA20_POLY1305]),
      dh: this.dh,
      mtuBytes: 1_400,
      software: "master 1",
      randomBytes: this.randomBytes,
      findSlave: (publicKey) => this.#slaves.get(publicKey.join()) ?? null,
      freeIndex: () => this.#nextIndex++,
    });
  }

  /** One more slave that the responder knows. */
  addSlave(keys: KeyPair): TestSlave {
    const slave = {
      name: "laptop",
      psk: PSK,
      isRevoked: false,
      addresses: WELCOME.addresses,
      keyring: new Keyring(DEFAULT_SESSION_LIMITS, { onAdded: () => {}, onDropped: () => {} }),
      counters: new LinkCounters(),
      memory: new HandshakeMemory(),
    };
    this.#slaves.set(keys.publicKey.join(), slave);
    return slave;
  }

  /** An initiation of the slave, or of another key. */
  initiate(hello: Partial<Hello> = {}, localStatic = this.slaveKeys): TestInitiation {
    const senderIndex = this.#senderIndex++;
    const noise = new NoiseInitiator({
      dh: this.dh,
      prologue: handshakePrologue(senderIndex),
      localStatic,
      localEphemeral: generateKeyPair(this.dh, this.randomBytes),
      psk: PSK,
      remoteStatic: this.masterKeys.publicKey,
    });
    const packet = new Packet(MAX_HANDSHAKE_BYTES);
    const message = noise.writeInitiation(encodeHello({ ...HELLO, ...hello }));
    writeInitiation(packet, senderIndex, message, this.masterKeys.publicKey);
    return { packet, read: (response) => readWith(noise, senderIndex, response) };
  }

  /** Gives an initiation to the responder, from a source whose address is proven or not. */
  take(
    packet: Packet,
    now: number,
    { text = "192.0.2.1:5000", isProven = false } = {},
  ): number {
    return this.responder.handleInitiation(packet, { text, isProven }, this.out, now);
  }
}

/** A packet of these bytes. */
export function packetOf(datagram: Uint8Array): Packet {
  const packet = new Packet(2 * MAX_HANDSHAKE_BYTES);
  packet.fill(datagram);
  return packet;
}

function readWith(
  noise: NoiseInitiator,
  senderIndex: number,
  response: Packet,
): ReturnType<TestInitiation["read"]> {
  const fields = readResponse(response);
  if (fields?.receiverIndex !== senderIndex) throw new Error("Invariant: no response to this one");
  const read = noise.readResponse(fields.noiseMessage);
  const answer = read === null ? null : decodeAnswer(read.payload);
  if (read === null || answer === null) throw new Error("Invariant: no answer");
  return { answer, keys: read.keys };
}
