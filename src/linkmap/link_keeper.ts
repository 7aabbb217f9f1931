/**
 * Keeps a slave's link open: opens it, watches it, opens it anew when it fails, for ever.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import { describeError, type Logger } from "../log.ts";
import { Backoff } from "./backoff.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import type { Link } from "./link.ts";
import type { LinkOpener, OpenedLink } from "./link_opener.ts";
import type { LinkSpec } from "./link_spec.ts";

/**
 * A link that heard nothing for this long is opened anew: the proxy may have forgotten the
 * association, the name may mean another address by now, a NAT may be stuck.
 */
const REOPEN_SILENT_MS = 10_000;

/** The same for a link that never heard anything while its target has other addresses to try. */
const REOPEN_UNHEARD_MS = 3_000;

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
  /** The link is attached to a socket: greet the peer. */
  readonly onOpen: () => void;
  /** The link has lost its socket. */
  readonly onClosed: () => void;
  /** Receives from the socket until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
}

/** Keeps one link open until it is stopped. */
export class LinkKeeper {
  readonly #options: LinkKeeperOptions;
  readonly #backoff = new Backoff();
  readonly #abort = new AbortController();
  readonly #stopped: Promise<void>;
  #opened: OpenedLink | null = null;
  #openedAtMs = 0;
  readonly #loggedReasons = new Set<string>();

  /** Starts at once. */
  constructor(options: LinkKeeperOptions) {
    this.#options = options;
    this.#stopped = this.#run();
  }

  /** Closes the link and resolves when nothing of it is left. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#opened?.socket.close();
    await this.#stopped;
  }

  /** Called about once a second: gives up a socket over which nothing comes any more. */
  checkSilence(now: number): void {
    if (this.#opened === null) return;
    const heardMs = this.#options.lastHeardMs();
    const isHeard = heardMs >= this.#openedAtMs;
    if (isHeard) {
      this.#backoff.reset();
      this.#loggedReasons.clear();
    }
    const limitMs = isHeard || this.#opened.alternatives === 0
      ? REOPEN_SILENT_MS
      : REOPEN_UNHEARD_MS;
    if (now - Math.max(heardMs, this.#openedAtMs) >= limitMs) this.#opened.socket.close();
  }

  async #run(): Promise<void> {
    const { link, spec, open, logger } = this.#options;
    for (let attempt = 0; !this.#abort.signal.aborted; attempt++) {
      if (attempt > 0) link.reconnects++;
      let reason: string;
      try {
        const opened = await open(spec, attempt, this.#abort.signal);
        reason = await this.#serve(opened);
      } catch (error) {
        reason = describeError(error);
      }
      if (this.#abort.signal.aborted) return;
      const waitMs = this.#backoff.nextMs(this.#options.rng());
      link.detach(reason);
      this.#options.onClosed();
      // A failure that comes again and again is told once; the metrics go on counting.
      const properties = { link: link.name, id: link.id, reason, retryMs: Math.round(waitMs) };
      if (this.#loggedReasons.has(reason)) logger.debug("Link down", properties);
      else logger.warn("Link down", properties);
      if (this.#loggedReasons.size >= MAX_LOGGED_REASONS) this.#loggedReasons.clear();
      this.#loggedReasons.add(reason);
      await abortableSleep(waitMs, this.#abort.signal);
    }
  }

  /** Carries the link over an open socket until that ends. @returns why it ended. */
  async #serve(opened: OpenedLink): Promise<string> {
    const { link, pump, clock, logger } = this.#options;
    using socket = opened.socket;
    if (this.#abort.signal.aborted) return "";
    this.#opened = opened;
    this.#openedAtMs = clock();
    link.attach(socket, opened.remote);
    logger.debug("Link open", { link: link.name, id: link.id, via: socket.label });
    this.#options.onOpen();
    await pump(socket);
    this.#opened = null;
    if (socket.failure !== null) return describeError(socket.failure);
    const silence = `Nothing heard from ${link.remote}`;
    return socket.lastSendError === null
      ? silence
      : `${silence}, and sending fails: ${describeError(socket.lastSendError)}`;
  }
}
