/**
 * The examination of a slave's machine: which probe when, and which findings follow. What is measured is sent one link after the
 * other; who is only asked is asked all at once.
 *
 * @module
 */

import type { MeasureChoice } from "../command_request.ts";
import type { SlaveOptions } from "../daemon_options.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from "../multiplexer/link_settings.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";
import type { Welcome } from "../peer/handshake_payload.ts";
import { type Finding, note, unchecked } from "./finding.ts";
import { judgeAnswers } from "./judge_answer.ts";
import { answeredWay, judgeLink } from "./judge_link.ts";
import { judgeMeasures, judgeNat, judgeTogether } from "./judge_measures.ts";
import type { LinkFacts } from "./link_facts.ts";
import type { LinkMeasures } from "./link_measures.ts";
import { measureLink, MOST_BYTES } from "./measure_link.ts";
import { measureNat } from "./measure_nat.ts";
import { type FilledLink, measureTogether } from "./measure_together.ts";
import { ProbeSession } from "./probe_session.ts";
import { describeVia, type LinkTools, reachLink } from "./reach_link.ts";
import { openWay } from "./way_opener.ts";

/** What is examined. */
export interface SlaveExamination {
  readonly options: SlaveOptions;
  readonly measure: MeasureChoice;
  /** How long idle links are left alone to see whether they stay open, one after the other, ms; none: not looked at. */
  readonly natSilencesMs: readonly number[];
  /** Whether this slave's daemon runs here: a session for measuring would take its place. */
  readonly isRunning: boolean;
  readonly tools: LinkTools;
  /** Says what is done now, and for how long. */
  readonly onProgress: (text: string) => void;
}

/** Handshakes at once: a master answers 20 of one slave, then 5 a second. */
const LINKS_AT_ONCE = 6;

/** Time for the handshake of a session, when the master has answered once already. */
const HANDSHAKE_TIMEOUT_MS = 5_000;

/** A way that is known to answer. */
interface KnownWay {
  readonly spec: LinkSpec;
  readonly target: HostPort;
  readonly transport: "udp" | "tcp";
}

/** Examines the links. */
export async function examineSlave(examination: SlaveExamination): Promise<Finding[]> {
  const { options, tools, onProgress } = examination;
  const { links } = options;
  onProgress(
    `Asking the master over ${links.length === 1 ? "the link" : `${links.length} links`} …`,
  );
  const facts = await reachAll(links, tools);
  const findings = links.flatMap((spec, i) => describeLink(spec, facts[i]!));
  findings.push(...judgeAnswers(facts));
  const isWelcome = facts.some((it) => answeredWay(it)?.answer.kind === "welcome");
  if (!isWelcome) return findings;
  return [...findings, ...await measureAll(examination, facts)];
}

async function reachAll(links: readonly LinkSpec[], tools: LinkTools): Promise<LinkFacts[]> {
  const facts: LinkFacts[] = [];
  for (let i = 0; i < links.length; i += LINKS_AT_ONCE) {
    const some = links.slice(i, i + LINKS_AT_ONCE);
    facts.push(...await Promise.all(some.map((spec) => reachLink(spec, tools))));
  }
  return facts;
}

function describeLink(spec: LinkSpec, facts: LinkFacts): Finding[] {
  const via = note({ about: `link ${spec.name}`, check: "via" }, describeVia(spec));
  return [via, ...judgeLink(facts)];
}

async function measureAll(
  examination: SlaveExamination,
  facts: readonly LinkFacts[],
): Promise<Finding[]> {
  const { options, measure, isRunning } = examination;
  const subject = { about: "links together", check: "measuring" };
  if (isRunning) {
    return [unchecked(
      subject,
      "rates and delays are not measured while bindlink slave runs here",
      "it would be replaced: stop it, run bindlink doctor again, start it again",
    )];
  }
  const findings: Finding[] = [];
  const filled: { readonly way: KnownWay; readonly measures: FilledLink }[] = [];
  for (const [i, spec] of options.links.entries()) {
    const way = knownWay(spec, facts[i]!);
    if (way === null) continue;
    if (examination.natSilencesMs.length > 0) findings.push(await findNatTimeout(way, examination));
    if (measure === "none") continue;
    const measures = await measureAlone(way, examination);
    if (measures === null) {
      findings.push(unchecked(
        { about: `link ${spec.name}`, check: "measuring" },
        "the master stopped answering while the link was measured",
        "run bindlink doctor again",
      ));
      continue;
    }
    findings.push(...judgeMeasures(measures), ...notMeasured(spec, measures));
    const { up } = measures;
    if (up !== null && up.rateBps > 0) filled.push({ way, measures: { ...measures, up } });
  }
  if (measure === "none") {
    findings.push(unchecked(subject, "rates and delays were not to be measured"));
  }
  if (filled.length < 2) return findings;
  return [...findings, ...await measureTogetherNow(filled, examination)];
}

