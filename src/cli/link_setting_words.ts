/**
 * Reads the settings of one link, which stand behind its endpoint: `metered`, `backup`, `mode=MODE`, `cap=RATE`,
 * `up=RATE`, `down=RATE`, `price=PRICE`, `budget=SIZE`, `reset=DAY`, `hard`; and, for `bindlink link set`, what undoes them:
 * `unmetered`, `mode=default`, `cap=none`, `price=none`, `budget=none`, `soft`.
 *
 * @module
 */

import {
  DEFAULT_LINK_SETTINGS,
  LINK_MODES,
  type LinkChange,
  type LinkMode,
} from "../multiplexer/link_settings.ts";
import { UsageError } from "../usage_error.ts";
import { quoteValue } from "./quote.ts";
import { mostSimilar } from "./similar_word.ts";
import {
  parseChoice,
  parseDayOfMonth,
  parsePrice,
  parseRateBps,
  parseSizeBytes,
} from "./values.ts";

/** Each setting as it is typed; those with a `=` take a value. */
export const LINK_SETTINGS = {
  metered: "metered",
  backup: "backup",
  mode: "mode=MODE",
  cap: "cap=RATE",
  up: "up=RATE",
  down: "down=RATE",
  price: "price=PRICE",
  budget: "budget=SIZE",
  reset: "reset=DAY",
  hard: "hard",
} as const;

/** What `bindlink link set` takes besides. */
const UNDOING = { unmetered: "unmetered", soft: "soft" } as const;

/** Values that undo a setting there. */
const NONE = "none";
const GLOBAL_MODE = "default";

const SET_SPELLINGS = { ...LINK_SETTINGS, ...UNDOING } as const;

type SettingName = keyof typeof SET_SPELLINGS;

/** What a setting may be called, and how each is typed. */
type Spellings = Readonly<Partial<Record<SettingName, string>>>;

/** What settings behind an endpoint say; what they do not say is not there. @throws {UsageError} */
export function parseNewSettings(texts: readonly string[], subject: string): LinkChange {
  return toChange(readWords(texts, subject, LINK_SETTINGS), subject, { undoes: false });
}

/** What `bindlink link set` is to change, at least one thing. @throws {UsageError} */
export function parseLinkChange(texts: readonly string[], subject: string): LinkChange {
  return toChange(readWords(texts, subject, SET_SPELLINGS), subject, { undoes: true });
}

/** @param how.undoes whether there are values that undo a setting */
function toChange(
  given: ReadonlyMap<SettingName, string>,
  subject: string,
  how: { readonly undoes: boolean },
): LinkChange {
  exclude(given, ["backup", "mode"], `${subject}: backup is a mode: leave mode=MODE out`);
  exclude(given, ["metered", "unmetered"], `${subject}: metered or unmetered: leave one out`);
  for (const oneWay of ["up", "down"] as const) {
    const advice = "cap is for both directions: type up=RATE;down=RATE instead";
    exclude(given, ["cap", oneWay], `${subject}: ${advice}`);
  }
  exclude(given, ["hard", "soft"], `${subject}: hard or soft: leave one out`);
  if (given.has("hard") && !given.has("budget") && !how.undoes) {
    throw new UsageError(
      `${subject}: hard says what happens when a budget is used up: add budget=SIZE, or leave it out`,
    );
  }
  const cost = readCost(given, subject, how);
  const capBps = (name: SettingName): number | undefined => {
    const value = given.get(name) ?? given.get("cap");
    if (value === undefined) return undefined;
    if (how.undoes && value === NONE) return DEFAULT_LINK_SETTINGS.capUpBps;
    return parseRateBps(value, `${subject}: ${given.has(name) ? name : "cap"}`);
  };
  const mode = given.get("mode");
  const up = capBps("up");
  const down = capBps("down");
  return {
    ...(given.has("backup") ? { mode: "backup" } : {}),
    ...(mode === undefined ? {} : { mode: parseMode(mode, `${subject}: mode`, how) }),
    ...cost,
    ...(given.has("metered") ? { isMetered: true } : {}),
    ...(given.has("unmetered") ? { isMetered: false } : {}),
    ...(up === undefined ? {} : { capUpBps: up }),
    ...(down === undefined ? {} : { capDownBps: down }),
  };
}

