/**
 * Where a slave's join token comes from: the command line, the environment, a configuration file, or what `bindlink join`
 * stored. A token is never shown, whatever is wrong with it.
 *
 * @module
 */

import type { StoredJoin } from "../command_request.ts";
import { decodeJoinToken, encodeJoinToken, type JoinToken } from "../peer/join_token.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions, SingleOption } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { looksLikeToken, quotePath } from "./quote.ts";

/** A token, checked. */
export interface FoundToken {
  /** As text, without what a mail program or a word processor put in. */
  readonly text: string;
  readonly token: JoinToken;
  /** What to call it in an error. */
  readonly subject: string;
}

/** What was given besides options, and what it may be looked up with. */
export interface TokenSearch {
  readonly given: GivenOptions;
  /** The word besides the options. */
  readonly argument: string | null;
  readonly inputs: CommandLineInputs;
}

/** The token that was given; null: none. @throws {UsageError} */
export function findGivenToken({ given, argument, inputs }: TokenSearch): FoundToken | null {
  const word: SingleOption | undefined = argument === null
    ? undefined
    : { value: argument, subject: "TOKEN", origin: "command line" };
  const options = [given.findOne("token"), given.findOne("token-file")];
  for (const origin of ["command line", "environment", "file"] as const) {
    const found = [word, ...options].filter((it) => it?.origin === origin);
    const [first, second] = found;
    if (first !== undefined && second !== undefined) {
      throw new UsageError(
        `${first.subject} and ${second.subject} exclude each other: leave one out`,
      );
    }
    if (first === undefined) continue;
    const isFile = first === options[1];
    const isStdin = first.value === "-" && first !== options[0];
    const text = isStdin ? inputs.readStdin() : isFile ? readTokenFile(first, inputs) : first.value;
    return checkToken(text, isStdin ? "The token from stdin" : first.subject);
  }
  return null;
}

/** The token that `bindlink join` stored. @throws {UsageError} */
export function checkStoredToken(stored: StoredJoin): FoundToken {
  return checkToken(stored.token, 'The token that "bindlink join" stored');
}

function readTokenFile({ value, subject }: SingleOption, inputs: CommandLineInputs): string {
  if (looksLikeToken(value)) {
    throw new UsageError(`${subject}: this is a token, not a file: give it as --token`);
  }
  try {
    return inputs.readFile(value);
  } catch (cause) {
    throw new Error(`Cannot read ${subject} ${quotePath(value)}`, { cause });
  }
}

function checkToken(text: string, subject: string): FoundToken {
  const token = decodeJoinToken(text);
  if (typeof token === "string") throw new UsageError(`${subject}: ${token}`);
  return { text: encodeJoinToken(token), token, subject };
}
