/**
 * What becomes of a link that a user names for a slave that runs: id, name, and what it leaves out.
 *
 * @module
 */

import { type LinkSpec, wayOf } from "../linkmap/link_spec.ts";
import type { LinkDefaults, NewLink } from "../live_links.ts";
import {
  changeSettings,
  DEFAULT_LINK_SETTINGS,
  type LinkMode,
} from "../multiplexer/link_settings.ts";
import { UsageError } from "../usage_error.ts";

/** A link's id is one byte on the wire, and never 0. */
export const MAX_LINKS = 255;

/** What there is already. */
export interface KnownLinks {
  readonly specs: readonly LinkSpec[];
  /** The id that was given last. */
  readonly lastId: number;
  /** What `--mode` says now. */
  readonly mode: LinkMode;
}

/** The links' specifications. @throws UsageError when a name is another link's. */
export function newLinkSpecs(
  links: readonly NewLink[],
  { specs, lastId, mode }: KnownLinks,
  defaults: LinkDefaults,
): readonly LinkSpec[] {
  const all = [...specs];
  for (const link of links) {
    const newest = all.length === specs.length ? lastId : all.at(-1)?.id ?? lastId;
    all.push(newLinkSpec(link, { specs: all, lastId: newest, mode }, defaults));
  }
  return all.slice(specs.length);
}

function newLinkSpec(link: NewLink, known: KnownLinks, defaults: LinkDefaults): LinkSpec {
  const { proxy, device, usageName } = link;
  const usual = proxy === null ? defaults.endpoints : defaults.proxyTargets;
  const settings = { ...DEFAULT_LINK_SETTINGS, mode: known.mode };
  const spec: LinkSpec = {
    id: nextId(known),
    name: "",
    proxy,
    targets: link.targets.length > 0 ? link.targets : usual,
    ...(device === undefined ? {} : { device }),
    ...(usageName === undefined ? {} : { usageName }),
    // A connection goes where the routing table says.
    allowsTcp: defaults.allowsTcp && device === undefined,
    settings: changeSettings(settings, link.settings, known.mode),
    ...(typeof link.settings.mode === "string" ? { hasOwnMode: true as const } : {}),
  };
  const names = new Set(known.specs.map(({ name }) => name));
  return { ...spec, name: freeName(link.name, wayOf(spec).address, names) };
}

/** An id that was used lately may still be known to the master: so each is used again as late as can be. */
function nextId({ specs, lastId }: KnownLinks): number {
  const ids = new Set(specs.map(({ id }) => id));
  let id = lastId;
  do id = id % MAX_LINKS + 1; while (ids.has(id));
  return id;
}

/** @param given the user's; null: it is called after its address, with a number if that is taken. */
function freeName(given: string | null, address: string, taken: ReadonlySet<string>): string {
  if (given !== null) {
    if (!taken.has(given)) return given;
    throw new UsageError(`Another link is called ${JSON.stringify(given)}: choose another name`);
  }
  if (!taken.has(address)) return address;
  let times = 2;
  while (taken.has(`${address}#${times}`)) times++;
  return `${address}#${times}`;
}
