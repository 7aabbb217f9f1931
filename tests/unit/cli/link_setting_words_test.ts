import assert from "node:assert/strict";
import { looksLikeSetting, parseNewSettings } from "../../../src/cli/link_setting_words.ts";
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
    mode: "cheapest",
    isMetered: true,
    capUpBps: 2e6,
    capDownBps: 10e6,
  });
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
      "up=RATE, down=RATE",
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
