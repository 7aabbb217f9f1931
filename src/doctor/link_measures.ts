/**
 * What was measured of links, before it is judged. Types only. Pure.
 *
 * @module
 */

import type { Transport } from "../linkmap/datagram_socket.ts";
import type { FloodResult } from "./flood.ts";

/** What was measured of one link alone. */
export interface LinkMeasures {
  readonly id: number;
  readonly name: string;
  readonly transport: Transport;
  /** Median round trip of small pings without load, ms. */
  readonly idleMs: number;
  /** Part of them that was not answered, 0..1. */
  readonly idleLostFraction: number;
  readonly mtu: MtuMeasure;
  /** Towards the master; null: not measured, since the link is metered or nothing was to be. */
  readonly up: FloodResult | null;
  readonly down: DownMeasure;
}

/** What size of packets passes. */
export interface MtuMeasure {
  /** Largest IP packet of the tunnel that goes over the link unfragmented, bytes; null: not known. */
  readonly packetBytes: number | null;
  /** Whether a packet of the tunnel's full size gets through at all, fragmented or not; null: not tried. */
  readonly passesFull: boolean | null;
  /** The tunnel's MTU, the master's word. */
  readonly tunnelBytes: number;
}

/** The way from the master. */
export type DownMeasure =
  | { readonly kind: "measured"; readonly rateBps: number; readonly limit: DownLimit }
  | { readonly kind: "no-replies" }
  | { readonly kind: "not-tried" };

/**
 * What held the rate down: the link; or, so that it carries at least as much, what was asked for; or the bytes that may be spent, which
 * were gone before the master had come to the link's rate.
 */
export type DownLimit = "link" | "asked" | "bytes";

/** How long the way back of a link stays open while nothing goes over it. */
export type NatMeasure =
  /** Open after so long, 0: not even after the shortest; closed after so long, Infinity: open after the longest, too. ms */
  | { readonly kind: "measured"; readonly openMs: number; readonly closedMs: number }
  | { readonly kind: "no-replies" };

/** What was measured of a link alone and then together with the others. */
export interface SharedMeasure {
  readonly name: string;
  readonly aloneBps: number;
  readonly togetherBps: number;
}
