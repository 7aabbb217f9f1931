/**
 * How a link, or a slave, is, as a mark and a word: neither needs colours to be read. Pure.
 *
 * @module
 */

import type { LinkReport, SlaveReport } from "../control/status_report.ts";
import type { Glyphs } from "./glyphs.ts";
import type { Style } from "./styled_line.ts";

/** A mark, a word, and what it means. */
export interface Condition {
  readonly mark: string;
  readonly word: string;
  readonly style: Style;
}

/** A link's state; of one that is up but used for nothing, what that is called. */
export function linkCondition(link: LinkReport, { states }: Glyphs): Condition {
  switch (link.state) {
    case "off":
      return { mark: states.off, word: "off", style: "faint" };
    case "connecting":
    case "probing":
      return { mark: states.waiting, word: link.state, style: "bad" };
    case "up": {
      const word = SET_ASIDE[link.doing];
      return word === undefined
        ? { mark: states.up, word: "up", style: "good" }
        : { mark: states.care, word, style: "care" };
    }
  }
}

/** Whether a slave is there. */
export function slaveCondition({ isConnected }: SlaveReport, { states }: Glyphs): Condition {
  return isConnected
    ? { mark: states.up, word: "connected", style: "good" }
    : { mark: states.off, word: "away", style: "faint" };
}

/** What a link does that is up and carries nothing, as a word of ten letters at most; the reason says more. */
const SET_ASIDE: Readonly<Record<string, string>> = {
  late: "held out",
  little: "held out",
  lossy: "held out",
  suspect: "suspect",
  backup: "backup",
  spent: "spent",
  leaving: "leaving",
};
