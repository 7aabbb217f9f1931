/**
 * Two ends of one session, as a handshake would have made them.
 *
 * @module
 */

import { type AeadProvider, CipherId } from "../../src/peer/aead.ts";
import { LinkCounters, Session, type SessionOptions } from "../../src/peer/session.ts";
import { Packet } from "../../src/wire/packet.ts";
import { nobleAead } from "./noble_aead.ts";

/** Key of what the initiator sends, and of what it receives. */
export const PAIR_KEYS = {
  toResponder: Uint8Array.from({ length: 32 }, (_, i) => i + 1),
  toInitiator: Uint8Array.from({ length: 32 }, (_, i) => 0xf0 - i),
} as const;

/** What the responder's packets to the initiator carry, and the other way round. */
export const INITIATOR_INDEX = 0x0101_0101;
export const RESPONDER_INDEX = 0xfefe_fefe;

/** See {@link sessionPair}. */
export interface SessionPair {
  readonly initiator: Session;
  readonly initiatorCounters: LinkCounters;
  readonly responder: Session;
  readonly responderCounters: LinkCounters;
}

/** Makes both ends. */
export function sessionPair(
  { provider = nobleAead(), cipher = CipherId.CHACHA20_POLY1305 }: {
    provider?: AeadProvider;
    cipher?: CipherId;
  } = {},
): SessionPair {
  const initiatorCounters = new LinkCounters();
  const responderCounters = new LinkCounters();
  const initiator = testSession({ provider, cipher, counters: initiatorCounters });
  const responder = testSession({
    provider,
    cipher,
    counters: responderCounters,
    sendKey: PAIR_KEYS.toInitiator.slice(),
    receiveKey: PAIR_KEYS.toResponder.slice(),
    localIndex: RESPONDER_INDEX,
    remoteIndex: INITIATOR_INDEX,
    isInitiator: false,
  });
  return { initiator, initiatorCounters, responder, responderCounters };
}

/** Makes one end: the initiator's, but for what `options` say. */
export function testSession(options: Partial<SessionOptions> = {}): Session {
  return new Session({
    provider: nobleAead(),
    cipher: CipherId.CHACHA20_POLY1305,
    sendKey: PAIR_KEYS.toResponder.slice(),
    receiveKey: PAIR_KEYS.toInitiator.slice(),
    localIndex: INITIATOR_INDEX,
    remoteIndex: RESPONDER_INDEX,
    isInitiator: true,
    counters: new LinkCounters(),
    createdMs: 0,
    remoteInstanceId: "0011223344556677",
    ...options,
  });
}

/** A packet of these bytes. */
export function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(2_000);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

/** A copy, as the network makes one: open works in place. */
export function copyOf(packet: Packet): Packet {
  return packetOf(...packet.toBytes());
}

/** Seals these bytes. The packet is new each time, so that several can be under way. @throws Error when it is refused. */
export function sealed(session: Session, linkId: number, ...inner: number[]): Packet {
  const out = new Packet(2_000);
  const result = session.seal(packetOf(...inner), linkId, out);
  if (result < 0) throw new Error(`Cannot seal: ${result}`);
  return out;
}
