/**
 * Judges what was measured of links, alone and together. Pure.
 *
 * @module
 */

import { fault, type Finding, note, ok, type Subject, unchecked } from "./finding.ts";
import type {
  DownLimit,
  DownMeasure,
  LinkMeasures,
  MtuMeasure,
  NatMeasure,
  SharedMeasure,
} from "./link_measures.ts";

/** A queue that long when the link is full is heavy bufferbloat, and one to know of, ms: a call stands 150 (ITU-T G.114). */
const BLOATED_MS = 400;
const LONG_QUEUE_MS = 150;

/** Small pings lost without load: of twenty, so two are a note and three a fault. */
const LOSSY_FRACTION = 0.14;
const SOME_LOSS_FRACTION = 0.09;

/** Together below so much of the sum: they share something. Rates of mobile links go up and down by a tenth by themselves. */
const SHARED_FRACTION = 0.75;

/** A link that alone had more is not compared: then this machine may be what they share. */
const MOST_COMPARED_BPS = 100_000_000;

/** The findings about one link. */
export function judgeMeasures(measures: LinkMeasures): Finding[] {
  const about = `link ${measures.name}`;
  return [
    judgeDelay(about, measures),
    ...judgeMtu({ about, check: "mtu" }, measures.mtu),
    ...judgeRates(about, measures),
    ...judgeQueue(about, measures),
  ];
}

/** The findings about links that were measured at the same time: at least two, else there are none. */
export function judgeTogether(links: readonly SharedMeasure[]): Finding[] {
  const subject = { about: "links together", check: "shared-bottleneck" };
  const compared = links.filter(({ aloneBps }) => aloneBps > 0 && aloneBps < MOST_COMPARED_BPS);
  if (compared.length < 2) return [];
  const sum = (of: (link: SharedMeasure) => number): number =>
    compared.reduce((total, link) => total + of(link), 0);
  const aloneBps = sum((it) => it.aloneBps);
  const togetherBps = sum((it) => it.togetherBps);
  const figures = { aloneBps: Math.round(aloneBps), togetherBps: Math.round(togetherBps) };
  const rates = `${formatRate(togetherBps)} of ${formatRate(aloneBps)} that they have one by one`;
  const fallen = compared.filter((it) => it.togetherBps < SHARED_FRACTION * it.aloneBps);
  if (fallen.length < 2 || togetherBps >= SHARED_FRACTION * aloneBps) {
    return [ok(subject, `to the master the links carry at the same time ${rates}`, figures)];
  }
  const names = fallen.map(({ name }) => name).join(", ");
  return [fault(
    subject,
    `${names} share one bottleneck: to the master the links carry at the same time only ${rates}`,
    "two phones of one provider in one cell, or behind one Wi-Fi or router, add little to each other: give " +
      "one a SIM of another provider; if there is no such thing, the server's own line is too slow",
    figures,
  )];
}

/** The finding about how long the way back of an idle link stays open. */
export function judgeNat(name: string, measure: NatMeasure): Finding {
  const subject = { about: `link ${name}`, check: "nat-timeout" };
  if (measure.kind === "no-replies") {
    return unchecked(subject, "how long an idle link stays open: no reply came over any link");
  }
  const { openMs, closedMs } = measure;
  const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
  if (closedMs === Infinity) {
    const text = `the way back of the idle link is open after ${seconds(openMs)}`;
    return ok(subject, text, { openMs: Math.round(openMs) });
  }
  const figures = { openMs: Math.round(openMs), closedMs: Math.round(closedMs) };
  if (openMs > 0) {
    const span = `open after ${seconds(openMs)}, closed after ${seconds(closedMs)}`;
    const text = `the way back of the idle link is ${span}: bindlink asks every 15 to 25 s`;
    return ok(subject, text, figures);
  }
  return fault(
    subject,
    `the way back of the idle link is closed after ${seconds(closedMs)}`,
    "a NAT or the proxy app forgets too soon: an idle link is found dead and opened anew; look for a longer " +
      "UDP time-out in app or router, or keep something small running through the tunnel",
    figures,
  );
}

/** `18.2 Mbit/s`, `640 kbit/s`. */
export function formatRate(bps: number): string {
  return bps >= 1e6 ? `${(bps / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bps / 1e3)} kbit/s`;
}

