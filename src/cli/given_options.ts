/**
 * Which options were given, by whom, and what holds otherwise: command line, then environment, then
 * default.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import {
  environmentName,
  findOption,
  type OptionKey,
  optionsOf,
  type Role,
} from "./option_table.ts";

/** Who gave an option. */
export type Origin = "command line" | "environment" | "default";

/** An option with its values as text. */
export interface GivenOption {
  /** At least one. A repeatable option's commas are split already. */
  readonly values: readonly string[];
  /** What to call it in an error: `--listen` or `BINDLINK_LISTEN`. */
  readonly subject: string;
  readonly origin: Origin;
}

/** An option that has exactly one value. */
export interface SingleOption {
  readonly value: string;
  readonly subject: string;
  readonly origin: Origin;
}

/** The options of one end. */
export class GivenOptions {
  readonly #role: Role;
  readonly #given = new Map<OptionKey, GivenOption>();

  /** @param environment reads an environment variable; an empty one counts as not set. */
  constructor(
    role: Role,
    typed: ReadonlyMap<string, readonly string[]>,
    environment: (name: string) => string | undefined,
  ) {
    this.#role = role;
    for (const { name, isRepeatable } of optionsOf(role)) {
      const fromTyped = typed.get(name);
      const fromEnvironment = environment(environmentName(name)) ?? "";
      const origin = fromTyped !== undefined ? "command line" : "environment";
      if (fromTyped === undefined && fromEnvironment === "") continue;
      const subject = fromTyped !== undefined ? `--${name}` : environmentName(name);
      const texts = fromTyped ?? [fromEnvironment];
      const values = isRepeatable ? texts.flatMap(splitList) : texts;
      if (values.length === 0 || (values.length === 1 && values[0] === "")) {
        throw new UsageError(`${subject} is empty: give a value or leave it out`);
      }
      this.#given.set(name, { values, subject, origin });
    }
  }

  /** The option when somebody gave it; its default does not count. */
  find(name: OptionKey): GivenOption | undefined {
    return this.#given.get(name);
  }

  /** Takes options out, as if nobody had given them. */
  forget(names: readonly OptionKey[]): void {
    for (const name of names) this.#given.delete(name);
  }

  /** The option, or its default. Only for options that have a default. */
  list(name: OptionKey): GivenOption {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    const value = findOption(name)?.defaults?.[this.#role];
    if (value === undefined) throw new Error(`Invariant: --${name} has no default`);
    return { values: [value], subject: `--${name}`, origin: "default" };
  }

  /** As {@link GivenOptions.list}, for an option with one value. */
  one(name: OptionKey): SingleOption {
    const { values, subject, origin } = this.list(name);
    return { value: values[0] ?? "", subject, origin };
  }
}

/** Commas separate; blanks around them and empty entries (a trailing comma) are skipped. */
function splitList(text: string): string[] {
  return text.split(",").map((entry) => entry.trim()).filter((entry) => entry !== "");
}
