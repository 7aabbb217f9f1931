/**
 * What a link does and why, in words with numbers: for the log, the metrics and whoever looks. Pure.
 *
 * @module
 */

import { LinkUse, type MultiplexerLink } from "./multiplexer_link.ts";
import { MAX_LOSS_FRACTION, REORDER_BUDGET_MS } from "./scheduler.ts";

/** Below this a link carries nothing to speak of: pings and feedback. */
const IDLE_BPS = 20_000;

/** A link that is sent this share of the user's cap is held back by it. */
const CAPPED_FRACTION = 0.9;

/** Names of {@link LinkUse}, and of the states before it matters: as metrics have them. */
export const LINK_STATE_NAMES = [
  "carrying",
  "spare",
  "late",
  "little",
  "lossy",
  "backup",
  "costly",
  "leaving",
  "spent",
  "idle",
  "capped",
  "suspect",
  "silent",
] as const;

/** One of {@link LINK_STATE_NAMES}. */
export type LinkStateName = typeof LINK_STATE_NAMES[number];

/** What the link does now. */
export function stateNameOf(link: MultiplexerLink, now: number): LinkStateName {
  if (!link.isAlive) return "silent";
  if (link.isSuspect) return "suspect";
  if (link.use !== LinkUse.CARRYING) return LINK_STATE_NAMES[link.use]!;
  const sentBps = 8 * link.recentSentBytesPerSecond(now);
  if (sentBps > CAPPED_FRACTION * link.rate.capBps) return "capped";
  return sentBps < IDLE_BPS ? "idle" : "carrying";
}

/**
 * What the link does now, and why.
 *
 * `carrying 18.2 Mbit/s`, `held out: 310 ms later than the best, budget 200 ms`, ...
 */
export function explainLink(link: MultiplexerLink, now: number): string {
  switch (stateNameOf(link, now)) {
    case "carrying":
      return `carrying ${rate(8 * link.recentSentBytesPerSecond(now))}${overBudget(link)}`;
    case "capped":
      return `capped by user at ${rate(link.rate.capBps)}`;
    case "idle":
      return "idle: nothing to carry";
    case "spare":
      return "idle: the faster links suffice";
    case "costly":
      return `idle: ${priceOf(link)}, and the others suffice`;
    case "backup":
      return "backup: another link is up";
    case "spent":
      return "held back: its budget is used up, and another link is up";
    case "leaving":
      return "leaving: nothing new goes over it";
    case "late":
      return `held out: ${ms(link.laterMs)} later than the best, budget ${REORDER_BUDGET_MS} ms`;
    case "little":
      return `held out: would add ${rate(link.capacity.capacityBps)} and be ${
        ms(link.laterMs)
      } later`;
    case "lossy":
      return `held out: ${lossOf(link)}`;
    case "suspect":
      return `suspect: nothing acknowledged for ${ms(now - link.suspectSinceMs)}`;
    case "silent":
      return link.lastHeardMs < 0
        ? "waiting to hear from the other end"
        : `silent for ${((now - link.lastHeardMs) / 1_000).toFixed(1)} s`;
  }
}

/** A spent link carries only while there is no other. */
function overBudget({ port }: MultiplexerLink): string {
  return port.settings.isSpent ? ", its budget used up: no other link is up" : "";
}

function priceOf({ port: { settings: { pricePerGb } } }: MultiplexerLink): string {
  return pricePerGb === null ? "metered" : `metered at ${pricePerGb} per GB`;
}

/** It is held out for what it lost in ten seconds, or just now, and until it loses far less. */
function lossOf({ loss }: MultiplexerLink): string {
  const fraction = Math.max(loss.longFraction, loss.recentFraction());
  const limit = percent(MAX_LOSS_FRACTION);
  return fraction > MAX_LOSS_FRACTION
    ? `loses ${percent(fraction)}, limit ${limit}`
    : `still loses ${percent(fraction)}, after more than ${limit}`;
}

function rate(bps: number): string {
  if (bps >= 1e6) return `${(bps / 1e6).toFixed(1)} Mbit/s`;
  return `${Math.round(bps / 1e3)} kbit/s`;
}

function ms(value: number): string {
  return value >= 1e6 ? "an unknown time" : `${Math.round(value)} ms`;
}

function percent(fraction: number): string {
  return `${Math.round(100 * fraction)} %`;
}