/** What a link costs and may carry. One of which there is something to say is metered. */
function readCost(
  given: ReadonlyMap<SettingName, string>,
  subject: string,
  how: { readonly undoes: boolean },
): LinkChange {
  const read = <T>(
    name: SettingName,
    none: T,
    parse: (text: string, subject: string) => T,
  ): T | undefined => {
    const value = given.get(name);
    if (value === undefined) return undefined;
    return how.undoes && value === NONE ? none : parse(value, `${subject}: ${name}`);
  };
  const pricePerGb = read<number | null>("price", DEFAULT_LINK_SETTINGS.pricePerGb, parsePrice);
  const budgetBytes = read("budget", DEFAULT_LINK_SETTINGS.budgetBytes, parseSizeBytes);
  const reset = given.get("reset");
  const isMetered = typeof pricePerGb === "number" || (budgetBytes ?? Infinity) < Infinity;
  if (isMetered && given.has("unmetered")) {
    throw new UsageError(
      `${subject}: a link with a price or a budget is metered: leave unmetered out, or type ` +
        "price=none budget=none",
    );
  }
  return {
    ...(isMetered ? { isMetered } : {}),
    ...(pricePerGb === undefined ? {} : { pricePerGb }),
    ...(budgetBytes === undefined ? {} : { budgetBytes }),
    ...(reset === undefined ? {} : { resetDay: parseDayOfMonth(reset, `${subject}: reset`) }),
    ...(given.has("hard") ? { isBudgetHard: true } : {}),
    ...(given.has("soft") ? { isBudgetHard: false } : {}),
  };
}

function parseMode(
  text: string,
  subject: string,
  how: { readonly undoes: boolean },
): LinkMode | null {
  if (!how.undoes) return parseChoice(text, subject, LINK_MODES);
  const choice = parseChoice(text, subject, [...LINK_MODES, GLOBAL_MODE]);
  return choice === GLOBAL_MODE ? null : choice;
}

/** Whether a text that stands where a link should is a setting; `cap=h:1` is a link of that name. */
export function looksLikeSetting(text: string): boolean {
  const { name, value } = split(text);
  const spelling = spellingOf(name, LINK_SETTINGS);
  if (spelling === undefined) return false;
  return value === null ? !spelling.includes("=") : !value.includes(":");
}

/** Values by setting, "" for those that take none. */
function readWords(
  texts: readonly string[],
  subject: string,
  spellings: Spellings,
): ReadonlyMap<SettingName, string> {
  const given = new Map<SettingName, string>();
  for (const [i, text] of texts.entries()) {
    const { name, value } = split(text);
    const spelling = spellingOf(name, spellings);
    if (spelling === undefined) throw unknownSetting(name, i, subject, spellings);
    const takesValue = spelling.includes("=");
    if (!takesValue && value !== null) {
      throw new UsageError(`${subject}: ${name} takes no value: type ${name} alone`);
    }
    if (takesValue && (value ?? "") === "") {
      throw new UsageError(`${subject}: ${name} needs a value: type ${spelling}`);
    }
    if (given.has(name as SettingName)) {
      throw new UsageError(`${subject}: ${name} is given twice: leave one out`);
    }
    given.set(name as SettingName, value ?? "");
  }
  return given;
}

/** Shows the word only when it is nearly a setting: what is none may be a piece of a password. */
function unknownSetting(
  name: string,
  index: number,
  subject: string,
  spellings: Spellings,
): UsageError {
  const similar = mostSimilar(name, [...Object.keys(spellings), ...LINK_MODES]);
  if (similar === null) {
    return new UsageError(
      `${subject}: setting ${index + 1} is unknown: type one of ${
        Object.values(spellings).join(", ")
      }`,
    );
  }
  const meant = spellingOf(similar, spellings) ?? `mode=${similar}`;
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

function spellingOf(name: string, spellings: Spellings): string | undefined {
  return Object.hasOwn(spellings, name) ? spellings[name as SettingName] : undefined;
}
