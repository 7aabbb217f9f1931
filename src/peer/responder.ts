/**
 * The master's side of handshakes: what it answers to an initiation, and to whom nothing. Pure.
 *
 * What is cheap comes first: length and header; mac1, without which nobody gets anything; an answer that is stored; under
 * load the proof of the source's address; then the Diffie-Hellman that says who speaks; and only to a slave that is known
 * is anything answered.
 *
 * @module
 */

import type { CipherId } from "./aead.ts";
import { CookieChecker, hasMac2 } from "./cookie.ts";
import { HandshakeBudget } from "./handshake_budget.ts";
import { chooseCipher, chooseVersion } from "./handshake_choice.ts";
import {
  type InitiationFields,
  isInitiation,
  mac1TextOf,
  readInitiation,
  writeResponse,
} from "./handshake_message.ts";
import {
  decodeHello,
  encodeAnswer,
  type Hello,
  MIN_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  RefusalCode,
} from "./handshake_payload.ts";
import { handshakePrologue } from "./handshake_prologue.ts";
import { LazyKeyPair } from "./lazy_key_pair.ts";
import { NoiseResponder } from "./noise.ts";
import type { HandshakeSource, ResponderOptions, SlaveHandshakes } from "./responder_options.ts";
import { Session } from "./session.ts";
import { compareStamps, NO_STAMP } from "./stamp.ts";
import { StoredAnswers } from "./stored_answers.ts";
import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";

/** What {@link Responder.handleInitiation} has written. */
export const HandshakeAnswer = {
  /** A welcome: there is a new session, which waits for its first packet. */
  WELCOME: 1,
  /** A copy of an answer. */
  COPY: 2,
  /** A cookie reply. */
  COOKIE: 3,
  /** A refusal. */
  REFUSAL: 4,
} as const;

/** One of {@link HandshakeAnswer}'s values. */
export type HandshakeAnswer = typeof HandshakeAnswer[keyof typeof HandshakeAnswer];

/** An initiation of a slave that is known. */
interface KnownInitiation {
  readonly noise: NoiseResponder;
  readonly fields: InitiationFields;
  /** What an exact copy of it is recognised by. */
  readonly name: string;
  readonly slave: SlaveHandshakes;
  readonly slaveKey: Uint8Array<ArrayBuffer>;
  readonly hello: Hello;
}

/** Answers initiations. */
export class Responder {
  readonly #options: ResponderOptions;
  readonly #checker: CookieChecker;
  readonly #budget = new HandshakeBudget();
  readonly #answers = new StoredAnswers();

  constructor(options: ResponderOptions) {
    this.#options = options;
    const { localStatic, randomBytes, mac1 } = options;
    this.#checker = new CookieChecker(localStatic.publicKey, randomBytes, mac1);
  }

  /** What is kept of strangers' and slaves' initiations, in entries: bounded, whatever comes. */
  get rememberedEntries(): number {
    return this.#budget.sources + this.#answers.size;
  }

  /**
   * Takes an initiation, whole datagram.
   * @param out where an answer is written.
   * @returns a {@link HandshakeAnswer}: `out` is to be sent to the source, over the way the initiation came; or a DropReason.
   */
  handleInitiation(packet: Packet, source: HandshakeSource, out: Packet, now: number): number {
    if (!isInitiation(packet)) return DropReason.BAD_HANDSHAKE;
    const name = mac1TextOf(packet);
    if (this.#isHopeless(packet, source, name, now)) return DropReason.HANDSHAKE_FLOOD;
    if (!this.#checker.hasGoodMac1(packet)) return DropReason.BAD_MAC;
    const found = this.#answers.find(name, out, now);
    if (found !== 0) return found > 0 ? HandshakeAnswer.COPY : DropReason.HANDSHAKE_FLOOD;
    const admitted = this.#admit(packet, source, out, now);
    if (admitted !== 0) return admitted;
    const fields = readInitiation(packet);
    if (fields === null) return DropReason.BAD_HANDSHAKE;
    const { dh, localStatic, randomBytes } = this.#options;
    const noise = new NoiseResponder({
      dh,
      prologue: handshakePrologue(fields.senderIndex),
      localStatic,
      localEphemeral: new LazyKeyPair(dh, randomBytes),
      hasPsk: true,
    });
    const initiation = this.#read(noise, fields, name);
    const result = typeof initiation === "number" ? initiation : this.#answer(initiation, out, now);
    noise.wipe();
    return result;
  }

  /**
   * A session of the slave was confirmed: its instance is the one in use, and another one before it is replaced, for good.
   * @returns whether there was another one: its session is then the keyring's previous one, and it is to be told.
   */
  handleConfirmed(slave: SlaveHandshakes, instanceId: string): boolean {
    return slave.memory.confirm(instanceId);
  }

  /**
   * A slave's sessions were wiped though it has not asked (its key was revoked): the stored answers to it are, too, so that
   * no copy of a welcome names a session that is gone.
   */
  forget(slave: SlaveHandshakes): void {
    this.#answers.forget(slave.memory);
  }

  /** Whether a flood has used up what could be answered, so that not even mac1 need be looked at. */
  #isHopeless(packet: Packet, source: HandshakeSource, name: string, now: number): boolean {
    return this.#budget.isSwamped(now) && !hasMac2(packet) && !this.#answers.has(name) &&
      !source.isProven;
  }

  /** Whether an initiation is worked on. @returns 0: yes; else what handleInitiation returns. */
  #admit(packet: Packet, source: HandshakeSource, out: Packet, now: number): number {
    const budget = this.#budget;
    if (budget.countInitiation(now)) {
      if (this.#checker.hasGoodMac2(packet, source.text, now)) {
        if (!budget.takeSource(source.text, "cookie", now)) return DropReason.HANDSHAKE_FLOOD;
      } else if (!source.isProven || !budget.takeSource(source.text, "address", now)) {
        if (!budget.takeCookie(now)) return DropReason.HANDSHAKE_FLOOD;
        this.#checker.writeCookieReply(out, packet, source.text, now);
        return HandshakeAnswer.COOKIE;
      }
    }
    return budget.takeRead(now) ? 0 : DropReason.HANDSHAKE_FLOOD;
  }

