/**
 * A slave's links as its user wants them: those it was started with, and what commands add, remove, switch and change while it
 * runs.
 *
 * ```
 *            add                 switchOff, remove: handed over          switchOff
 *   (none) -------> open ------------------------------------> closed ------------> off
 *                    ^                                            | remove           |
 *                    +--------------------- switchOn -------------|------------------+
 *                                                                 v
 *                                                               (none)
 * ```
 *
 * @module
 */

import type { InitiatedHandler } from "../linkmap/datagram_handler.ts";
import { LinkMap, type LinkMapOptions } from "../linkmap/link_map.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { LinkDefaults, LinkOutcome, LiveLinks, NewLink } from "../live_links.ts";
import { changeSettings, type LinkChange, type LinkMode } from "../multiplexer/link_settings.ts";
import { UsageError } from "../usage_error.ts";
import { DRAIN_LOOK_MS, LinkDrain } from "./link_drain.ts";
import { MAX_LINKS, newLinkSpecs } from "./new_link_spec.ts";
import { SealedLink } from "./sealed_link.ts";
import type { SecureCodec } from "./secure_codec.ts";
import type { SecureLinks } from "./secure_links.ts";

/** What {@link SlaveLinks} work with. */
export interface SlaveLinksOptions extends LinkMapOptions {
  readonly peer: SecureLinks;
  readonly codec: SecureCodec;
  readonly defaults: LinkDefaults;
  readonly handler: InitiatedHandler;
  /** Something is due at that time, earlier than was told before. */
  readonly reschedule: (atMs: number) => void;
}

/** A link of this slave. */
interface OwnLink {
  spec: LinkSpec;
  readonly link: SealedLink;
  /** While it is handed over; null: it is not. */
  closing: Closing | null;
}

/** A hand-over under way. */
interface Closing {
  readonly drain: LinkDrain;
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

/** The links of one slave. */
export class SlaveLinks implements LiveLinks {
  readonly #options: SlaveLinksOptions;
  readonly #linkMap: LinkMap;
  /** In the order they came. */
  readonly #own: OwnLink[] = [];
  #mode: LinkMode;
  #defaults: LinkDefaults;
  #lastId = 0;
  #nextLookMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: SlaveLinksOptions) {
    this.#options = options;
    this.#linkMap = new LinkMap(options);
    this.#defaults = options.defaults;
    this.#mode = options.defaults.mode;
  }

  /** See {@link LiveLinks.mode}. */
  get mode(): LinkMode {
    return this.#mode;
  }

  /** See {@link LiveLinks.specs}. */
  get specs(): readonly LinkSpec[] {
    return this.#own.map(({ spec, link }) => ({ ...spec, settings: link.settings }));
  }

  /** Opens links, which have their ids and names. */
  start(specs: readonly LinkSpec[], now: number): void {
    const { peer, codec } = this.#options;
    for (const spec of specs) {
      const { id, name, settings } = spec;
      const link = new SealedLink({ id, name, isInitiator: true, settings, codec });
      const own: OwnLink = { spec, link, closing: null };
      this.#own.push(own);
      this.#lastId = id;
      peer.add(link, now);
      this.#open(own);
    }
  }

