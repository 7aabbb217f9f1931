/**
 * `bindlink link ...` and `bindlink mode`: change what a running slave does with its links.
 *
 * @module
 */

import type { DaemonRequest } from "../command_request.ts";
import { encodeChange, encodeNewLink } from "../control/link_requests.ts";
import type { LinkOutcome } from "../live_links.ts";
import { askDaemon, askStatus } from "./ask_daemon.ts";
import { type CommandIo, printResult } from "./command_io.ts";
import { settingsText } from "../control/settings_text.ts";
import { linkListText } from "./status_text.ts";

/** What is asked here. */
type LinkRequest = Exclude<
  DaemonRequest,
  { readonly kind: "status" | "top" | "reload" | "record" }
>;

/** Does it, and says what it did. @throws UsageError, StateError, Error. */
export async function runLinkCommand(request: LinkRequest, io: CommandIo): Promise<void> {
  printResult(io, await answerTo(request));
}

async function answerTo(request: LinkRequest): Promise<string> {
  switch (request.kind) {
    case "link list": {
      const status = await askStatus(request, "slave");
      return request.isJson ? `${JSON.stringify(status.links, null, 2)}\n` : linkListText(status);
    }
    case "mode":
      await askDaemon(request, "slave", { command: "mode", mode: request.mode });
      return `Links that have no mode of their own are used as in ${request.mode} now\n`;
    case "link add": {
      const links = request.links.map(encodeNewLink);
      const names = await askDaemon(request, "slave", { command: "link.add", links });
      return `${(names as readonly string[]).map((name) => `Added ${name}`).join("\n")}\n`;
    }
    case "link set":
      return await setLink(request);
    case "link remove":
    case "link up":
    case "link down": {
      const command = request.kind.replace(" ", ".");
      const outcome = await askDaemon(request, "slave", { command, name: request.name });
      return `${SAYINGS[request.kind](outcome as LinkOutcome)}\n`;
    }
  }
}

async function setLink(request: Extract<DaemonRequest, { kind: "link set" }>): Promise<string> {
  const { name } = request;
  const settings = encodeChange(request.change);
  await askDaemon(request, "slave", { command: "link.set", name, settings });
  const { links } = await askStatus(request, "slave");
  const now = links.find((link) => link.name === name);
  return `${name}: ${now === undefined ? "changed" : settingsText(now.settings, now.budget)}\n`;
}

/** What is said of an outcome. */
const SAYINGS = {
  "link remove": ({ name, isChanged, isLast }: LinkOutcome): string =>
    !isChanged
      ? `${name} stays: it was switched on, or removed, by somebody else meanwhile`
      : isLast
      ? `Removed ${name}, the last link that was on: nothing goes through the tunnel until ` +
        'another is there, by "bindlink link add" or "bindlink link up"'
      : `Removed ${name}`,
  "link up": ({ name, isChanged }: LinkOutcome): string =>
    isChanged ? `Switched ${name} on` : `${name} is on already`,
  "link down": ({ name, isChanged, isLast }: LinkOutcome): string =>
    !isChanged
      ? `${name} is as it was: off before, or switched on by somebody else meanwhile`
      : isLast
      ? `Switched ${name} off, the last link that was on: nothing goes through the tunnel until ` +
        `"bindlink link up ${name}"`
      : `Switched ${name} off`,
} as const;
