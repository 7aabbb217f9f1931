/**
 * Whether what was carried came out as it went in, and whether memory stayed as it was. Pure.
 *
 * @module
 */

import { median } from "../statistics.ts";

/**
 * Memory may grow by this much from the middle third of a run to its last, as their medians. One byte kept of each packet of
 * a flow of 1.3 Gbit/s is 70 MiB in ten minutes, so in a run of half an hour this is a byte of each tenth packet.
 */
export const MAX_GROWTH_BYTES = 8 * 2 ** 20;

/**
 * Fewer do not say whether memory is flat: V8 doubles its young generation in the first minutes, by one step of some 25 MiB, and
 * a third needs more than one or two figures.
 */
export const MIN_MEMORY_MINUTES = 9;

/** What was carried in all. */
export interface Carried {
  /** Of TCP, as the senders and the receivers counted. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly wrongBytes: number;
  readonly corruptedDatagrams: number;
  /** Datagrams that came twice: the tunnel must not do that either. */
  readonly repeatedDatagrams: number;
}

/** One thing that was held to its bound. */
export interface Verdict {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly bound: number;
  readonly isHeld: boolean;
}

/** Judges the payload. */
export function judgePayload(carried: Carried): Verdict[] {
  const zero = (what: string, value: number, unit: string): Verdict => {
    return { what, value, unit, bound: 0, isHeld: value === 0 };
  };
  const missing = carried.sentBytes - carried.receivedBytes;
  return [
    zero("TCP: corrupted bytes", carried.wrongBytes, "bytes"),
    zero("TCP: bytes that are missing, or too many", Math.abs(missing), "bytes"),
    zero("UDP: corrupted datagrams", carried.corruptedDatagrams, "packets"),
    zero("UDP: datagrams that came twice", carried.repeatedDatagrams, "packets"),
  ];
}

/** Judges one daemon's memory, by its figure of each minute. @returns null when the run is too short. */
export function judgeMemory(name: string, rssBytes: readonly number[]): Verdict | null {
  if (rssBytes.length < MIN_MEMORY_MINUTES) return null;
  const third = rssBytes.length / 3;
  const middle = median(rssBytes.slice(Math.floor(third), Math.floor(2 * third)));
  const last = median(rssBytes.slice(Math.floor(2 * third)));
  const growth = last - middle;
  return {
    what: `${name}: memory, last third over middle third`,
    value: growth / 2 ** 20,
    unit: "MiB",
    bound: MAX_GROWTH_BYTES / 2 ** 20,
    isHeld: growth <= MAX_GROWTH_BYTES,
  };
}
