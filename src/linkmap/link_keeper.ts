/**
 * Keeps a slave's link open: opens it, watches it, opens it anew when it fails, for ever.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import { describeError, type Logger } from "../log.ts";
import { Backoff } from "./backoff.ts";
import { CandidateRotation } from "./candidate_rotation.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import type { Link } from "./link.ts";
import { type InterfaceFinder, LinkDevice, reversePathProblem } from "./link_device.ts";
import type { LinkOpener, OpenedLink } from "./link_opener.ts";
import type { LinkSpec } from "./link_spec.ts";

/**
 * A link that heard nothing for this long is opened anew: the proxy may have forgotten the
 * association, the name may mean another address by now, a NAT may be stuck.
 */
const REOPEN_SILENT_MS = 10_000;

/** Or for this long from when the peer was to be asked, where it is asked more rarely: while nothing flows. */
const REOPEN_UNANSWERED_MS = 8_000;

/** The same for a way that never heard anything while there are others to try. */
const REOPEN_UNHEARD_MS = 3_000;

/** Wait before a way that had no turn yet. The backoff is for ways that failed. */
const FRESH_WAY_WAIT_MS = 250;

/** An answer that a link does not get in this time after the machine woke makes it open anew. */
const WAKE_ANSWER_MS = 1_000;

/** How often an interface that is not there is looked for. */
const DEVICE_WAIT_MS = 500;

/** Reasons kept, so as not to tell them again; a name with several addresses fails in several ways. */
const MAX_LOGGED_REASONS = 16;

/** What a {@link LinkKeeper} works with. */
export interface LinkKeeperOptions {
  readonly link: Link;
  readonly spec: LinkSpec;
  readonly open: LinkOpener;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** Monotonic ms when the link was last heard; -Infinity for never. */
  readonly lastHeardMs: () => number;
  /** How often the peer is asked over the link, in ms, at the rarest. */
  readonly askIntervalMs: () => number;
  /** The link is attached to a socket: greet the peer. */
  readonly onOpen: () => void;
  /** The link has lost its socket. */
  readonly onClosed: () => void;
  /** Whether this machine has an address; another one is for tests. */
  readonly hasAddress?: (hostname: string) => boolean;
  /** How interfaces are looked for; another one is for tests. */
  readonly findInterface?: InterfaceFinder;
  /** Receives from the socket until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
}

/** Keeps one link open until it is stopped. */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #backoff = new Backoff();
  readonly #rotation: CandidateRotation;
  readonly #device: LinkDevice | null;
  readonly #abort = new AbortController();
  /** Ends one opening, or the wait after it. */
  #round = new AbortController();
  readonly #stopped: Promise<void>;
  #opened: OpenedLink | null = null;
  #openedAtMs = 0;
  readonly #loggedReasons = new Set<string>();
  #isTcpTold = false;
  #isReversePathTold = false;
  /** The socket was closed, though it works, to try UDP. */
  #isLeavingTcp = false;
  /** When the machine woke; Infinity: since then the link was heard, or opened anew. */
  #wokeMs = Number.POSITIVE_INFINITY;
  /** What ends now begins anew at once: it is the sleep's doing. */
  #isHurried = false;

