/**
 * What a case of the bonding benchmark is: links, traffic, what must come of it. Data only.
 *
 * @module
 */

import type { LinkProfile } from "../../support/link_profile.ts";
import type { LteTraceOptions } from "../../support/lte_trace.ts";
import type { ReplayStep } from "../../support/recorded_links.ts";

/** Which way the payload goes: `up` is from the laptop to the server. */
export type Direction = "up" | "down";

/** One emulated link; rates in bits per second, delays one way. */
export interface CaseLink {
  readonly up: Partial<LinkProfile>;
  readonly down: Partial<LinkProfile>;
  /** Rate and delay follow this trace both ways. */
  readonly trace?: LteTraceOptions;
  /** It follows a recording: times are from the beginning of the measured time. */
  readonly recorded?: readonly ReplayStep[];
}

/** A change of a link while the case is measured. */
export interface CaseStep {
  /** From the beginning of the measured time, after the warm-up; in ms. */
  readonly atMs: number;
  readonly link: number;
  /** Both ways. */
  readonly change?: Partial<LinkProfile>;
  readonly cut?: boolean;
}

/** What is sent. */
export const Traffic = {
  /** Some TCP flows one way. */
  TCP: "tcp",
  /** One TCP flow each way, at once. */
  BOTH_WAYS: "both ways",
  /** A UDP stream alone. */
  UDP: "udp",
  /** A UDP stream beside one TCP flow. */
  UDP_BESIDE_TCP: "udp beside tcp",
  /** One TCP flow whose stalls count: by a tool of our own that sees each read. */
  TCP_STALLS: "tcp stalls",
} as const;

/** One of {@link Traffic}'s values. */
export type Traffic = typeof Traffic[keyof typeof Traffic];

/** What must be reached; what is left out is only reported. */
export interface Floor {
  readonly goodputMbps?: number;
  /** Goodput against the tunnel over the best link alone, 0.97 by default; 0 for none. */
  readonly ofAlone?: number;
  /** Goodput against the links' capacity, integrated over the measured time where it changes. */
  readonly ofCapacity?: number;
  /** Goodput against the sum of what the tunnel gets over each link alone (the links are equal). */
  readonly ofAloneSum?: number;
  /** Ping under load above the idle one, in ms. */
  readonly pingP50Ms?: number;
  readonly pingP99Ms?: number;
  /** Segments that the inner sender sends again, as a fraction. */
  readonly retransmitted?: number;
  readonly stallMs?: number;
  readonly lostPkts?: number;
  readonly lostFraction?: number;
  /** The stream's p99 delay above the best link's own, in ms. */
  readonly delayP99Ms?: number;
  readonly usedAgainMs?: number;
}

/** One case. */
export interface BondingCase {
  readonly name: string;
  /** For the table. */
  readonly shows: string;
  /** Empty: plain cables, no emulator. */
  readonly links: readonly CaseLink[];
  /** Which link is the best one alone; 0 by default. */
  readonly best?: number;
  readonly traffic: Traffic;
  /** TCP flows; 1 by default. */
  readonly streams?: number;
  /** The UDP stream. */
  readonly udp?: { readonly packetsPerSecond: number; readonly payloadBytes: number };
  readonly steps?: readonly CaseStep[];
  /** Measured time when it is not the usual 20 s; the quick run takes it too when there are steps. */
  readonly seconds?: number;
  /** Beside the figure for each direction. */
  readonly floor: Floor;
}
