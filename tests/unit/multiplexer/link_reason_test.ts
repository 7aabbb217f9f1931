import assert from "node:assert/strict";
import {
  explainLink,
  LINK_STATE_NAMES,
  type LinkStateName,
  stateNameOf,
} from "../../../src/multiplexer/link_reason.ts";
import type { LinkSettings } from "../../../src/multiplexer/link_settings.ts";
import { LinkUse, type MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { measuredLink } from "../../support/measured_link.ts";

const NOW = 10_000;

/** Sends at a rate for a few seconds, until now. */
function send(link: MultiplexerLink, bps: number): void {
  for (let ms = NOW - 5_000; ms <= NOW; ms++) link.countSent(bps / 8_000, ms);
}

/** A link that is up, and what was done to it. */
function linkWith(change: (link: MultiplexerLink) => void): MultiplexerLink {
  const { link } = measuredLink(1, { capacityBps: 8e6 }, NOW);
  link.use = LinkUse.CARRYING;
  change(link);
  return link;
}

/** What the user says of it, too. */
function say({ port }: MultiplexerLink, settings: Partial<LinkSettings>): void {
  Object.assign(port, { settings: { ...port.settings, ...settings } });
}

/** What is said of a link in each state, and how a link comes into it. */
const CASES:
  readonly (readonly [LinkStateName, string | RegExp, (link: MultiplexerLink) => void])[] = [
    ["carrying", /^carrying 18\.[012] Mbit\/s$/, (it) => send(it, 18.1e6)],
    ["carrying", /^carrying (299|300|301) kbit\/s$/, (it) => send(it, 300_000)],
    ["idle", "idle: nothing to carry", (it) => send(it, 5_000)],
    ["capped", "capped by user at 5.0 Mbit/s", (it) => {
      it.rate.capBps = 5e6;
      send(it, 4.9e6);
    }],
    ["spare", "idle: the faster links suffice", (it) => it.use = LinkUse.SPARE],
    ["costly", "idle: metered, and the others suffice", (it) => it.use = LinkUse.COSTLY],
    ["costly", "idle: metered at 2.5 per GB, and the others suffice", (it) => {
      it.use = LinkUse.COSTLY;
      say(it, { pricePerGb: 2.5 });
    }],
    ["spent", "held back: its budget is used up, and another link is up", (it) => {
      it.use = LinkUse.SPENT;
      say(it, { isSpent: true });
    }],
    ["carrying", /^carrying 18\.[012] Mbit\/s, its budget used up: no other link is up$/, (it) => {
      send(it, 18.1e6);
      say(it, { isSpent: true });
    }],
    ["backup", "backup: another link is up", (it) => it.use = LinkUse.BACKUP],
    ["leaving", "leaving: nothing new goes over it", (it) => it.use = LinkUse.LEAVING],
    ["late", "held out: 310 ms later than the best, budget 200 ms", (it) => {
      it.use = LinkUse.LATE;
      it.laterMs = 310;
    }],
    ["late", "held out: an unknown time later than the best, budget 200 ms", (it) => {
      it.use = LinkUse.LATE;
      it.laterMs = 1e9;
    }],
    ["little", "held out: would add 640 kbit/s and be 90 ms later", (it) => {
      it.use = LinkUse.LITTLE;
      it.capacity.capacityBps = 640_000;
      it.laterMs = 90;
    }],
    ["lossy", /^held out: loses 2[0-9] %, limit 15 %$/, (it) => {
      it.use = LinkUse.LOSSY;
      for (let ms = 0; ms < NOW; ms += 100) it.loss.handle(75, 25, ms);
    }],
    ["lossy", "held out: loses 30 %, limit 15 %", (it) => {
      it.use = LinkUse.LOSSY;
      it.loss.handle(70, 30, NOW);
    }],
    ["lossy", "held out: still loses 10 %, after more than 15 %", (it) => {
      it.use = LinkUse.LOSSY;
      for (let ms = 0; ms < NOW; ms += 100) it.loss.handle(90, 10, ms);
    }],
    ["suspect", "suspect: nothing acknowledged for 250 ms", (it) => {
      it.isSuspect = true;
      it.suspectSinceMs = NOW - 250;
    }],
    ["silent", "silent for 7.5 s", (it) => {
      it.isAlive = false;
      it.lastHeardMs = NOW - 7_500;
    }],
    ["silent", "waiting to hear from the other end", (it) => {
      it.isAlive = false;
      it.lastHeardMs = -Infinity;
    }],
  ];

for (const [state, words, change] of CASES) {
  Deno.test(`explainLink says of a link that is ${state}: ${words}`, () => {
    const link = linkWith(change);
    assert.equal(stateNameOf(link, NOW), state);
    const said = explainLink(link, NOW);
    if (typeof words === "string") assert.equal(said, words);
    else assert.match(said, words);
  });
}

Deno.test("explainLink has words for all states that have a name", () => {
  assert.deepEqual(new Set(CASES.map(([state]) => state)), new Set(LINK_STATE_NAMES));
});

Deno.test("LINK_STATE_NAMES begins with the uses of the scheduler, by number", () => {
  for (const [name, use] of Object.entries(LinkUse)) {
    assert.equal(LINK_STATE_NAMES[use], name.toLowerCase());
  }
});

Deno.test("stateNameOf puts what is wrong with a link before what it would be used for", () => {
  const link = linkWith((it) => {
    it.use = LinkUse.LATE;
    it.isSuspect = true;
  });
  assert.equal(stateNameOf(link, NOW), "suspect");
  link.isAlive = false;
  assert.equal(stateNameOf(link, NOW), "silent");
});