  /** No link is opened from now on, and none handed over. */
  stop(): void {
    this.#isClosed = true;
    for (const own of this.#own) this.#endHandOver(own);
  }

  /** Closes all links; resolves when nothing is left. */
  async close(): Promise<void> {
    this.stop();
    await this.#linkMap.close();
  }

  /** This slave stays away: nothing goes over its links any more. */
  abandon(reason: string): void {
    const { peer, clock } = this.#options;
    for (const { link } of this.#own) {
      link.detach(reason);
      peer.multiplexer.handleLinkClosed(link.id, clock());
    }
    void this.close();
  }

  /** Ids of the links that are open. */
  *openIds(): IterableIterator<number> {
    for (const { link } of this.#own) if (link.socket !== null) yield link.id;
  }

  /** Looks after links that are silent or handed over. */
  handleTimeout(now: number): void {
    this.#linkMap.handleTimeout(now);
    if (now < this.#nextLookMs) return;
    this.#nextLookMs = Number.POSITIVE_INFINITY;
    for (const own of this.#own) {
      if (own.closing === null) continue;
      if (own.closing.drain.isDone(now)) this.#endHandOver(own);
      else this.#nextLookMs = now + DRAIN_LOOK_MS;
    }
  }

  /** Monotonic ms of the next {@link SlaveLinks.handleTimeout} that has something to do. */
  nextTimeout(): number {
    return Math.min(this.#nextLookMs, this.#linkMap.nextTimeout());
  }

  /** See {@link LiveLinks.setMode}. */
  setMode(mode: LinkMode): void {
    this.#mode = mode;
    for (const own of this.#own) {
      if (!own.spec.hasOwnMode) this.#apply(own, { mode });
    }
    this.#options.logger.info("Mode changed", { mode });
  }

  /** See {@link LiveLinks.setDefaults}. */
  setDefaults(defaults: LinkDefaults): void {
    this.#defaults = defaults;
  }

  /** See {@link LiveLinks.add}. */
  add(links: readonly NewLink[]): readonly string[] {
    this.#needOpen();
    if (this.#own.length + links.length > MAX_LINKS) {
      throw new UsageError(
        `A slave has at most ${MAX_LINKS} links, and this one has ${this.#own.length}: ` +
          "remove one with: bindlink link remove NAME",
      );
    }
    const known = { specs: this.specs, lastId: this.#lastId, mode: this.#mode };
    const specs = newLinkSpecs(links, known, this.#defaults);
    this.start(specs, this.#options.clock());
    for (const { name, id } of specs) {
      this.#options.logger.info("Link added", { link: name, id });
    }
    return specs.map(({ name }) => name);
  }

  /** See {@link LiveLinks.remove}. */
  async remove(name: string): Promise<LinkOutcome> {
    const own = this.#find(name);
    const outcome = this.#outcome(own, true);
    await this.#handOver(own);
    const isGone = own.link.isOff && this.#own.includes(own);
    if (!isGone) return { ...outcome, isChanged: false };
    this.#own.splice(this.#own.indexOf(own), 1);
    this.#options.peer.remove(own.link.id, this.#options.clock());
    this.#options.logger.info("Link removed", { link: name, id: own.link.id });
    return outcome;
  }

  /** See {@link LiveLinks.switchOff}. */
  async switchOff(name: string): Promise<LinkOutcome> {
    const own = this.#find(name);
    if (own.link.isOff) return this.#outcome(own, false);
    const outcome = this.#outcome(own, true);
    await this.#handOver(own);
    if (!own.link.isOff) return { ...outcome, isChanged: false };
    this.#options.logger.info("Link switched off", { link: name, id: own.link.id });
    return outcome;
  }

  /** See {@link LiveLinks.switchOn}: one that is being handed over stays. */
  switchOn(name: string): LinkOutcome {
    this.#needOpen();
    const own = this.#find(name);
    const { peer, logger, clock } = this.#options;
    const { id } = own.link;
    const wasOn = !own.link.isOff && own.closing === null;
    const known = peer.multiplexer.getLink(id);
    if (wasOn || known === null) return this.#outcome(own, false);
    known.isLeaving = false;
    if (own.closing === null) {
      own.link.isOff = false;
      this.#open(own);
    } else {
      own.closing.resolve();
      own.closing = null;
      peer.multiplexer.handleSettings(id, clock());
    }
    logger.info("Link switched on", { link: name, id });
    return this.#outcome(own, true);
  }

  /** See {@link LiveLinks.change}. */
  change(name: string, change: LinkChange): LinkOutcome {
    const own = this.#find(name);
    if (change.mode !== undefined) {
      const { hasOwnMode: _, ...spec } = own.spec;
      own.spec = change.mode === null ? spec : { ...spec, hasOwnMode: true };
    }
    this.#apply(own, change);
    const { mode, isMetered, capUpBps, capDownBps } = own.link.settings;
    const settings = { mode, isMetered, capUpBps, capDownBps };
    this.#options.logger.info("Link changed", { link: name, id: own.link.id, ...settings });
    return this.#outcome(own, true);
  }

  /** See {@link LiveLinks.rename}: the master is told. */
  rename(name: string, to: string): void {
    const own = this.#find(name);
    if (this.#own.some(({ spec }) => spec.name === to)) {
      throw new UsageError(`Another link is called ${JSON.stringify(to)}: choose another name`);
    }
    own.spec = { ...own.spec, name: to };
    own.link.name = to;
    this.#apply(own, {});
    this.#options.logger.info("Link renamed", { link: to, id: own.link.id, before: name });
  }

  #open({ link, spec }: OwnLink): void {
    this.#linkMap.keepOpen(link, spec, this.#options.handler);
  }

  #apply({ link }: OwnLink, change: LinkChange): void {
    const { peer, clock } = this.#options;
    link.settings = changeSettings(link.settings, change, this.#mode);
    peer.multiplexer.handleSettings(link.id, clock());
  }

  /** Resolves when it is closed; or when it stays, since it was switched on meanwhile. */
  async #handOver(own: OwnLink): Promise<void> {
    if (own.link.isOff) return;
    if (own.closing === null) {
      const { peer, clock, reschedule } = this.#options;
      const now = clock();
      const { promise: done, resolve } = Promise.withResolvers<void>();
      own.closing = { drain: new LinkDrain(peer.multiplexer, own.link.id, now), done, resolve };
      this.#nextLookMs = now;
      reschedule(now);
    }
    await own.closing.done;
  }

  #endHandOver(own: OwnLink): void {
    if (own.closing === null) return;
    const { peer, clock } = this.#options;
    const { resolve } = own.closing;
    own.closing = null;
    own.link.isOff = true;
    void this.#linkMap.release(own.link, "switched off").then(resolve);
    peer.multiplexer.handleLinkClosed(own.link.id, clock());
  }

  #find(name: string): OwnLink {
    const own = this.#own.find((it) => it.spec.name === name);
    if (own !== undefined) return own;
    const names = this.#own.map((it) => it.spec.name);
    throw new UsageError(
      `There is no link ${JSON.stringify(name)}: ` +
        (names.length === 0 ? "this slave has none" : `there is ${names.join(", ")}`),
    );
  }

  #outcome(own: OwnLink, isChanged: boolean): LinkOutcome {
    const isLast = this.#own.every((it) => it === own || it.link.isOff || it.closing !== null);
    return { name: own.spec.name, isChanged, isLast };
  }

  #needOpen(): void {
    if (!this.#isClosed) return;
    throw new UsageError("This slave opens no links any more: restart it first");
  }
}