function notMeasured({ name }: LinkSpec, { up }: LinkMeasures): Finding[] {
  if (up !== null) return [];
  const subject = { about: `link ${name}`, check: "rates" };
  return [unchecked(subject, "its rate: the link is metered", "to spend its bytes: --measure all")];
}

function knownWay(spec: LinkSpec, facts: LinkFacts): KnownWay | null {
  const way = answeredWay(facts);
  if (way === null || way.answer.kind !== "welcome") return null;
  const target = spec.targets.find(({ host, port }) => formatHostPort(host, port) === way.endpoint);
  if (target === undefined) return null;
  return { spec, target, transport: way === facts.udp ? "udp" : "tcp" };
}

async function measureAlone(
  way: KnownWay,
  { options, measure, tools, onProgress }: SlaveExamination,
): Promise<LinkMeasures | null> {
  const { spec } = way;
  const hasRates = measure === "all" || !spec.settings.isMetered;
  const most = hasRates ? `up to 8 s and ${Math.round(3 * MOST_BYTES / 1e6)} MB` : "some seconds";
  onProgress(`Measuring link ${spec.name}: ${most} …`);
  await using session = new ProbeSession(tools.context);
  const welcome = await begin(session, [way], tools);
  if (welcome === null) return null;
  const { id, name } = spec;
  const carriesIp = options.tundev.kind === "tun";
  return await measureLink(session, { id, name, welcome, hasRates, carriesIp, clock: tools.clock });
}

async function findNatTimeout(
  way: KnownWay,
  { tools, onProgress, natSilencesMs }: SlaveExamination,
): Promise<Finding> {
  const { spec } = way;
  const subject = { about: `link ${spec.name}`, check: "nat-timeout" };
  if (way.transport === "tcp") {
    return unchecked(subject, "how long an idle link stays open: it goes over TCP");
  }
  const totalMs = natSilencesMs.reduce((sum, ms) => sum + ms, 0);
  const least = Math.round(totalMs / 1_000);
  onProgress(`Leaving link ${spec.name} alone, to see whether it stays open: ${least} s …`);
  await using session = new ProbeSession(tools.context);
  const helperId = spec.id === 1 ? 2 : 1;
  const settings: LinkSettings = { ...DEFAULT_LINK_SETTINGS, mode: "backup" };
  const helper = { ...way, spec: { ...spec, id: helperId, settings } };
  const asked = { ...way, spec: { ...spec, settings: DEFAULT_LINK_SETTINGS } };
  const welcome = await begin(session, [asked, helper], tools);
  if (welcome === null) return unchecked(subject, "the master did not answer any more");
  const terms = { id: spec.id, helperId, welcome, silencesMs: natSilencesMs, clock: tools.clock };
  return judgeNat(spec.name, await measureNat(session, terms));
}

async function measureTogetherNow(
  filled: readonly { readonly way: KnownWay; readonly measures: FilledLink }[],
  { tools, onProgress }: SlaveExamination,
): Promise<Finding[]> {
  const most = `${Math.round(filled.length * MOST_BYTES / 1e6)} MB`;
  onProgress(`Measuring ${filled.length} links together: up to 5 s and ${most} …`);
  await using session = new ProbeSession(tools.context);
  const welcome = await begin(session, filled.map(({ way }) => way), tools);
  const subject = { about: "links together", check: "shared-bottleneck" };
  if (welcome === null) return [unchecked(subject, "the master did not answer any more")];
  const measures = filled.map((it) => it.measures);
  return judgeTogether(await measureTogether(session, measures, tools.clock));
}

/** Opens the ways and takes the slave's place at the master. @returns null when that fails. */
async function begin(
  session: ProbeSession,
  ways: readonly KnownWay[],
  tools: LinkTools,
): Promise<Welcome | null> {
  try {
    for (const { spec, target, transport } of ways) {
      session.add({ ...spec, ...await openWay(spec, target, transport, tools) });
    }
  } catch {
    return null; // gone since it was looked at
  }
  const given = await session.handshake(HANDSHAKE_TIMEOUT_MS);
  if (given?.answer.kind !== "welcome") return null;
  session.begin();
  return given.answer;
}
