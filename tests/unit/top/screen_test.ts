import assert from "node:assert/strict";
import fc from "fast-check";
import type { BudgetSnapshot } from "../../../src/snapshot.ts";
import { ASCII_GLYPHS, UNICODE_GLYPHS } from "../../../src/top/glyphs.ts";
import { pressKey } from "../../../src/top/key_action.ts";
import { drawScreen } from "../../../src/top/screen.ts";
import { lineText, lineWidth } from "../../../src/top/styled_line.ts";
import { itemsOf } from "../../../src/top/top_item.ts";
import { type TopState, withNotice, withoutReport } from "../../../src/top/top_state.ts";
import { assertScreen, screenText } from "./golden_screen.ts";
import { NOW_MS, sampleLink, sampleMaster, sampleReport, sampleState } from "./sample_state.ts";

const USUAL = { columns: 80, rows: 24 };
const SMALL = { columns: 40, rows: 10 };

/** Twenty links, of which one is chosen. */
function manyLinks(chosen: number): TopState {
  const links = Array.from(
    { length: 20 },
    (_, i) => sampleLink({ id: i + 1, name: `phone${i + 1}` }),
  );
  const state = sampleState(sampleReport({ links }));
  return { ...state, chosenKey: itemsOf(state.report)[chosen]!.key };
}

Deno.test("drawScreen of a slave at 80x24", () => {
  assertScreen("slave_80x24", screenText(sampleState(), USUAL));
});

Deno.test("drawScreen of a slave at 200x60", () => {
  assertScreen("slave_200x60", screenText(sampleState(), { columns: 200, rows: 60 }));
});

Deno.test("drawScreen of a slave at 40x10", () => {
  assertScreen("slave_40x10", screenText(sampleState(), SMALL));
});

Deno.test("drawScreen draws with ASCII where the terminal has nothing else", () => {
  const text = screenText(sampleState(), USUAL, ASCII_GLYPHS);
  assert.match(text, /^[\x20-\x7e\n]*$/);
  assertScreen("slave_ascii_80x24", text);
});

Deno.test("drawScreen of a master has the links below their slaves", () => {
  assertScreen("master_80x24", screenText(sampleState(sampleMaster()), USUAL));
});

Deno.test("drawScreen of many links shows the chosen one, and how many there are besides", () => {
  assertScreen("many_80x24", screenText(manyLinks(12), USUAL));
  for (let chosen = 0; chosen < 20; chosen++) {
    for (const size of [USUAL, SMALL, { columns: 40, rows: 8 }]) {
      const text = screenText(manyLinks(chosen), size);
      assert.match(text, new RegExp(`^> phone${chosen + 1} `, "m"));
      const [, above = "", below = ""] = /(\d+) more above, (\d+) below/.exec(text) ?? [];
      const shown = [...text.matchAll(/^[> ] phone\d+ /gm)].length;
      assert.equal(shown + Number(above) + Number(below), 20, text);
    }
  }
});

Deno.test("drawScreen says that the daemon is away, and keeps what was last known", () => {
  const reason = { what: "is not running", why: "" };
  const state = withoutReport(sampleState(), reason, NOW_MS - 12_000);
  const lines = screenText(state, USUAL).split("\n");
  assert.equal(lines[3], "! slave bind0 is not running, waiting for 12 s");
  assert.match(lines[5]!, /^> phone1 /);
  assert.match(lines[1]!, /▅▆█  {2}118 MiB in all$/, "a gap in the history");
  const silent = { what: "does not answer", why: "no answer within 3 s" };
  assert.match(
    screenText(withoutReport(sampleState(), silent, NOW_MS), USUAL),
    /^! slave bind0 does not answer, waiting for 0 s; no answer within 3 s$/m,
  );
});

Deno.test("drawScreen shows how much of a budget is used, where the report has it", () => {
  const shown = (changes: Partial<BudgetSnapshot>): string | undefined => {
    const budget: BudgetSnapshot = {
      usedBytes: 3.2e9,
      limitBytes: 10e9,
      cost: null,
      pricePerGb: null,
      startsOn: "2026-02-15",
      resetsOn: "2026-03-15",
      runsOutOn: "2026-03-12",
      isSpent: false,
      isHard: false,
      ...changes,
    };
    const links = [{ ...sampleLink(), budget }];
    const text = screenText(sampleState(sampleReport({ links })), USUAL);
    return /^ {4}(budget .*)$/m.exec(text)?.[1];
  };
  assert.equal(shown({}), "budget ███▎░░░░░░ 32 % of 10.00 GB, runs out on 2026-03-12");
  assert.equal(
    shown({ runsOutOn: null, cost: 6.4 }),
    "budget ███▎░░░░░░ 32 % of 10.00 GB, lasts until 2026-03-15, cost 6.40",
  );
  assert.equal(
    shown({ usedBytes: 11e9, isSpent: true }),
    "budget ██████████ 110 % of 10.00 GB, used up until 2026-03-15",
  );
  assert.equal(shown({ limitBytes: null, cost: 6.4 }), "budget 3.20 GB used, cost 6.40");
  assert.doesNotMatch(screenText(sampleState(), USUAL), /^ {4}budget/m);
});

