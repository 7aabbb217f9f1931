/**
 * What is to become of a running slave's links when its configuration has changed. What did not change in the configuration
 * stays as it is, also where commands have made it something else meanwhile.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";

import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { NewLink } from "../live_links.ts";
import type { LinkChange, LinkSettings } from "../multiplexer/link_settings.ts";

/** What is to be done, in this order. */
export interface LinkPlan {
  /** Each name is free by then. A link that is to make room for another one of its name is among them. */
  readonly renames: readonly { readonly from: string; readonly to: string }[];
  readonly changes: readonly { readonly name: string; readonly change: LinkChange }[];
  readonly adds: readonly (NewLink & { readonly name: string })[];
  readonly removes: readonly string[];
  /** The same in words. */
  readonly words: readonly string[];
}

/** What there is to go by; names are unique in each. */
export interface LinkPlanInput {
  /** The links of the configuration that held so far. */
  readonly before: readonly LinkSpec[];
  /** Those of the new one. */
  readonly after: readonly LinkSpec[];
  /** Those that run. */
  readonly running: readonly LinkSpec[];
}

/** Makes the plan. */
export function planLinks(input: LinkPlanInput): LinkPlan {
  return new Planner(input).plan();
}

class Planner {
  readonly #input: LinkPlanInput;
  /** Running links by the name that they have once the plan so far is done. */
  readonly #running: Map<string, LinkSpec>;
  readonly #renames: { readonly from: string; readonly to: string }[] = [];
  readonly #changes: { readonly name: string; readonly change: LinkChange }[] = [];
  readonly #adds: (NewLink & { readonly name: string })[] = [];
  readonly #removes: string[] = [];
  readonly #words: string[] = [];

  constructor(input: LinkPlanInput) {
    this.#input = input;
    this.#running = new Map(input.running.map((spec) => [spec.name, spec]));
  }

  plan(): LinkPlan {
    const { before, after } = this.#input;
    const pairs = after.map((spec) => ({ spec, old: this.#oldOf(spec) }));
    const kept = new Set(pairs.map(({ old }) => old));
    for (const old of before) {
      if (kept.has(old) || !this.#running.has(old.name)) continue;
      this.#words.push(`Removed ${old.name}`);
      this.#remove(old.name);
    }
    for (const { spec, old } of pairs) {
      if (old !== null) this.#rename(old, spec);
      this.#settle(spec, old);
    }
    return {
      renames: this.#renames,
      changes: this.#changes,
      adds: this.#adds,
      removes: this.#removes,
      words: this.#words,
    };
  }

  /** What a link was so far: the one of its name, else one that leads to the same place and is not named any more. */
  #oldOf(spec: LinkSpec): LinkSpec | null {
    const { before, after } = this.#input;
    const named = before.find(({ name }) => name === spec.name);
    if (named !== undefined) return named;
    const isKept = (old: LinkSpec): boolean => after.some(({ name }) => name === old.name);
    const alike = (one: LinkSpec, all: readonly LinkSpec[]): number =>
      all.filter((it) => isSameWay(it, one)).length;
    const candidates = before.filter((old) => !isKept(old) && isSameWay(old, spec));
    // Of several that are alike nobody can tell which has become which.
    const isClear = candidates.length === 1 &&
      alike(spec, after.filter(({ name }) => !before.some((old) => old.name === name))) === 1;
    return isClear ? candidates[0] ?? null : null;
  }

  #rename(old: LinkSpec, spec: LinkSpec): void {
    if (old.name === spec.name) return;
    const running = this.#running.get(old.name);
    if (running === undefined) return;
    // A command has called another one so meanwhile: the file wins.
    if (this.#running.has(spec.name)) this.#remove(this.#makeRoom(spec.name));
    this.#running.delete(old.name);
    this.#running.set(spec.name, running);
    this.#renames.push({ from: old.name, to: spec.name });
    this.#words.push(`Renamed ${old.name} to ${spec.name}`);
  }

  #settle(spec: LinkSpec, old: LinkSpec | null): void {
    const running = this.#running.get(spec.name);
    if (old !== null && isSameWay(old, spec)) {
      const change = changeBetween(old, spec);
      if (Object.keys(change).length === 0) return;
      // One that a command has removed comes back when the file says something new of it.
      if (running !== undefined) this.#change(spec.name, change);
      else this.#add(spec, "Added");
    } else if (running !== undefined && isSameWay(running, spec)) {
      this.#change(spec.name, changeBetween(running, spec));
    } else if (running !== undefined) {
      this.#remove(this.#makeRoom(spec.name));
      this.#add(spec, "Replaced");
    } else {
      this.#add(spec, "Added");
    }
  }

  #change(name: string, change: LinkChange): void {
    if (Object.keys(change).length === 0) return;
    this.#changes.push({ name, change });
    this.#words.push(`Changed ${name}`);
  }

  #add(spec: LinkSpec, word: string): void {
    const { name, proxy, device, targets, settings, hasOwnMode } = spec;
    const { mode, ...others } = settings;
    this.#adds.push({
      name,
      proxy,
      targets,
      ...(device === undefined ? {} : { device }),
      settings: hasOwnMode === true ? { ...others, mode } : others,
    });
    this.#words.push(`${word} ${name}`);
  }

  #remove(name: string): void {
    this.#running.delete(name);
    this.#removes.push(name);
  }

  /** Gives a link another name, so that its own is free while it is handed over. @returns that name */
  #makeRoom(name: string): string {
    let aside = `${name}#old`;
    while (this.#running.has(aside)) aside += "+";
    const running = this.#running.get(name);
    this.#running.delete(name);
    if (running !== undefined) this.#running.set(aside, running);
    this.#renames.push({ from: name, to: aside });
    return aside;
  }
}

/** Whether two links lead the same way: then one is the other, with other settings at most. */
function isSameWay(one: LinkSpec, other: LinkSpec): boolean {
  const way = ({ proxy, device, targets }: LinkSpec): unknown => [proxy, device, targets];
  return isDeepStrictEqual(way(one), way(other));
}

/** What makes one's settings the other's. */
function changeBetween(one: LinkSpec, other: LinkSpec): LinkChange {
  const { mode: before, ...old } = one.settings;
  const { mode, ...wanted } = other.settings;
  const changed: Partial<LinkSettings> = Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) =>
      !Object.is(value, old[key as keyof typeof old])
    ),
  );
  const own = other.hasOwnMode === true;
  const isModeSame = own === (one.hasOwnMode === true) && (!own || before === mode);
  return { ...changed, ...(isModeSame ? {} : { mode: own ? mode : null }) };
}
