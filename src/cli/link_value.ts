/**
 * Takes one entry of `--proxies` or `--targets` apart: `[NAME=]ENDPOINT[;SETTING...]`. Its errors never show credentials.
 *
 * @module
 */

import { isLinkName } from "../linkmap/link_spec.ts";
import { UsageError } from "../usage_error.ts";
import { looksLikeSetting } from "./link_setting_words.ts";
import { quoteProxy } from "./quote.ts";

/** An entry in its parts, as text. */
export interface LinkValue {
  /** The link's name; null: the user gave none. */
  readonly name: string | null;
  /** What stands between name and settings: a proxy, or a host with its port. Not looked at yet. */
  readonly endpoint: string;
  /** What stands behind the endpoint, e.g. `cap=5mbit`; empty ones are left out. */
  readonly settings: readonly string[];
}

/**
 * Splits an entry. A `=` in a password is no end of a name: in front of it there is a `:`, which no name has.
 * @throws {UsageError}
 */
export function splitLink(text: string, subject: string): LinkValue {
  const semicolon = text.indexOf(";");
  if (semicolon >= 0 && text.lastIndexOf("@") > semicolon) {
    // No setting has an @: the piece is the rest of a password, which no message may show.
    throw new UsageError(
      `${subject} ${
        quoteProxy(text)
      }: write a ; in a user name or password as %3B, and an @ as %40`,
    );
  }
  const [head = "", ...settings] = text.split(";").map((part) => part.trim());
  if (looksLikeSetting(head)) {
    throw new UsageError(
      `${subject} ${quoteProxy(head)}: this is a setting without a link: a comma begins the next ` +
        "link, a ; another setting: type HOST:PORT;metered;cap=5mbit",
    );
  }
  return { ...splitName(head, subject), settings: settings.filter((setting) => setting !== "") };
}

function splitName(head: string, subject: string): Pick<LinkValue, "name" | "endpoint"> {
  const equals = head.indexOf("=");
  const name = head.slice(0, Math.max(0, equals)).trim();
  if (equals < 0 || /[:@/[\]]/.test(name)) return { name: null, endpoint: head };
  const endpoint = head.slice(equals + 1).trim();
  if (isLinkName(name)) return { name, endpoint };
  // The name is not shown: it may be the rest of a password that holds a comma.
  throw new UsageError(
    `${subject} ${quoteProxy(endpoint)}: the link's name, before the =, must be 1 to 32 letters, ` +
      "digits, - _ or .: type e.g. phone1=HOST:PORT",
  );
}
