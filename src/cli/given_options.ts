/**
 * Which options were given, by whom, and what holds otherwise: command line, then environment, then
 * the configuration file, then what `bindlink join` stored, then default.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import type { CommandName } from "./command_table.ts";
import type { ConfigOption, ConfigValue } from "./config_file.ts";
import {
  defaultOf,
  environmentName,
  type OptionKey,
  type OptionSpec,
  readsEnvironment,
} from "./option_spec.ts";
import { findOption, optionsOf } from "./option_table.ts";

/** Who gave an option. */
export type Origin = "command line" | "environment" | "file" | "stored" | "default";

/** Those who can give one, the stronger first. */
export const GIVERS = ["command line", "environment", "file", "stored"] as const satisfies Origin[];

/** An option with its values as text. */
export interface GivenOption {
  /** At least one. A repeatable option's commas are split already. A flag's is `yes` or another word. */
  readonly values: readonly string[];
  /** What to call it in an error: `--listen` or `BINDLINK_LISTEN`. */
  readonly subject: string;
  readonly origin: Origin;
  /** Where each value stands, when a file gave them. */
  readonly places?: readonly ConfigValue[];
}

/** An option that has exactly one value. */
export interface SingleOption {
  readonly value: string;
  readonly subject: string;
  readonly origin: Origin;
}

/** What a flag is in the environment. */
const YES: readonly string[] = ["1", "true", "yes"];
const NO: readonly string[] = ["0", "false", "no"];

/** Whether a flag's word is one for yes. */
export function saysYes(word: string): boolean {
  return YES.includes(word.toLowerCase());
}

/** The options of one command. */
export class GivenOptions {
  readonly #command: CommandName;
  readonly #given = new Map<OptionKey, GivenOption>();

  /** @param environment reads an environment variable; an empty one counts as not set. @throws {UsageError} */
  constructor(
    command: CommandName,
    typed: ReadonlyMap<string, readonly string[]>,
    environment: (name: string) => string | undefined,
  ) {
    this.#command = command;
    for (const option of optionsOf(command)) {
      const fromTyped = typed.get(option.name);
      const fromEnvironment = readsEnvironment(option, command)
        ? environment(environmentName(option.name)) ?? ""
        : "";
      if (fromTyped !== undefined) {
        this.#add(option, fromTyped, `--${option.name}`, "command line");
      } else if (fromEnvironment !== "") {
        this.#add(option, [fromEnvironment], environmentName(option.name), "environment");
      }
    }
  }

  /**
   * Adds what `bindlink join` stored, where nobody gave the option.
   * @param except options to leave out. @throws {UsageError} for an option that there is not.
   */
  addStored(
    stored: Readonly<Record<string, readonly string[]>>,
    except: readonly OptionKey[],
  ): void {
    for (const [name, values] of Object.entries(stored)) {
      const option = optionsOf("join").find((option) => option.name === name);
      if (option === undefined) {
        throw new UsageError(
          `What "bindlink join" stored has an option that this version does not know: join again`,
        );
      }
      // The doctor has not all options of a slave.
      if (!optionsOf(this.#command).includes(option)) continue;
      if (this.#given.has(option.name) || except.includes(option.name)) continue;
      this.#add(option, values, `--${name} (stored by bindlink join)`, "stored");
    }
  }

  /** Adds what a configuration file says, where nobody gave the option. @param except options to leave out. */
  addFile(options: readonly ConfigOption[], except: readonly OptionKey[]): void {
    for (const { name, values: places } of options) {
      if (this.#given.has(name) || except.includes(name)) continue;
      const values = places.map(({ text }) => text);
      this.#given.set(name, {
        values,
        subject: places[0]?.subject ?? name,
        origin: "file",
        places,
      });
    }
  }

  #add(option: OptionSpec, texts: readonly string[], subject: string, origin: Origin): void {
    const values = option.isRepeatable === true ? texts.flatMap(splitList) : texts;
    if (values.length === 0 || (values.length === 1 && values[0] === "")) {
      throw new UsageError(`${subject} is empty: give a value or leave it out`);
    }
    this.#given.set(option.name, { values, subject, origin });
  }

  /** The option when somebody gave it; its default does not count. */
  find(name: OptionKey): GivenOption | undefined {
    return this.#given.get(name);
  }

  /** As {@link GivenOptions.find}, for an option with one value. */
  findOne(name: OptionKey): SingleOption | undefined {
    const given = this.#given.get(name);
    if (given === undefined) return undefined;
    return { value: given.values[0] ?? "", subject: given.subject, origin: given.origin };
  }

  /** What somebody gave. */
  names(): readonly OptionKey[] {
    return [...this.#given.keys()];
  }

  /** Whether a flag is set. @throws {UsageError} when the environment says neither yes nor no. */
  flag(name: OptionKey): boolean {
    const given = this.findOne(name);
    if (given === undefined) return false;
    if (saysYes(given.value)) return true;
    if (NO.includes(given.value.toLowerCase())) return false;
    // Not quoted: whatever stands there instead of a yes is none of the words to show.
    throw new UsageError(
      `${given.subject}: this is neither yes nor no: set ${[...YES, ...NO].join(", ")}, or nothing`,
    );
  }

  /** Takes options out, as if nobody had given them. */
  forget(names: readonly OptionKey[]): void {
    for (const name of names) this.#given.delete(name);
  }

  /** The option, or its default. Only for options that have a default. */
  list(name: OptionKey): GivenOption {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    const option = findOption(name);
    const value = option && defaultOf(option, this.#command);
    if (value === undefined) throw new Error(`Invariant: --${name} has no default`);
    return { values: [value], subject: `--${name}`, origin: "default" };
  }

  /** As {@link GivenOptions.list}, for an option with one value. */
  one(name: OptionKey): SingleOption {
    const { values, subject, origin } = this.list(name);
    return { value: values[0] ?? "", subject, origin };
  }

  /** What was given of the named options, as `join` stores it. */
  toStored(names: readonly OptionKey[]): Readonly<Record<string, readonly string[]>> {
    const given = names.flatMap((name) => {
      const option = this.#given.get(name);
      return option === undefined ? [] : [[name, option.values] as const];
    });
    return Object.fromEntries(given);
  }
}

/** Commas separate; blanks around them and empty entries (a trailing comma) are skipped. */
function splitList(text: string): string[] {
  return text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
}
