/**
 * How long the queue lets flows wait before they are told to send less. Pure.
 *
 * A CUBIC sender backs off by 0.3 (RFC 9438 §4.6). For the links to stay busy after that, 0.3 / 0.7 of a round trip must
 * have stood in the queue; and where packets are lost all the time, besides, what the links carry while one is sent
 * again, since nothing behind it is acknowledged meanwhile. Flows that need little never wait: they have queues of
 * their own.
 *
 * @module
 */

import type { FlowQueue } from "./flow_queue.ts";
import { LinkUse, type MultiplexerLink } from "./multiplexer_link.ts";

/** See above. */
const QUEUE_ROUND_TRIPS = 0.43;
const MIN_TARGET_MS = 30;
const MAX_TARGET_MS = 200;

/** While links are still getting faster: their queue goes away by itself, and a drop would end a flow's slow start. */
const STARTUP_TARGET_MS = 150;

/** A flow is given so long, and one and a half round trips, to answer before it is told again. */
const MIN_INTERVAL_MS = 200;

/** Packets of that size are counted on; and it takes so much longer than a round trip to send one again. */
const FULL_PACKET_BYTES = 1_412;
const RESEND_MARGIN_MS = 25;

/** Losses in a round trip from which on the queue has to hold what keeps the link busy meanwhile. */
const FREQUENT_LOSSES = 0.2;

/** Lets the queue follow the links that may carry data. */
export function tuneQueue(queue: FlowQueue, links: readonly MultiplexerLink[]): void {
  let slowestMs = 0;
  let waitMs = 0;
  let leastMs = MIN_TARGET_MS;
  for (const link of links) {
    if (link.rate.isStartingUp) leastMs = STARTUP_TARGET_MS;
    if (link.use !== LinkUse.CARRYING) continue;
    slowestMs = Math.max(slowestMs, link.rtt.srttMs);
    waitMs = Math.max(waitMs, resendWaitMs(link));
  }
  const wishMs = waitMs + QUEUE_ROUND_TRIPS * (slowestMs + waitMs);
  const targetMs = Math.max(leastMs, Math.min(MAX_TARGET_MS, wishMs));
  queue.setCodel(targetMs, Math.max(MIN_INTERVAL_MS, 1.5 * slowestMs + targetMs));
}

/** How long a flow waits for what is sent again over a link; 0 where hardly anything is lost. */
function resendWaitMs(link: MultiplexerLink): number {
  const { srttMs } = link.rtt;
  const pktsPerRoundTrip = link.capacity.capacityBps / 8_000 * srttMs / FULL_PACKET_BYTES;
  const lossesPerRoundTrip = link.loss.longFraction * pktsPerRoundTrip;
  return Math.min(1, lossesPerRoundTrip / FREQUENT_LOSSES) * (srttMs + RESEND_MARGIN_MS);
}
