/**
 * What a key does: to what is shown, and what is asked of the daemon. Pure.
 *
 * @module
 */

import type { ControlRequest } from "../control/control_message.ts";
import type { LinkReport } from "../control/status_report.ts";
import { LINK_MODES, type LinkMode } from "../multiplexer/link_settings.ts";
import type { Key } from "./key_decoder.ts";
import { chosenItem, type Prompt, type TopState, withNotice } from "./top_state.ts";

/** What is to be done besides. */
export type TopAction =
  | { readonly kind: "quit" }
  /** Give the terminal back to the shell until told to go on. */
  | { readonly kind: "suspend" }
  /** Paint all of it, also what has not changed. */
  | { readonly kind: "repaint" }
  | {
    readonly kind: "ask";
    readonly request: ControlRequest;
    /** What is said meanwhile, when it is done, and when it was so before. */
    readonly doing: string;
    readonly done: string;
    readonly unchanged: string;
  };

/** What follows from a key. */
export interface KeyOutcome {
  readonly state: TopState;
  readonly action: TopAction | null;
}

/** Takes a key. */
export function pressKey(state: TopState, key: Key, nowMs: number): KeyOutcome {
  switch (key) {
    case "ctrl-c":
      return { state, action: { kind: "quit" } };
    case "ctrl-z":
      return { state, action: { kind: "suspend" } };
    case "ctrl-l":
      return { state, action: { kind: "repaint" } };
  }
  if (state.prompt !== null) return answerPrompt({ ...state, prompt: null }, state.prompt, key);
  switch (key) {
    case "q":
      return { state, action: { kind: "quit" } };
    case "o":
    case " ":
      return pressSwitch(state, nowMs);
    case "m":
      return pressMode(state, null, nowMs);
    case "l": {
      const link = chosenLink(state);
      if (state.report.role === "slave" && link === null) return say(state, NO_LINK, nowMs);
      return pressMode(state, link?.name ?? null, nowMs);
    }
    default:
      return { state: moveChoice(state, key), action: null };
  }
}

/** The keys of the modes in a prompt: their first letters. */
export const MODE_KEYS: readonly (readonly [key: Key, mode: LinkMode])[] = LINK_MODES.map((
  mode,
) => [mode[0]!, mode]);

function answerPrompt(state: TopState, prompt: Prompt, key: Key): KeyOutcome {
  if (prompt.kind === "lastLink") {
    return { state, action: key === "y" ? switchAction(prompt.link, false) : null };
  }
  const { link } = prompt;
  const mode = MODE_KEYS.find(([modeKey]) => modeKey === key)?.[1];
  if (link === null) return { state, action: mode === undefined ? null : modeAction(mode) };
  if (mode === undefined && key !== "d") return { state, action: null };
  return { state, action: linkModeAction(link, mode ?? null) };
}

function pressSwitch(state: TopState, nowMs: number): KeyOutcome {
  const refusal = whyNoChange(state);
  if (refusal !== null) return say(state, refusal, nowMs);
  const link = chosenLink(state);
  if (link === null) return say(state, NO_LINK, nowMs);
  if (link.state === "off") return { state, action: switchAction(link.name, true) };
  return isLastLink(link, state.report.links)
    ? { state: { ...state, prompt: { kind: "lastLink", link: link.name } }, action: null }
    : { state, action: switchAction(link.name, false) };
}

/** Whether the tunnel hangs on this link: the user may look through it. */
function isLastLink(link: LinkReport, links: readonly LinkReport[]): boolean {
  const others = links.filter(({ id }) => id !== link.id);
  return link.state === "up"
    ? others.every(({ state }) => state !== "up")
    : others.every(({ state }) => state === "off");
}

function pressMode(state: TopState, link: string | null, nowMs: number): KeyOutcome {
  const refusal = whyNoChange(state);
  if (refusal !== null) return say(state, refusal, nowMs);
  return { state: { ...state, prompt: { kind: "mode", link } }, action: null };
}

function whyNoChange({ report, absence, doing, whom }: TopState): string | null {
  if (report.role === "master") {
    return "Links are switched, and modes chosen, on the slave's machine";
  }
  if (absence !== null) return `The ${whom} does not answer`;
  return doing === null ? null : `Wait: ${doing}`;
}

function chosenLink(state: TopState): LinkReport | null {
  const chosen = chosenItem(state);
  return chosen?.item.kind === "link" ? chosen.item.link : null;
}

function moveChoice(state: TopState, key: Key): TopState {
  const chosen = chosenItem(state);
  if (chosen === null) return state;
  const { index, items } = chosen;
  const target = targetOf(key, index, items.length);
  if (target === null) return state;
  return { ...state, chosenKey: items[Math.min(items.length - 1, Math.max(0, target))]!.key };
}

function targetOf(key: Key, index: number, count: number): number | null {
  switch (key) {
    case "up":
    case "k":
      return index - 1;
    case "down":
    case "j":
      return index + 1;
    case "pageUp":
      return index - PAGE_ITEMS;
    case "pageDown":
      return index + PAGE_ITEMS;
    case "home":
      return 0;
    case "end":
      return count - 1;
    default:
      return null;
  }
}

function say(state: TopState, text: string, nowMs: number): KeyOutcome {
  return { state: withNotice(state, text, { isBad: true, nowMs }), action: null };
}

function switchAction(name: string, isOn: boolean): TopAction {
  const word = isOn ? "on" : "off";
  return {
    kind: "ask",
    request: { command: isOn ? "link.up" : "link.down", name },
    doing: `Switching ${name} ${word}`,
    done: `Switched ${name} ${word}`,
    unchanged: `${name} stays as it is: somebody else switched it meanwhile`,
  };
}

function modeAction(mode: LinkMode): TopAction {
  return {
    kind: "ask",
    request: { command: "mode", mode },
    doing: `Changing the mode to ${mode}`,
    done: `The mode is ${mode} now, for links that have none of their own`,
    unchanged: `The mode is ${mode} already`,
  };
}

/** @param mode null: as the slave's */
function linkModeAction(name: string, mode: LinkMode | null): TopAction {
  const said = mode ?? "the slave's";
  return {
    kind: "ask",
    request: { command: "link.set", name, settings: { mode } },
    doing: `Changing the mode of ${name} to ${said}`,
    done: `The mode of ${name} is ${said} now`,
    unchanged: `The mode of ${name} is ${said} already`,
  };
}

const NO_LINK = "There is no link to change";

/** How far a page goes. */
const PAGE_ITEMS = 10;