  #read(noise: NoiseResponder, fields: InitiationFields, name: string): KnownInitiation | number {
    const read = noise.readInitiation(fields.noiseMessage);
    if (read === null) return DropReason.UNKNOWN_KEY;
    const slave = this.#options.findSlave(read.remoteStatic);
    if (slave === null) return DropReason.UNKNOWN_KEY;
    const hello = decodeHello(read.payload);
    if (hello === null) return DropReason.BAD_HANDSHAKE;
    return { noise, fields, name, slave, slaveKey: read.remoteStatic, hello };
  }

  #answer(initiation: KnownInitiation, out: Packet, now: number): number {
    const { slave: { memory, isRevoked }, hello } = initiation;
    if (memory.lastStamp !== null && compareStamps(hello.stamp, memory.lastStamp) <= 0) {
      if (!memory.staleAnswers.take(now, 1)) return DropReason.STALE_HANDSHAKE;
      return this.#refuse(initiation, RefusalCode.STALE_STAMP, out, now);
    }
    if (!memory.freshAnswers.take(now, 1)) return DropReason.HANDSHAKE_FLOOD;
    // Also when it is refused, so that a copy of it is an old one.
    memory.lastStamp = hello.stamp;
    if (isRevoked) return this.#refuse(initiation, RefusalCode.REVOKED, out, now);
    if (memory.replacedInstances.includes(hello.instanceId)) {
      return this.#refuse(initiation, RefusalCode.REPLACED, out, now);
    }
    const version = chooseVersion(hello);
    if (version === null) return this.#refuse(initiation, RefusalCode.VERSION, out, now);
    const cipher = chooseCipher(this.#options.provider.ciphers, hello.ciphers);
    if (cipher === null) return this.#refuse(initiation, RefusalCode.CIPHER, out, now);
    return this.#welcome(initiation, { version, cipher }, out, now);
  }

  #welcome(
    initiation: KnownInitiation,
    { version, cipher }: { readonly version: number; readonly cipher: CipherId },
    out: Packet,
    now: number,
  ): number {
    const { instanceId, mtuBytes, software, provider, freeIndex } = this.#options;
    const { noise, fields, name, slave, slaveKey, hello } = initiation;
    this.#budget.chargeAnswer(now);
    const localIndex = freeIndex();
    const grantedMtuBytes = hello.mtuBytes === 0 ? mtuBytes : Math.min(hello.mtuBytes, mtuBytes);
    const response = noise.writeResponse(
      slave.psk,
      encodeAnswer({
        kind: "welcome",
        version,
        cipher,
        instanceId,
        sessionIndex: localIndex,
        addresses: slave.addresses,
        mtuBytes: grantedMtuBytes,
        name: slave.name,
        software,
      }),
    );
    if (response === null) return DropReason.BAD_HANDSHAKE;
    const session = new Session({
      provider,
      cipher,
      sendKey: response.keys.sendKey,
      receiveKey: response.keys.receiveKey,
      localIndex,
      remoteIndex: fields.senderIndex,
      isInitiator: false,
      counters: slave.counters,
      createdMs: now,
      remoteInstanceId: hello.instanceId,
    });
    slave.keyring.addResponded(session);
    slave.memory.grantedMtuBytes = grantedMtuBytes;
    writeResponse(out, fields.senderIndex, response.message, slaveKey);
    this.#answers.store(slave.memory, "welcome", name, out, now);
    return HandshakeAnswer.WELCOME;
  }

  #refuse(initiation: KnownInitiation, code: RefusalCode, out: Packet, now: number): number {
    const { noise, fields, name, slave, slaveKey } = initiation;
    this.#budget.chargeAnswer(now);
    const response = noise.writeResponse(
      slave.psk,
      encodeAnswer({
        kind: "refusal",
        code,
        minVersion: MIN_PROTOCOL_VERSION,
        maxVersion: PROTOCOL_VERSION,
        lastStamp: slave.memory.lastStamp ?? NO_STAMP.slice(),
        software: this.#options.software,
      }),
    );
    if (response === null) return DropReason.BAD_HANDSHAKE;
    response.keys.sendKey.fill(0);
    response.keys.receiveKey.fill(0);
    writeResponse(out, fields.senderIndex, response.message, slaveKey);
    this.#answers.store(slave.memory, "refusal", name, out, now);
    return HandshakeAnswer.REFUSAL;
  }
}
