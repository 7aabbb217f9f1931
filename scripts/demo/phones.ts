/**
 * The three emulated phones of the demo: a good one, a middling one, a poor one.
 *
 * @module
 */

import { type LinkProfile, linkProfile } from "../../tests/support/link_profile.ts";

/** One phone: what its mobile link is like, the same in both directions. */
export interface DemoPhone {
  readonly name: string;
  /** Bits per second of the IP layer. */
  readonly rateBps: number;
  /** One way, queueing apart, in ms. */
  readonly delayMs: number;
  /** Random loss, 0..1. */
  readonly lossFraction: number;
}

/** The phones, the best one first; a phone's place is its link's id less one. Unequal, as life is. */
export const PHONES: readonly DemoPhone[] = [
  { name: "phone 1", rateBps: 15e6, delayMs: 20, lossFraction: 0 },
  { name: "phone 2", rateBps: 10e6, delayMs: 50, lossFraction: 0 },
  { name: "phone 3", rateBps: 6e6, delayMs: 90, lossFraction: 0.005 },
];

/** Place of the phone that is measured alone, and that is cut in the end: losing it hurts most. */
export const BEST_PHONE = 0;

/** All rates together. */
export function sumRateBps(phones: readonly DemoPhone[]): number {
  return phones.reduce((sum, phone) => sum + phone.rateBps, 0);
}

/** A phone's queue in time. Real ones hold more; then the round trips under load are longer. */
const QUEUE_MS = 100;

/** One direction of a phone's link, for the emulator. */
export function profileOf(phone: DemoPhone): LinkProfile {
  return linkProfile({
    rateBps: phone.rateBps,
    delayMs: phone.delayMs,
    lossFraction: phone.lossFraction,
    queueBytes: Math.max(32_768, phone.rateBps / 8 * QUEUE_MS / 1_000),
  });
}

/** As a person would say it, e.g. ` 3 Mbit/s  100 ms  0.5% loss`. */
export function describePhone(phone: DemoPhone): string {
  const rate = `${(phone.rateBps / 1e6).toFixed(0).padStart(2)} Mbit/s`;
  const delay = `${phone.delayMs.toFixed(0).padStart(3)} ms`;
  const loss = phone.lossFraction > 0 ? `  ${phone.lossFraction * 100}% loss` : "";
  return `${rate}  ${delay}${loss}`;
}
