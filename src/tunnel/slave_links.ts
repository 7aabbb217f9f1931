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

import type { BudgetState } from "../budget/budget_state.ts";
import type { InitiatedHandler } from "../linkmap/datagram_handler.ts";
import { LinkMap, type LinkMapOptions } from "../linkmap/link_map.ts";
import { isLinkName, type LinkSpec } from "../linkmap/link_spec.ts";
import type { LinkDefaults, LinkOutcome, LiveLinks, NewLink } from "../live_links.ts";
import { changeSettings, type LinkChange, type LinkMode } from "../multiplexer/link_settings.ts";
import type { LinkSnapshot } from "../snapshot.ts";
import { UsageError } from "../usage_error.ts";
import { BudgetKeeper, type BudgetKeeperOptions } from "./budget_keeper.ts";
import { DRAIN_LOOK_MS, LinkDrain } from "./link_drain.ts";
import { heldAdvice, heldReason, needOpen, type OwnLink, OwnLinks, withMode } from "./own_links.ts";
import { SealedLink } from "./sealed_link.ts";
import type { SecureCodec } from "./secure_codec.ts";
import type { SecureLinks } from "./secure_links.ts";

/** What {@link SlaveLinks} work with. */
export interface SlaveLinksOptions
  extends LinkMapOptions, Pick<BudgetKeeperOptions, "stateDir" | "wallClock"> {
  readonly peer: SecureLinks;
  readonly codec: SecureCodec;
  readonly defaults: LinkDefaults;
  readonly handler: InitiatedHandler;
  /** Something is due at that time, earlier than was told before. */
  readonly reschedule: (atMs: number) => void;
}