function judgeDelay(about: string, { idleMs, idleLostFraction }: LinkMeasures): Finding {
  const subject = { about, check: "delay" };
  const figures = { idleMs: rounded(idleMs), idleLostFraction: rounded(idleLostFraction, 2) };
  const delay = `${formatMs(idleMs)} there and back without load`;
  const lost = `, ${Math.round(100 * idleLostFraction)} % of small packets lost`;
  if (idleLostFraction >= LOSSY_FRACTION) {
    return fault(
      subject,
      delay + lost,
      "look at the phone's signal and move it; a link that loses that much is little used",
      figures,
    );
  }
  if (idleLostFraction >= SOME_LOSS_FRACTION) return note(subject, delay + lost, "", figures);
  return ok(subject, delay, figures);
}

function judgeMtu(
  subject: Subject,
  { packetBytes, passesFull, tunnelBytes }: MtuMeasure,
): Finding[] {
  if (packetBytes !== null) {
    const figures = { packetBytes, tunnelBytes };
    if (packetBytes >= tunnelBytes) {
      return [ok(subject, `the path takes the tunnel's packets of ${tunnelBytes} bytes`, figures)];
    }
    return [fault(
      subject,
      `the path takes packets of ${packetBytes} bytes only, the tunnel's are ${tunnelBytes}`,
      mtuAdvice(packetBytes),
      figures,
    )];
  }
  if (passesFull === false) {
    return [fault(
      subject,
      `packets of the tunnel's full size, ${tunnelBytes} bytes, do not arrive over this link`,
      "something on the way drops large packets or fragments: start the master with --mtu 1280",
      { tunnelBytes },
    )];
  }
  if (passesFull === null) {
    return [note(subject, "the path's size of packets was not found in time", "", { tunnelBytes })];
  }
  return [ok(subject, `packets of the tunnel's full size, ${tunnelBytes} bytes, arrive`, {
    tunnelBytes,
  })];
}

/** The least that IPv6 in the tunnel stands. */
const LEAST_MTU_BYTES = 1_280;

function mtuAdvice(packetBytes: number): string {
  const fitted = "TCP is fitted to it by itself";
  return packetBytes >= LEAST_MTU_BYTES
    ? `${fitted}; for the rest start the master with --mtu ${packetBytes}`
    : `${fitted}, larger packets are fragmented outside: look for the device or tunnel (VPN, PPPoE) on the ` +
      'way that has so small an MTU ("tracepath HOST" may show it)';
}

function judgeRates(about: string, { up, down }: LinkMeasures): Finding[] {
  if (up === null) return [];
  const subject = { about, check: "rates" };
  if (up.rateBps === 0) {
    return [fault(
      subject,
      "under load nothing comes back from the master",
      "the link breaks down when it is used: look at the phone's signal, restart its proxy app",
    )];
  }
  const least = up.isAtLeast ? "at least " : "";
  const figures = { upBps: Math.round(up.rateBps), ...downFigures(down) };
  return [
    ok(subject, `to the master ${least}${formatRate(up.rateBps)}, ${describeDown(down)}`, figures),
  ];
}

function downFigures(down: DownMeasure): Record<string, number> {
  return down.kind === "measured" ? { downBps: Math.round(down.rateBps) } : {};
}

function describeDown(down: DownMeasure): string {
  switch (down.kind) {
    case "measured":
      return `back ${DOWN_LIMITS[down.limit].replace("RATE", formatRate(down.rateBps))}`;
    case "no-replies":
      return "back not measured: the master's address in the tunnel does not answer pings";
    case "not-tried":
      return "back not measured";
  }
}

/** How a rate is told that something held down. */
const DOWN_LIMITS: Readonly<Record<DownLimit, string>> = {
  link: "RATE",
  asked: "at least RATE (more cannot be asked for by the way up)",
  bytes: "at least RATE (so fast a link would take more bytes to measure)",
};

function judgeQueue(about: string, { idleMs, up }: LinkMeasures): Finding[] {
  if (up === null || up.rateBps === 0) return [];
  const subject = { about, check: "bufferbloat" };
  const queueMs = Math.max(0, up.loadedMs - idleMs);
  const figures = { loadedMs: rounded(up.loadedMs), idleMs: rounded(idleMs) };
  const text = `${formatMs(up.loadedMs)} there and back when the way up is full, ` +
    `${formatMs(idleMs)} without load`;
  if (queueMs >= BLOATED_MS) {
    return [fault(
      subject,
      `heavy bufferbloat: ${text}`,
      "bindlink keeps its own queue short; but what else uses this phone or line fills it, and all wait: " +
        "stop uploads (photos, backups) there",
      figures,
    )];
  }
  if (queueMs >= LONG_QUEUE_MS) return [note(subject, `a long queue: ${text}`, "", figures)];
  return [ok(subject, text, figures)];
}

function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
