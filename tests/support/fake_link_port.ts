/**
 * A link that remembers what the multiplexer sent over it.
 *
 * @module
 */

import type { LinkPort } from "../../src/multiplexer/link_port.ts";
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from "../../src/multiplexer/link_settings.ts";
import {
  readDataFlags,
  readGroupSeqNo,
  readOrderGroup,
  readSentUs,
  stripDataHeader,
} from "../../src/wire/data_header.ts";
import { InnerKind, readInnerKind } from "../../src/wire/inner_message.ts";
import { Packet } from "../../src/wire/packet.ts";

/** What sealing adds to a message. */
export const SEAL_OVERHEAD_BYTES = 32;

/** A data message, taken apart. */
export interface SentData {
  /** Number of the datagram on its link. */
  readonly linkSeqNo: number;
  /** Monotonic ms. */
  readonly atMs: number;
  readonly flags: number;
  readonly group: number;
  readonly groupSeqNo: number;
  readonly sentUs: number;
  /** The inner IP packet. */
  readonly packet: Uint8Array;
}

/** A message that was sent. */
export interface SentMessage {
  readonly linkSeqNo: number;
  readonly atMs: number;
  /** One of {@link InnerKind}. */
  readonly kind: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Options of a {@link FakeLinkPort}. */
export interface FakeLinkPortOptions {
  readonly name?: string;
  readonly isInitiator?: boolean;
  readonly isReliable?: boolean;
  readonly maxDatagramBytes?: number;
  readonly canProbeMtu?: boolean;
  readonly settings?: Partial<LinkSettings>;
}

/** Records; while {@link refusal} is negative it takes nothing and gives it back. */
export class FakeLinkPort implements LinkPort {
  readonly id: number;
  readonly name: string;
  readonly isInitiator: boolean;
  readonly isReliable: boolean;
  maxDatagramBytes: number;
  readonly canProbeMtu: boolean;
  settings: LinkSettings;
  lastSeqNo = -1;
  /** A DropReason, or 0: everything is taken. */
  refusal = 0;
  readonly sent: SentMessage[] = [];
  /** Sends that were refused. */
  refused = 0;

  constructor(id: number, options: FakeLinkPortOptions = {}) {
    this.id = id;
    this.name = options.name ?? `link${id}`;
    this.isInitiator = options.isInitiator ?? true;
    this.isReliable = options.isReliable ?? false;
    this.maxDatagramBytes = options.maxDatagramBytes ?? 1_472;
    this.canProbeMtu = options.canProbeMtu ?? false;
    this.settings = { ...DEFAULT_LINK_SETTINGS, ...options.settings };
  }

  send(message: Packet, now: number): number {
    if (this.refusal < 0) {
      this.refused++;
      return this.refusal;
    }
    this.lastSeqNo++;
    this.sent.push({
      linkSeqNo: this.lastSeqNo,
      atMs: now,
      kind: readInnerKind(message),
      bytes: message.toBytes().slice(),
    });
    return message.length + SEAL_OVERHEAD_BYTES;
  }

  /** The messages of one kind, so far. */
  sentOf(kind: number): SentMessage[] {
    return this.sent.filter((message) => message.kind === kind);
  }

  /** The data messages, so far. */
  sentData(): SentData[] {
    return this.sentOf(InnerKind.DATA).map(readSentData);
  }
}

/** Takes a data message apart. */
export function readSentData({ linkSeqNo, atMs, bytes }: SentMessage): SentData {
  const message = new Packet(bytes.length);
  message.fill(bytes);
  stripDataHeader(message);
  return {
    linkSeqNo,
    atMs,
    flags: readDataFlags(message),
    group: readOrderGroup(message),
    groupSeqNo: readGroupSeqNo(message),
    sentUs: readSentUs(message),
    packet: message.toBytes().slice(),
  };
}
