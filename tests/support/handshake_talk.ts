/**
 * What the ends of the handshake simulator say under their sessions: numbered words, so that a lost one is missed.
 *
 * @module
 */

import type { Session } from "../../src/peer/session.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";

/** The first byte. */
export const WordKind = { DATA: 1, CLOSING: 2, REPLACED: 3 } as const;

/** One of {@link WordKind}'s values. */
export type WordKind = typeof WordKind[keyof typeof WordKind];

/** One end's words. */
export class HandshakeTalk {
  /** Words said so far; the newest number. */
  said = 0;
  /** Numbers of the words that were heard. */
  readonly heard = new Set<number>();
  readonly #inner = new Packet(64);
  readonly #sealed = new Packet(256);

  /** Seals the next word; valid until the next call. Null: no session. */
  seal(session: Session | null, linkId: number, kind: WordKind): Packet | null {
    if (session === null) return null;
    const bytes = new Uint8Array(32);
    bytes[0] = kind;
    new DataView(bytes.buffer).setUint32(4, this.said + 1);
    this.#inner.fill(bytes);
    if (session.seal(this.#inner, linkId, this.#sealed) < 0) return null;
    this.said++;
    return this.#sealed;
  }

  /** Opens a word. @returns its kind, or a DropReason. */
  open(session: Session | null, linkId: number, packet: Packet): number {
    if (session === null) return DropReason.NO_SESSION;
    const result = session.open(packet, linkId);
    if (result < 0) return result;
    this.heard.add(packet.view.getUint32(packet.start + 4));
    return packet.bytes[packet.start]!;
  }
}