  /** Starts at once. */
  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    this.#rotation = new CandidateRotation(options.spec);
    const { device } = options.spec;
    this.#device = device === undefined ? null : new LinkDevice(device, options.findInterface);
    this.#stopped = this.#run();
  }

  /** Closes the link and resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#round.abort();
    this.#opened?.socket.close();
    await this.#stopped;
  }

  /** The machine is in another network: a wait is over, and a socket whose interface or address is gone is given up. */
  retry(): void {
    this.#backoff.reset();
    const opened = this.#opened;
    if (opened === null || this.#device?.isGone || this.#hasLostAddress(opened.socket)) {
      this.#hurry();
    }
  }

  /** The machine woke: as {@link retry}, and what gets no answer soon is given up, too. @returns monotonic ms of when to look */
  wake(now: number): number {
    this.retry();
    if (this.#opened !== null && !this.#isHurried) this.#wokeMs = now;
    return now + WAKE_ANSWER_MS;
  }

  #hasLostAddress({ localHostname }: DatagramSocket): boolean {
    const { hasAddress = hasLocalAddress } = this.#options;
    return localHostname !== undefined && !hasAddress(localHostname);
  }

  #hurry(): void {
    this.#wokeMs = Number.POSITIVE_INFINITY;
    this.#isHurried = true;
    this.#round.abort(new Error("The machine woke"));
    this.#opened?.socket.close();
  }

  /** Called about once a second: gives up a socket over which nothing comes any more, or whose interface is gone. */
  checkSilence(now: number): void {
    if (this.#opened === null) return;
    if (this.#device?.isGone) return this.#opened.socket.close();
    const isHeard = this.#noteHeard(now);
    if (this.#options.lastHeardMs() >= this.#wokeMs) this.#wokeMs = Number.POSITIVE_INFINITY;
    if (now - this.#wokeMs >= WAKE_ANSWER_MS) return this.#hurry();
    const limitMs = this.#silenceLimitMs(isHeard, this.#opened.alternatives);
    const sinceMs = Math.max(this.#options.lastHeardMs(), this.#openedAtMs);
    if (now - sinceMs >= limitMs) this.#opened.socket.close();
    else if (this.#rotation.wantsUdp(now)) this.#leaveTcp();
  }

  #silenceLimitMs(isHeard: boolean, alternatives: number): number {
    if (!isHeard) return alternatives === 0 ? REOPEN_SILENT_MS : REOPEN_UNHEARD_MS;
    return Math.max(REOPEN_SILENT_MS, this.#options.askIntervalMs() + REOPEN_UNANSWERED_MS);
  }

  async #run(): Promise<void> {
    const { link, spec, open, clock, rng, onClosed } = this.#options;
    for (let attempt = 0; !this.#abort.signal.aborted; attempt++) {
      if (attempt > 0) link.reconnects++;
      this.#isLeavingTcp = false;
      this.#isHurried = false;
      this.#round = new AbortController();
      let reason: string;
      try {
        const nowMs = clock();
        this.#device?.noteBound();
        const attempted = open(spec, { rotation: this.#rotation, nowMs }, this.#round.signal);
        reason = await this.#serve(await attempted);
      } catch (error) {
        reason = describeError(error);
      }
      if (this.#abort.signal.aborted) return;
      if (this.#rotation.isUdpRefused(clock())) this.#tellTcp("the proxy refuses UDP");
      const waitMs = this.#waitMs(rng());
      link.detach(reason);
      onClosed();
      this.#tellDown(reason, waitMs);
      await abortableSleep(waitMs, this.#round.signal);
    }
  }

  #waitMs(random: number): number {
    if (this.#isHurried) return 0;
    if (this.#device?.isMissing || this.#device?.isGone) return DEVICE_WAIT_MS;
    return this.#rotation.hasFreshWay ? FRESH_WAY_WAIT_MS : this.#backoff.nextMs(random);
  }

  /** Carries the link over an open socket until that ends. @returns why it ended. */
  async #serve(opened: OpenedLink): Promise<string> {
    const { link, pump, clock, logger } = this.#options;
    using _lease = opened.lease;
    using socket = opened.socket;
    if (this.#abort.signal.aborted) return "";
    this.#opened = opened;
    this.#openedAtMs = clock();
    link.attach(socket, opened.remote);
    logger.debug("Link open", { link: link.name, id: link.id, via: socket.label });
    if (this.#rotation.isUdpRefused(this.#openedAtMs)) this.#tellTcp("the proxy refuses UDP");
    if (this.#device !== null) this.#tellReversePath(this.#device.name);
    this.#options.onOpen();
    await pump(socket);
    if (this.#device?.isGone) {
      this.#opened = null;
      return `Interface ${this.#device.name} is gone`;
    }
    if (this.#isHeard) this.#rotation.handleHeard(clock());
    else this.#rotation.handleFailed();
    this.#opened = null;
    if (socket.failure !== null) return describeError(socket.failure);
    if (this.#isLeavingTcp) return "Trying UDP again";
    if (this.#isHurried) return "Opened anew: the machine woke";
    const silence = `Nothing heard from ${link.remote}`;
    return socket.lastSendError === null
      ? silence
      : `${silence}, and sending fails: ${describeError(socket.lastSendError)}`;
  }

  get #isHeard(): boolean {
    return this.#options.lastHeardMs() >= this.#openedAtMs;
  }

  /** Whether the open socket was heard; if so, what follows from it. */
  #noteHeard(now: number): boolean {
    const transport = this.#opened?.transport;
    if (!this.#isHeard) return false;
    this.#backoff.reset();
    this.#loggedReasons.clear();
    this.#rotation.handleHeard(now);
    if (transport === "tcp") this.#tellTcp("nothing comes over UDP");
    else if (this.#isTcpTold) this.#tellUdp();
    return true;
  }

  #leaveTcp(): void {
    this.#isLeavingTcp = true;
    this.#opened?.socket.close();
  }

  /** Once, until the link goes over UDP again. */
  #tellTcp(why: string): void {
    if (this.#isTcpTold) return;
    this.#isTcpTold = true;
    const { link, logger } = this.#options;
    logger.warn(`Link goes over TCP: ${why}`, { link: link.name, id: link.id });
  }

  /** Once. */
  #tellReversePath(device: string): void {
    if (this.#isReversePathTold) return;
    this.#isReversePathTold = true;
    const problem = reversePathProblem(device);
    const { link, logger } = this.#options;
    if (problem !== null) logger.warn(problem, { link: link.name, id: link.id });
  }

  #tellUdp(): void {
    this.#isTcpTold = false;
    const { link, logger } = this.#options;
    logger.info("Link goes over UDP again", { link: link.name, id: link.id });
  }

  /** A failure that comes again and again is told once; the metrics go on counting. */
  #tellDown(reason: string, waitMs: number): void {
    const { link, logger } = this.#options;
    const properties = { link: link.name, id: link.id, reason, retryMs: Math.round(waitMs) };
    if (this.#isLeavingTcp || this.#isHurried || this.#loggedReasons.has(reason)) {
      logger.debug("Link down", properties);
    } else logger.warn("Link down", properties);
    if (this.#loggedReasons.size >= MAX_LOGGED_REASONS) this.#loggedReasons.clear();
    this.#loggedReasons.add(reason);
  }
}

function hasLocalAddress(hostname: string): boolean {
  try {
    return Deno.networkInterfaces().some(({ address }) => address === hostname);
  } catch {
    return true; // it cannot be known
  }
}
