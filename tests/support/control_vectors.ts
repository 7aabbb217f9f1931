/**
 * The stored control packets: those of the original daemon, and those of other Go programs.
 *
 * @module
 */

import goFile from "../vectors/legacy-control-go.json" with { type: "json" };
import originalFile from "../vectors/legacy-control.json" with { type: "json" };
import type { ControlPacket } from "../../src/wire/control_packet.ts";

/** One encoded control packet and what it means. */
export interface ControlVector {
  readonly name: string;
  /** Whether Go's decoder takes it as the original's ControlPacket. */
  readonly isAccepted: boolean;
  /** What it says, with numbers saturated and link ids outside 1..255 left out, as bindlink reads it. */
  readonly control: ControlPacket;
  /** Whether every number was within ±(2^53 - 1) and every link id within 1..255. */
  readonly isExact: boolean;
  readonly bytes: Uint8Array;
}

/** Control packets as the original daemon puts them on the wire. */
export const ORIGINAL_VECTORS: readonly ControlVector[] = originalFile.vectors.map((vector) =>
  toVector(`seqNo ${vector.seqNo}, ${JSON.stringify(vector.received)}`, true, vector)
);

/** Streams of other Go programs: tests/vectors/legacy_control_go/main.go. */
export const GO_VECTORS: readonly ControlVector[] = goFile.vectors.map((vector) =>
  toVector(vector.name, vector.accepted, vector)
);

interface StoredVector {
  readonly seqNo: string | number;
  readonly received: Readonly<Record<string, string | undefined>>;
  readonly hex: string;
}

function toVector(name: string, isAccepted: boolean, stored: StoredVector): ControlVector {
  const received = new Map<number, number>();
  let isExact = Number.isSafeInteger(Number(stored.seqNo));
  for (const [id, bytes] of Object.entries(stored.received)) {
    const linkId = Number(id);
    isExact &&= linkId >= 1 && linkId <= 255 && Number.isSafeInteger(Number(bytes));
    if (linkId >= 1 && linkId <= 255) received.set(linkId, saturate(Number(bytes)));
  }
  const control = { seqNo: saturate(Number(stored.seqNo)), received };
  const bytes = Uint8Array.from(stored.hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  return { name, isAccepted, control, isExact, bytes };
}

function saturate(value: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(value, Number.MAX_SAFE_INTEGER));
}
