/**
 * Measures one link alone, in a session of its own: delay, loss, size of packets, rates. Bounded in time and bytes.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import { DATAGRAM_OVERHEAD_BYTES } from "../multiplexer/path_mtu.ts";
import { OUTER_BYTES } from "../multiplexer/multiplexer_link.ts";
import type { Welcome } from "../peer/handshake_payload.ts";
import { Packet } from "../wire/packet.ts";
import { craftEchoRequest, innerPathOf, readEchoReply } from "./echo_request.ts";
import { Flood, type FloodResult, median, rateOf } from "./flood.ts";
import type { DownMeasure, LinkMeasures, MtuMeasure } from "./link_measures.ts";
import type { ProbeSession } from "./probe_session.ts";

/** Bytes that one measurement sends at most, each way: 0.24 s of 100 Mbit/s. */
export const MOST_BYTES = 3_000_000;

/** Time for filling a link: some round trips, within bounds. ms */
const FLOOD_MIN_MS = 1_200;
const FLOOD_MAX_MS = 3_000;
const FLOOD_ROUND_TRIPS = 10;

/** The way down takes longer: the master begins slowly. ms */
const DOWN_EXTRA_MS = 700;

/** Small pings for the delay without load, and the time between two. */
const IDLE_PINGS = 20;
const IDLE_PING_MS = 25;

/** Answers are waited for at least so long, ms; and so many round trips. */
const WAIT_MS = 400;
const WAIT_ROUND_TRIPS = 3;

/** The search for the MTU may take so long, ms. */
const MTU_PATIENCE_MS = 8_000;

/** Smallest datagram that is sent: a ping without padding. */
const SMALL_BYTES = 64;

const STEP_MS = 5;

