/**
 * Finds out whether the way back of a UDP link is still open after nothing went over it for a while: NATs, proxies and firewalls forget.
 *
 * Nobody says anything over the link for that time. Then the master has to say something over it that the link did not ask for: a second
 * link, through the same network, sends an ICMP echo request to the master's kernel; that link is a backup, so the reply goes over the first.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import type { Welcome } from "../peer/handshake_payload.ts";
import { Packet } from "../wire/packet.ts";
import { craftEchoRequest, type InnerPath, innerPathOf, readEchoReply } from "./echo_request.ts";
import type { NatMeasure } from "./link_measures.ts";
import type { ProbeSession } from "./probe_session.ts";

/**
 * How long a link is left alone, one after the other, ms. bindlink asks over an idle link every 15 to 25 s, so 30 is what it needs; and a
 * master forgets a link of which it heard nothing for 60.
 */
export const NAT_SILENCES_MS: readonly number[] = [30_000, 55_000];

/** What {@link measureNat} is told. */
export interface NatTerms {
  /** The link to leave alone, and the one that asks meanwhile; that one's mode is backup. */
  readonly id: number;
  readonly helperId: number;
  readonly welcome: Welcome;
  readonly silencesMs: readonly number[];
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** The master may expect the next word of the link so much later than it comes, ms. */
const GRACE_MS = 20_000;

const STEP_MS = 50;
const HELPER_PING_MS = 1_000;
const SMALL_BYTES = 64;

/** By then the helper's mode is heard, and the master has looked for its own MTU: nothing more is to be said. */
const SETTLE_MS = 3_000;

/** A question is repeated, and its answer waited for so long, ms. */
const ASKED_TIMES = 4;
const ANSWER_MS = 500;

/** Measures. The session has begun with both links. */
export async function measureNat(session: ProbeSession, terms: NatTerms): Promise<NatMeasure> {
  const { id, silencesMs, welcome } = terms;
  const path = innerPathOf(welcome.addresses);
  if (path === null) return { kind: "no-replies" };
  await sleep(SETTLE_MS);
  session.fallSilent();
  let openMs = 0;
  for (const silenceMs of silencesMs) {
    // The last word over the link says how long the next one may take.
    session.ping(id, SMALL_BYTES, silenceMs + GRACE_MS);
    const silentMs = await waitSilently(session, terms, silenceMs);
    const repliedOver = await askForReply(session, terms, path);
    if (repliedOver === null) return { kind: "no-replies" };
    if (repliedOver !== id) return { kind: "measured", openMs, closedMs: silentMs };
    openMs = silentMs;
  }
  return { kind: "measured", openMs, closedMs: Number.POSITIVE_INFINITY };
}

/** Keeps the helper alive meanwhile. @returns how long nothing came over the link, ms. */
async function waitSilently(
  session: ProbeSession,
  { id, helperId, clock }: NatTerms,
  silenceMs: number,
): Promise<number> {
  const startMs = clock();
  let pingMs = startMs;
  for (;;) {
    const now = clock();
    // Should the master have asked by itself: from then on.
    const silentMs = now - Math.max(startMs, session.link(id).lastHeardMs);
    if (silentMs >= silenceMs || now - startMs >= 2 * silenceMs) return silentMs;
    if (now >= pingMs) {
      pingMs = now + HELPER_PING_MS;
      session.ping(helperId, SMALL_BYTES);
    }
    await sleep(STEP_MS);
  }
}

/** @returns the link over which a reply came first; null: none came over any. */
async function askForReply(
  session: ProbeSession,
  { helperId, clock }: NatTerms,
  path: InnerPath,
): Promise<number | null> {
  const echoId = Math.floor(clock()) & 0xffff;
  const request = new Packet();
  const repliedOver: number[] = [];
  session.onPacket = (packet, linkId) => {
    if (readEchoReply(packet, echoId) >= 0) repliedOver.push(linkId);
  };
  for (let number = 0; number < ASKED_TIMES && repliedOver.length === 0; number++) {
    const terms = { id: echoId, number, packetBytes: SMALL_BYTES, now: clock() };
    craftEchoRequest(request, path, terms);
    session.send(helperId, request);
    const untilMs = clock() + ANSWER_MS;
    while (repliedOver.length === 0 && clock() < untilMs) await sleep(STEP_MS);
  }
  session.onPacket = () => {};
  return repliedOver[0] ?? null;
}

const NEVER = new AbortController().signal;

function sleep(ms: number): Promise<void> {
  return abortableSleep(ms, NEVER);
}
