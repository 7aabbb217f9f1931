/**
 * Reads the settings of one link, which stand behind its endpoint: `metered`, `backup`, `mode=MODE`, `cap=RATE`,
 * `up=RATE`, `down=RATE`.
 *
 * @module
 */

import {
  DEFAULT_LINK_SETTINGS,
  LINK_MODES,
  type LinkMode,
  type LinkSettings,
} from "../multiplexer/link_settings.ts";
import { UsageError } from "../usage_error.ts";
import { quoteValue } from "./quote.ts";
import { mostSimilar } from "./similar_word.ts";
import { parseChoice, parseRateBps } from "./values.ts";

/** Each setting as it is typed; those with a `=` take a value. */
const SPELLINGS = {
  metered: "metered",
  backup: "backup",
  mode: "mode=MODE",
  cap: "cap=RATE",
  up: "up=RATE",
  down: "down=RATE",
} as const;

type SettingName = keyof typeof SPELLINGS;

const NAMES = Object.keys(SPELLINGS) as readonly SettingName[];

/**
 * The settings of a link.
 * @param texts one each. @param subject option and endpoint, for errors.
 * @param defaultMode the mode when they name none. @throws {UsageError}
 */
export function parseLinkSettings(
  texts: readonly string[],
  subject: string,
  defaultMode: LinkMode,
): LinkSettings {
  const given = readWords(texts, subject);
  exclude(given, ["backup", "mode"], `${subject}: backup is a mode: leave mode=MODE out`);
  for (const oneWay of ["up", "down"] as const) {
    const advice = "cap is for both directions: type up=RATE;down=RATE instead";
    exclude(given, ["cap", oneWay], `${subject}: ${advice}`);
  }
  const rateBps = (name: SettingName): number | undefined => {
    const value = given.get(name);
    return value === undefined ? undefined : parseRateBps(value, `${subject}: ${name}`);
  };
  const capBps = rateBps("cap");
  const mode = given.get("mode");
  return {
    mode: given.has("backup")
      ? "backup"
      : mode === undefined
      ? defaultMode
      : parseChoice(mode, `${subject}: mode`, LINK_MODES),
    isMetered: given.has("metered"),
    capUpBps: rateBps("up") ?? capBps ?? DEFAULT_LINK_SETTINGS.capUpBps,
    capDownBps: rateBps("down") ?? capBps ?? DEFAULT_LINK_SETTINGS.capDownBps,
  };
}

/** Whether a text that stands where a link should is a setting; `cap=h:1` is a link of that name. */
export function looksLikeSetting(text: string): boolean {
  const { name, value } = split(text);
  return isName(name) && (value === null ? !SPELLINGS[name].includes("=") : !value.includes(":"));
}

/** Values by setting, "" for those that take none. */
function readWords(texts: readonly string[], subject: string): ReadonlyMap<SettingName, string> {
  const given = new Map<SettingName, string>();
  for (const [i, text] of texts.entries()) {
    const { name, value } = split(text);
    if (!isName(name)) throw unknownSetting(name, i, subject);
    const spelling = SPELLINGS[name];
    const takesValue = spelling.includes("=");
    if (!takesValue && value !== null) {
      throw new UsageError(`${subject}: ${name} takes no value: type ${name} alone`);
    }
    if (takesValue && (value ?? "") === "") {
      throw new UsageError(`${subject}: ${name} needs a value: type ${spelling}`);
    }
    if (given.has(name)) {
      throw new UsageError(`${subject}: ${name} is given twice: leave one out`);
    }
    given.set(name, value ?? "");
  }
  return given;
}

/** Shows the word only when it is nearly a setting: what is none may be a piece of a password. */
function unknownSetting(name: string, index: number, subject: string): UsageError {
  const similar = mostSimilar(name, [...NAMES, ...LINK_MODES]);
  if (similar === null) {
    return new UsageError(
      `${subject}: setting ${index + 1} is unknown: type one of ${
        Object.values(SPELLINGS).join(", ")
      }`,
    );
  }
  const meant = isName(similar) ? SPELLINGS[similar] : `mode=${similar}`;
  return new UsageError(
    `${subject}: unknown setting ${quoteValue(name)}: did you mean ${meant}?`,
  );
}

function exclude(
  given: ReadonlyMap<SettingName, string>,
  [one, other]: readonly [SettingName, SettingName],
  problem: string,
): void {
  if (given.has(one) && given.has(other)) throw new UsageError(problem);
}

function split(text: string): { readonly name: string; readonly value: string | null } {
  const equals = text.indexOf("=");
  if (equals < 0) return { name: text.trim(), value: null };
  return { name: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() };
}

function isName(text: string): text is SettingName {
  return Object.hasOwn(SPELLINGS, text);
}
