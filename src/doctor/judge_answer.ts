/**
 * Judges what the master says to this slave, whichever link it came over: refused, welcome, and the clock. Pure.
 *
 * @module
 */

import { explainRefusal } from "../tunnel/refusal_text.ts";
import { fault, type Finding, MACHINE, note, ok } from "./finding.ts";
import { answeredWay } from "./judge_link.ts";
import type { AnsweredWay, LinkFacts } from "./link_facts.ts";

/** So far behind the newest handshake a clock is wrong, not late; ms. */
const CLOCK_FAULT_MS = 60_000;

/** Findings about token, master and clock; each once, however many links say it. */
export function judgeAnswers(links: readonly LinkFacts[]): Finding[] {
  const ways = links.map(answeredWay).filter((way) => way !== null);
  const [first] = ways;
  if (first === undefined) return links.length < 2 ? [] : [judgeNobody()];
  return [judgeAnswer(first), ...judgeClock(ways)];
}

function judgeAnswer({ answer }: AnsweredWay): Finding {
  if (answer.kind === "welcome") {
    const addresses = answer.addresses.map(({ address }) => address).join(" and ");
    return ok(
      { about: "token", check: "token" },
      `the master (${answer.software}) takes it: this slave is ${answer.name}, ${addresses}`,
    );
  }
  const { problem, advice } = explainRefusal(answer);
  return fault({ about: "token", check: "token" }, `refused: ${problem}`, advice);
}

function judgeNobody(): Finding {
  return fault(
    { about: "master", check: "master" },
    "no link reaches the master",
    "what the links have in common is the token's master: does it run, and is it at that address? What " +
      "each link lacks stands above",
  );
}

function judgeClock(ways: readonly AnsweredWay[]): Finding[] {
  const behindMs = Math.max(...ways.map(({ clockBehindMs }) => clockBehindMs));
  if (behindMs === 0) return [];
  const subject = { about: MACHINE, check: "clock" };
  const ago = describeSpan(behindMs);
  if (behindMs < CLOCK_FAULT_MS) {
    return [note(subject, `the clock is ${ago} behind when this token was last used`)];
  }
  return [fault(
    subject,
    `the clock is ${ago} behind when this token was last used: it went back, here or where the token is ` +
      "used, too",
    "set it (timedatectl set-ntp true); handshakes work all the same, one round trip later",
  )];
}

function describeSpan(ms: number): string {
  const seconds = ms / 1_000;
  if (seconds < 120) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
