/**
 * What can be chosen on the screen: a slave's links; at a master its slaves, each followed by its links. Pure.
 *
 * @module
 */

import type { LinkReport, SlaveReport, StatusReport } from "../control/status_report.ts";
import type { FlowRates } from "./rate_history.ts";

/** One of them, with a key that stays. */
export type TopItem =
  | { readonly kind: "link"; readonly key: string; readonly link: LinkReport }
  | { readonly kind: "slave"; readonly key: string; readonly slave: SlaveReport };

/** The key of what goes through the tunnel as a whole. */
export const TOTALS_KEY = "";

/** All of a report, in its order. */
export function itemsOf({ links, slaves }: StatusReport): readonly TopItem[] {
  return [
    ...links.map((link) => linkItem("", link)),
    ...slaves.flatMap((slave): TopItem[] => [
      { kind: "slave", key: `${slave.name}\n`, slave },
      ...slave.links.map((link) => linkItem(slave.name, link)),
    ]),
  ];
}

/** The rates of a report: of all its items, and of the whole. */
export function ratesOf(report: StatusReport): ReadonlyMap<string, FlowRates> {
  const { sent, received } = report.totals;
  const rates = new Map([[TOTALS_KEY, { sentBps: sent.bps, receivedBps: received.bps }]]);
  for (const item of itemsOf(report)) rates.set(item.key, itemRates(item));
  return rates;
}

/** The rates of one; a slave's are those of its links together. */
export function itemRates(item: TopItem): FlowRates {
  const links = item.kind === "link" ? [item.link] : item.slave.links;
  return {
    sentBps: links.reduce((sum, { sent }) => sum + sent.bps, 0),
    receivedBps: links.reduce((sum, { received }) => sum + received.bps, 0),
  };
}

/** Names have no line feed; ids tell links of one name apart. */
function linkItem(slave: string, link: LinkReport): TopItem {
  return { kind: "link", key: `${slave}\n${link.id}\n${link.name}`, link };
}