Deno.test("drawScreen says what to do where there is nothing, and when it is too small", () => {
  assert.match(
    screenText(sampleState(sampleReport({ links: [] })), USUAL),
    /no links: add one with bindlink link add\n/,
  );
  assert.match(
    screenText(sampleState(sampleMaster({ slaves: [] })), USUAL),
    /no slaves: let one in with bindlink invite NAME\n/,
  );
  assert.equal(
    screenText(sampleState(), { columns: 39, rows: 24 }).trimEnd(),
    "Too small: 39x24\ntop needs 40x8\nq quits",
  );
  assert.match(screenText(sampleState(), { columns: 80, rows: 7 }), /^Too small: 80x7\n/);
});

Deno.test("drawScreen's last line has keys, questions, what is done, and what was said", () => {
  const foot = (state: TopState, size = USUAL): string =>
    screenText(state, size).trimEnd().split("\n").at(-1)!;
  const pressed = (key: string, state = sampleState()): TopState =>
    pressKey(state, key, NOW_MS).state;
  assert.equal(
    foot(pressed("m")),
    "Mode of the slave: s speed  r redundant  b backup  c cheapest  Esc no change",
  );
  assert.equal(
    foot(pressed("l"), { columns: 120, rows: 24 }),
    "Mode of phone1: s speed  r redundant  b backup  c cheapest  d as the slave's  Esc no change",
  );
  assert.equal(foot(pressed("m"), SMALL), "s speed r redundant b backup c cheapest");
  assert.equal(foot(pressed("l"), SMALL), "s/r/b/c: mode of phone1, d: the slave's");
  const alone = sampleState(sampleReport({ links: [sampleLink()] }));
  assert.equal(
    foot(pressed("o", alone)),
    "No other link is up: press y to switch phone1 off, another key to leave it on",
  );
  assert.equal(foot(pressed("o", alone), SMALL), "No other is up: y switches phone1 off");
  assert.equal(
    foot({ ...sampleState(), doing: "Switching phone1 off" }),
    "Switching phone1 off ...",
  );
  const said = withNotice(sampleState(), "No!", { isBad: true, nowMs: NOW_MS - 4_999 });
  assert.equal(foot(said), "! No!");
  const saidBefore = withNotice(sampleState(), "No!", { isBad: true, nowMs: NOW_MS - 5_000 });
  assert.match(foot(saidBefore), / q quit$/);
  assert.match(foot(sampleState(), SMALL), / q quit$/);
});

Deno.test("drawScreen fills any size, and nothing in a report moves the cursor", () => {
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), fc.constant("漢字\x1b[2J"));
  const link = fc.record({ name: text, reason: text, address: text });
  fc.assert(fc.property(
    fc.integer({ min: 1, max: 220 }),
    fc.integer({ min: 1, max: 70 }),
    fc.array(link, { maxLength: 12 }),
    fc.boolean(),
    (columns, rows, names, isMaster) => {
      const links = names.map((it, i) => sampleLink({ ...it, id: i + 1 }));
      const event = {
        at: "2026-03-01T11:00:00.000Z",
        level: "error" as const,
        message: names[0]?.reason ?? "",
        properties: { link: names[0]?.name ?? "" },
      };
      const report = isMaster
        ? sampleMaster({ events: [event] })
        : sampleReport({ links, events: [event] });
      const state = withNotice(sampleState(report, 3), event.message, {
        isBad: true,
        nowMs: NOW_MS,
      });
      const lines = drawScreen(state, { columns, rows }, NOW_MS, UNICODE_GLYPHS);
      assert.equal(lines.length, rows);
      for (const line of lines) {
        assert(lineWidth(line) <= columns, `${columns}x${rows}: ${lineText(line)}`);
        assert.doesNotMatch(lineText(line), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }
    },
  ));
});

Deno.test("drawScreen asks about a link with nothing in its name that moves the cursor", () => {
  const link = "usb\x1b[2J\u202e0";
  for (const prompt of [{ kind: "lastLink", link }, { kind: "mode", link }] as const) {
    for (const size of [USUAL, SMALL]) {
      assert.doesNotMatch(screenText({ ...sampleState(), prompt }, size), /[^\P{Cc}\n]|\p{Cf}/u);
    }
  }
});