/** What {@link measureLink} is told. */
export interface MeasureTerms {
  readonly id: number;
  readonly name: string;
  readonly welcome: Welcome;
  /** Whether rates are measured. */
  readonly hasRates: boolean;
  /** Whether IP packets can be sent to the master. */
  readonly carriesIp: boolean;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** Measures it. The session has begun, and has this link alone. @returns null when nothing is answered any more. */
export async function measureLink(
  session: ProbeSession,
  terms: MeasureTerms,
): Promise<LinkMeasures | null> {
  const { id, name, welcome, hasRates, clock } = terms;
  const idle = await measureIdle(session, id, clock);
  if (idle === null) return null;
  const mtu = await measureMtu(session, terms, idle.roundTripMs);
  const packetBytes = Math.min(welcome.mtuBytes, mtu.packetBytes ?? welcome.mtuBytes);
  const up = hasRates ? await floodAlone(session, terms, idle.roundTripMs, packetBytes) : null;
  const down = up === null
    ? { kind: "not-tried" } as const
    : await measureDown(session, terms, { up, idleMs: idle.roundTripMs, packetBytes });
  return {
    id,
    name,
    transport: session.link(id).port.isReliable ? "tcp" : "udp",
    idleMs: idle.roundTripMs,
    idleLostFraction: idle.lostFraction,
    mtu,
    up,
    down,
  };
}

/** Fills links with pings until all floods are over, and what is under way has come or is lost. */
export async function runFloods(
  session: ProbeSession,
  floods: ReadonlyMap<number, { readonly flood: Flood; readonly datagramBytes: number }>,
  clock: () => number,
): Promise<void> {
  const fill = (linkId: number): void => {
    const entry = floods.get(linkId);
    if (entry === undefined) return;
    for (let now = clock(); entry.flood.wants(now); now = clock()) {
      const sentUs = session.ping(linkId, entry.datagramBytes);
      if (sentUs < 0) return; // its buffer is full: again at the next step
      entry.flood.noteSent(sentUs, now);
    }
  };
  session.onEcho = ({ linkId, sentUs, transitUs, receivedMs }) => {
    floods.get(linkId)?.flood.noteEcho(sentUs, transitUs, receivedMs);
    fill(linkId);
  };
  const all = [...floods.values()];
  while (all.some(({ flood }) => !flood.isOver(clock()))) {
    for (const linkId of floods.keys()) fill(linkId);
    await sleep(STEP_MS);
  }
  const untilMs = clock() + DRAIN_MS;
  while (clock() < untilMs && all.some(({ flood }) => flood.inFlightPkts > 0)) await sleep(STEP_MS);
  session.onEcho = () => {};
}

/** How long what is under way is waited for, so that it does not disturb what is measured next; ms. */
const DRAIN_MS = 1_200;

/** How long a link is filled, ms. @param idleMs its round trip without load */
export function floodMs(idleMs: number): number {
  return Math.min(FLOOD_MAX_MS, Math.max(FLOOD_MIN_MS, FLOOD_ROUND_TRIPS * idleMs));
}

async function measureIdle(
  session: ProbeSession,
  id: number,
  clock: () => number,
): Promise<{ readonly roundTripMs: number; readonly lostFraction: number } | null> {
  const sentMs = new Map<number, number>();
  const roundTrips: number[] = [];
  session.onEcho = ({ sentUs, receivedMs }) => {
    const at = sentMs.get(sentUs);
    if (at === undefined) return;
    // The master's own pings, too, say which of ours was the newest.
    sentMs.delete(sentUs);
    roundTrips.push(receivedMs - at);
  };
  for (let i = 0; i < IDLE_PINGS; i++) {
    const now = clock();
    const sentUs = session.ping(id, SMALL_BYTES);
    if (sentUs >= 0) sentMs.set(sentUs, now);
    await sleep(IDLE_PING_MS);
  }
  const isDone = (): boolean => sentMs.size === 0;
  const waitMs = Math.max(WAIT_MS, WAIT_ROUND_TRIPS * (median(roundTrips) ?? WAIT_MS));
  await waitUntil(isDone, waitMs, clock);
  session.onEcho = () => {};
  const roundTripMs = median(roundTrips);
  if (roundTripMs === undefined) return null;
  return { roundTripMs, lostFraction: 1 - roundTrips.length / IDLE_PINGS };
}

/** Where the socket forbids fragments the multiplexer has begun to search; elsewhere a full packet is tried. */
async function measureMtu(
  session: ProbeSession,
  { id, welcome, clock }: MeasureTerms,
  idleMs: number,
): Promise<MtuMeasure> {
  const link = session.link(id);
  const tunnelBytes = welcome.mtuBytes;
  if (link.port.canProbeMtu) {
    await waitUntil(() => link.mtu.isKnown, MTU_PATIENCE_MS, clock);
    const packetBytes = link.mtu.isKnown ? link.mtu.bytes - DATAGRAM_OVERHEAD_BYTES : null;
    return { packetBytes, passesFull: null, tunnelBytes };
  }
  if (link.port.isReliable) return { packetBytes: null, passesFull: true, tunnelBytes };
  const wanted = new Set<number>();
  let passesFull = false;
  session.onEcho = ({ sentUs }) => passesFull ||= wanted.has(sentUs);
  for (let i = 0; i < FULL_PINGS && !passesFull; i++) {
    wanted.add(session.ping(id, tunnelBytes + DATAGRAM_OVERHEAD_BYTES));
    await waitUntil(() => passesFull, Math.max(WAIT_MS, WAIT_ROUND_TRIPS * idleMs), clock);
  }
  session.onEcho = () => {};
  return { packetBytes: null, passesFull, tunnelBytes };
}

const FULL_PINGS = 4;

async function floodAlone(
  session: ProbeSession,
  { id, clock }: MeasureTerms,
  idleMs: number,
  packetBytes: number,
): Promise<FloodResult> {
  const now = clock();
  const datagramBytes = packetBytes + DATAGRAM_OVERHEAD_BYTES;
  const endMs = now + floodMs(idleMs);
  const flood = new Flood({ idleMs, datagramBytes, mostBytes: MOST_BYTES, endMs });
  await runFloods(session, new Map([[id, { flood, datagramBytes }]]), clock);
  return flood.result();
}

/** The master's kernel sends back what it is sent: so no more than the way up carries can be seen of the way down. */
async function measureDown(
  session: ProbeSession,
  { id, welcome, carriesIp, clock }: MeasureTerms,
  { up, idleMs, packetBytes }: {
    readonly up: FloodResult;
    readonly idleMs: number;
    readonly packetBytes: number;
  },
): Promise<DownMeasure> {
  const path = innerPathOf(welcome.addresses);
  if (path === null || !carriesIp || up.rateBps === 0) return { kind: "not-tried" };
  const echoId = Math.floor(clock()) & 0xffff;
  const request = new Packet();
  const arrivedMs: number[] = [];
  session.onPacket = (packet) => {
    if (readEchoReply(packet, echoId) >= 0) arrivedMs.push(clock());
  };
  let number = 0;
  const ask = (bytes: number): void => {
    const terms = { id: echoId, number: number++ & 0xffff, packetBytes: bytes, now: clock() };
    craftEchoRequest(request, path, terms);
    session.send(id, request);
  };
  for (let i = 0; i < FIRST_REQUESTS && arrivedMs.length === 0; i++) {
    ask(SMALL_BYTES);
    await waitUntil(() => arrivedMs.length > 0, WAIT_MS + up.loadedMs, clock);
  }
  if (arrivedMs.length === 0) return { kind: "no-replies" };
  arrivedMs.length = 0;
  const wireBytes = packetBytes + DATAGRAM_OVERHEAD_BYTES + OUTER_BYTES;
  const askedBps = ASKED_FRACTION * up.rateBps;
  const startMs = clock();
  const endMs = startMs + floodMs(idleMs) + DOWN_EXTRA_MS;
  for (let sent = 0; clock() < endMs && (sent + 1) * wireBytes <= MOST_BYTES;) {
    const due = (clock() - startMs) * askedBps / 8_000 / wireBytes;
    for (; sent < due && (sent + 1) * wireBytes <= MOST_BYTES; sent++) ask(packetBytes);
    await sleep(STEP_MS);
  }
  const isSpentEarly = clock() - startMs < DOWN_EXTRA_MS;
  await sleep(Math.min(DRAIN_MS, up.loadedMs));
  session.onPacket = () => {};
  const rateBps = rateOf(arrivedMs, wireBytes);
  if (rateBps === 0) return { kind: "no-replies" };
  const isAsAsked = rateBps > AS_ASKED_FRACTION * askedBps;
  return {
    kind: "measured",
    rateBps,
    limit: isAsAsked ? "asked" : isSpentEarly ? "bytes" : "link",
  };
}

const FIRST_REQUESTS = 3;

/** The way up is not to be filled: its queue would be what is measured. */
const ASKED_FRACTION = 0.9;

/** What comes back as fast as it was asked for shows no limit. */
const AS_ASKED_FRACTION = 0.85;

async function waitUntil(
  isDone: () => boolean,
  timeoutMs: number,
  clock: () => number,
): Promise<void> {
  const untilMs = clock() + timeoutMs;
  while (!isDone() && clock() < untilMs) await sleep(STEP_MS);
}

const NEVER = new AbortController().signal;

function sleep(ms: number): Promise<void> {
  return abortableSleep(ms, NEVER);
}