/** The links of one slave. */
export class SlaveLinks implements LiveLinks {
  /** Is told what the user says anew of a link. */
  onChange: (name: string, change: LinkChange) => void = () => {};
  /** These are for {@link InterfaceLinks}, too. */
  readonly options: SlaveLinksOptions;
  readonly linkMap: LinkMap;
  readonly own = new OwnLinks();
  readonly #budgets: BudgetKeeper;
  #mode: LinkMode;
  #defaults: LinkDefaults;
  #lastId = 0;
  #nextLookMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: SlaveLinksOptions) {
    this.options = options;
    this.linkMap = new LinkMap(options);
    this.#defaults = options.defaults;
    this.#mode = options.defaults.mode;
    this.#budgets = new BudgetKeeper({ ...options, onState: this.#handleBudget.bind(this) });
  }

  /** See {@link LiveLinks.mode}. */
  get mode(): LinkMode {
    return this.#mode;
  }

  /** See {@link LiveLinks.specs}. */
  get specs(): readonly LinkSpec[] {
    return this.own.specs();
  }

  /** Opens links, which have their ids and names. */
  start(specs: readonly LinkSpec[], now: number): void {
    const { peer, codec } = this.options;
    for (const spec of specs) {
      const { id, name, settings, usageName } = spec;
      const link = new SealedLink({ id, name, isInitiator: true, settings, codec, usageName });
      const own: OwnLink = { spec, link, closing: null, heldReason: "" };
      this.own.all.push(own);
      this.#lastId = id;
      peer.add(link, now);
      this.#budgets.look([link], now);
      // One whose budget is used up may be on its way out already.
      if (own.closing === null) this.linkMap.keepOpen(link, spec, this.options.handler);
    }
    this.lookAtBudgets(now);
  }

  /** No link is opened from now on, and none handed over. */
  stop(): void {
    this.#isClosed = true;
    for (const own of this.own.all) this.#endHandOver(own);
  }

  /** Closes all links; resolves when nothing is left. */
  async close(): Promise<void> {
    this.stop();
    this.#budgets.close(this.own.links(), this.options.clock());
    await this.linkMap.close();
  }

  /** This slave stays away: nothing goes over its links any more. */
  abandon(reason: string): void {
    const { peer, clock } = this.options;
    for (const { link } of this.own.all) {
      link.detach(reason);
      peer.multiplexer.handleLinkClosed(link.id, clock());
    }
    void this.close();
  }

  /** Ids of the links that are open. */
  *openIds(): IterableIterator<number> {
    for (const { link } of this.own.all) if (link.socket !== null) yield link.id;
  }

  /** Looks after links that are silent or handed over. */
  handleTimeout(now: number): void {
    this.linkMap.handleTimeout(now);
    if (now >= this.#budgets.nextTimeout()) this.#budgets.look(this.own.links(), now);
    if (now < this.#nextLookMs) return;
    this.#nextLookMs = Number.POSITIVE_INFINITY;
    for (const own of this.own.all) {
      if (own.closing === null) continue;
      if (own.closing.drain.isDone(now)) this.#endHandOver(own);
      else this.#nextLookMs = now + DRAIN_LOOK_MS;
    }
  }

  /** Monotonic ms of the next {@link SlaveLinks.handleTimeout} that has something to do. */
  nextTimeout(): number {
    const nextMs = Math.min(this.#nextLookMs, this.#budgets.nextTimeout());
    return Math.min(nextMs, this.linkMap.nextTimeout());
  }

  /** Where links stand with their budgets, in what is shown of them. */
  withBudgets(snapshots: readonly LinkSnapshot[]): LinkSnapshot[] {
    return this.#budgets.addTo(snapshots, this.own.links());
  }

  /** See {@link LiveLinks.setMode}. */
  setMode(mode: LinkMode): void {
    this.#mode = mode;
    for (const own of this.own.all) {
      if (!own.spec.hasOwnMode) this.#apply(own, { mode });
    }
    this.options.logger.info("Mode changed", { mode });
  }

  /** See {@link LiveLinks.setDefaults}. */
  setDefaults(defaults: LinkDefaults): void {
    this.#defaults = defaults;
  }

  /** See {@link LiveLinks.add}. */
  add(links: readonly NewLink[]): readonly string[] {
    needOpen(this.#isClosed);
    const context = { lastId: this.#lastId, mode: this.#mode, defaults: this.#defaults };
    const specs = this.own.specsOf(links, context);
    this.start(specs, this.options.clock());
    for (const { name, id } of specs) {
      this.options.logger.info("Link added", { link: name, id });
    }
    return specs.map(({ name }) => name);
  }

  /** See {@link LiveLinks.remove}. */
  async remove(name: string): Promise<LinkOutcome> {
    const own = this.own.find(name);
    const outcome = this.own.outcome(own, true);
    await this.#handOver(own);
    const isGone = own.link.isOff && this.own.all.includes(own);
    if (!isGone) return { ...outcome, isChanged: false };
    this.lookAtBudgets(this.options.clock());
    this.own.remove(own);
    this.options.peer.remove(own.link.id, this.options.clock());
    this.options.logger.info("Link removed", { link: name, id: own.link.id });
    return outcome;
  }

  /** See {@link LiveLinks.switchOff}. */
  async switchOff(name: string): Promise<LinkOutcome> {
    const own = this.own.find(name);
    own.heldReason = "";
    if (own.link.isOff) return this.own.outcome(own, false);
    const outcome = this.own.outcome(own, true);
    await this.#handOver(own);
    if (!own.link.isOff) return { ...outcome, isChanged: false };
    this.options.logger.info("Link switched off", { link: name, id: own.link.id });
    return outcome;
  }

  /** See {@link LiveLinks.switchOn}: one that is being handed over stays. */
  switchOn(name: string): LinkOutcome {
    needOpen(this.#isClosed);
    const own = this.own.find(name);
    const { peer, logger, clock } = this.options;
    const { id, settings } = own.link;
    if (settings.isSpent && settings.isBudgetHard) throw new UsageError(heldAdvice(own));
    const wasOn = !own.link.isOff && own.closing === null;
    const known = peer.multiplexer.getLink(id);
    if (wasOn || known === null) return this.own.outcome(own, false);
    known.isLeaving = false;
    if (own.closing === null) {
      own.link.isOff = false;
      this.linkMap.keepOpen(own.link, own.spec, this.options.handler);
    } else {
      own.closing.resolve();
      own.closing = null;
      peer.multiplexer.handleSettings(id, clock());
    }
    logger.info("Link switched on", { link: name, id });
    return this.own.outcome(own, true);
  }

  /** See {@link LiveLinks.change}. */
  change(name: string, change: LinkChange): LinkOutcome {
    const own = this.own.find(name);
    own.spec = withMode(own.spec, change.mode);
    this.#apply(own, change);
    const { isSpent: _, ...settings } = own.link.settings;
    this.options.logger.info("Link changed", { link: name, id: own.link.id, ...settings });
    this.lookAtBudgets(this.options.clock());
    this.onChange(name, change);
    return this.own.outcome(own, true);
  }

  /** Counts what links have used since the last look. */
  lookAtBudgets(now: number): void {
    this.#budgets.look(this.own.links(), now);
    this.options.reschedule(this.#budgets.nextTimeout());
  }

  /** A budget that is used up makes its link the last resort, or closes it; one that begins anew undoes that. */
  #handleBudget(link: SealedLink, state: BudgetState): void {
    const own = this.own.of(link);
    if (own === null || this.#isClosed) return;
    const { isSpent } = state;
    const { peer, clock, logger } = this.options;
    if (link.settings.isSpent !== isSpent) {
      link.settings = { ...link.settings, isSpent };
      peer.multiplexer.handleSettings(link.id, clock());
      if (!isSpent) logger.info("Link budget begins anew, or was raised", { link: link.name });
    }
    if (isSpent && link.settings.isBudgetHard) {
      if (link.isOff || own.closing !== null) return;
      own.heldReason = heldReason(state);
      void this.#handOver(own);
    } else if (own.heldReason !== "") {
      own.heldReason = "";
      this.switchOn(own.spec.name);
    }
  }

  /** See {@link LiveLinks.rename}: the master is told. */
  rename(name: string, to: string): void {
    const own = this.own.rename(name, to);
    // Not a stand-in's, which makes room for the link that goes on counting.
    if (isLinkName(to)) this.#budgets.rename(own.link);
    this.#apply(own, {});
    this.options.logger.info("Link renamed", { link: to, id: own.link.id, before: name });
  }

  #apply({ link }: OwnLink, change: LinkChange): void {
    const { peer, clock } = this.options;
    link.settings = changeSettings(link.settings, change, this.#mode);
    peer.multiplexer.handleSettings(link.id, clock());
  }

  /** Resolves when it is closed; or when it stays, since it was switched on meanwhile. */
  async #handOver(own: OwnLink): Promise<void> {
    if (own.link.isOff) return;
    if (own.closing === null) {
      const { peer, clock, reschedule } = this.options;
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
    const { peer, clock } = this.options;
    const { resolve } = own.closing;
    own.closing = null;
    own.link.isOff = true;
    void this.linkMap.release(own.link, own.heldReason || "switched off").then(resolve);
    peer.multiplexer.handleLinkClosed(own.link.id, clock());
  }
}
