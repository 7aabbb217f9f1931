import assert from "node:assert/strict";
import {
  looksLikeSetting,
  parseLinkChange,
  parseNewSettings,
} from "../../../src/cli/link_setting_words.ts";
import {
  changeSettings,
  DEFAULT_LINK_SETTINGS,
  type LinkSettings,
} from "../../../src/multiplexer/link_settings.ts";
import { UsageError } from "../../../src/usage_error.ts";

function parse(...texts: string[]): LinkSettings {
  const change = parseNewSettings(texts, '--proxies "h:1"');
  return changeSettings(DEFAULT_LINK_SETTINGS, change, "speed");
}

function complaint(...texts: string[]): string {
  try {
    parse(...texts);
  } catch (error) {
    assert.ok(error instanceof UsageError);
    return error.message;
  }
  throw new Error(`accepted: ${texts}`);
}

Deno.test("parseNewSettings has the defaults of a link of which nothing is said", () => {
  assert.deepEqual(parse(), DEFAULT_LINK_SETTINGS);
  assert.deepEqual(parseNewSettings([], ""), {});
});

Deno.test("parseNewSettings reads each setting", () => {
  assert.deepEqual(parse("metered"), { ...DEFAULT_LINK_SETTINGS, isMetered: true });
  assert.deepEqual(parse("backup"), { ...DEFAULT_LINK_SETTINGS, mode: "backup" });
  for (const mode of ["speed", "redundant", "backup", "cheapest"] as const) {
    assert.deepEqual(parse(`mode=${mode}`), { ...DEFAULT_LINK_SETTINGS, mode });
  }
  assert.deepEqual(parse("cap=5mbit"), {
    ...DEFAULT_LINK_SETTINGS,
    capUpBps: 5e6,
    capDownBps: 5e6,
  });
  assert.deepEqual(parse("up=500kbit"), { ...DEFAULT_LINK_SETTINGS, capUpBps: 5e5 });
  assert.deepEqual(parse("down = 1.5gbit"), { ...DEFAULT_LINK_SETTINGS, capDownBps: 1.5e9 });
  assert.deepEqual(parse("metered", "mode=cheapest", "up=2mbit", "down=10mbit"), {
    ...DEFAULT_LINK_SETTINGS,
    mode: "cheapest",
    isMetered: true,
    capUpBps: 2e6,
    capDownBps: 10e6,
  });
});

Deno.test("parseNewSettings reads what a link costs and may carry; it is metered then", () => {
  assert.deepEqual(parse("budget=10GB", "reset=15", "price=2.50", "hard"), {
    ...DEFAULT_LINK_SETTINGS,
    isMetered: true,
    budgetBytes: 10e9,
    resetDay: 15,
    pricePerGb: 2.5,
    isBudgetHard: true,
  });
  assert.deepEqual(parse("price=0"), { ...DEFAULT_LINK_SETTINGS, isMetered: true, pricePerGb: 0 });
  for (
    const [text, bytes] of [["500mb", 5e8], ["1.5TB", 1.5e12], ["2GiB", 2 ** 31], ["1MB", 1e6]]
      .values()
  ) {
    assert.equal(parse(`budget=${text}`).budgetBytes, bytes);
  }
});

Deno.test("parseNewSettings says what is wrong with a price, a budget, a day", () => {
  for (
    const [text, problem] of [
      ["budget=10", '"10": the unit is missing: type 10GB, or MB or TB'],
      ["budget=10gbit", '"10gbit": type 10MB, 10GB or 10TB'],
      ["budget=none", '"none": type a number and its unit, e.g. 10GB or 0.5GB'],
      ["budget=0GB", '"0GB": type a size from 1MB to 1000TB'],
      ["reset=0", '"0": type a day of the month, 1 to 31'],
      ["reset=32", '"32": type a day of the month, 1 to 31'],
      ["reset=1.5", '"1.5": type a day of the month, 1 to 31'],
    ] as const
  ) {
    const name = text.split("=")[0];
    assert.equal(complaint(text), `--proxies "h:1": ${name} ${problem}`);
  }
  for (const price of ["2€", "-1", "1e3", "0.0001", "1000001", "none"]) {
    assert.match(complaint(`price=${price}`), /: price ".*": type a number without a currency/);
  }
  assert.match(complaint("hard"), /: hard says what happens when a budget is used up: add budget/);
  assert.match(complaint("soft"), /setting 1 is unknown|did you mean/);
});

Deno.test("parseLinkChange undoes a price and a budget, and keeps a metered link metered", () => {
  const change = (...texts: string[]): unknown => parseLinkChange(texts, "SETTING");
  assert.deepEqual(change("price=none", "budget=none", "soft"), {
    pricePerGb: null,
    budgetBytes: Infinity,
    isBudgetHard: false,
  });
  assert.deepEqual(change("budget=none", "unmetered"), { budgetBytes: Infinity, isMetered: false });
  assert.deepEqual(change("reset=31", "hard"), { resetDay: 31, isBudgetHard: true });
  assert.throws(() => change("budget=1GB", "unmetered"), /a link with a price or a budget is/);
  assert.throws(() => change("hard", "soft"), /hard or soft: leave one out/);
});

Deno.test("parseNewSettings says which setting was meant", () => {
  for (
    const [text, meant] of [
      ["metred", "metered"],
      ["Metered", "metered"],
      ["bakup", "backup"],
      ["capp=5mbit", "cap=RATE"],
      ["dow=5mbit", "down=RATE"],
      ["redundant", "mode=redundant"],
      ["cheap", "mode=cheapest"],
    ] as const
  ) {
    const name = text.split("=")[0];
    assert.equal(
      complaint(text),
      `--proxies "h:1": unknown setting "${name}": did you mean ${meant}?`,
    );
  }
});

Deno.test("parseNewSettings names all settings when none is near, and not what stands there", () => {
  assert.equal(
    complaint("metered", "s3cretword=x"),
    '--proxies "h:1": setting 2 is unknown: type one of metered, backup, mode=MODE, cap=RATE, ' +
      "up=RATE, down=RATE, price=PRICE, budget=SIZE, reset=DAY, hard",
  );
  assert.match(complaint("constructor"), /setting 1 is unknown/);
});

Deno.test("parseNewSettings says which settings want a value", () => {
  assert.equal(
    complaint("metered=yes"),
    '--proxies "h:1": metered takes no value: type metered alone',
  );
  assert.equal(complaint("cap"), '--proxies "h:1": cap needs a value: type cap=RATE');
  assert.equal(complaint("mode="), '--proxies "h:1": mode needs a value: type mode=MODE');
});

Deno.test("parseNewSettings refuses what is said twice", () => {
  assert.match(complaint("up=1mbit", "up=2mbit"), /: up is given twice: leave one out$/);
  assert.match(complaint("backup", "mode=speed"), /: backup is a mode: leave mode=MODE out$/);
  for (const oneWay of ["up=1mbit", "down=1mbit"]) {
    assert.match(
      complaint("cap=1mbit", oneWay),
      /both directions: type up=RATE;down=RATE instead$/,
    );
  }
});

Deno.test("looksLikeSetting knows a setting, and a link that only has its name", () => {
  for (const text of ["metered", "backup", "cap=5mbit", "mode=x", "up="]) {
    assert.ok(looksLikeSetting(text), text);
  }
  for (const text of ["cap", "cap=h:1", "metered=[::1]:5", "phone=h", "h:1", ""]) {
    assert.ok(!looksLikeSetting(text), text);
  }
});
