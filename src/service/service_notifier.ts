/**
 * Tells a service manager (systemd) how the daemon is: ready, what it does, that it lives, that it stops.
 *
 * @module
 */

import { describeError, type Logger } from "../log.ts";
import type { ServiceManager } from "./service_manager.ts";

/** Whom it speaks of. */
export interface Notified {
  /** Whether the daemon does its work; only then the watchdog is fed. Whether links are up is no matter of life. */
  isAlive(): boolean;
  /** One line for `systemctl status`. */
  statusText(): string;
}

/** What carries the words. */
export interface NotifyPort extends Disposable {
  /** @throws Error when they cannot be sent. */
  send(text: string): void;
}

/** Longest time between two looks, in milliseconds: how old a status can be. */
const MAX_LOOK_MS = 5_000;

/** Looks in one watchdog time: sd_watchdog_enabled(3) recommends at least two. */
const LOOKS_PER_WATCHDOG = 3;

/** The words to one manager, from being ready to stopping. */
export class ServiceNotifier implements Disposable {
  readonly #manager: ServiceManager;
  readonly #notified: Notified;
  readonly #port: NotifyPort;
  readonly #logger: Logger;
  readonly #timer: ReturnType<typeof setInterval>;
  #statusText = "";
  #hasFailed = false;

  /** Says READY=1, and from then on what there is to say. The port is its own. */
  constructor(
    manager: ServiceManager,
    notified: Notified,
    { port, logger }: { readonly port: NotifyPort; readonly logger: Logger },
  ) {
    this.#manager = manager;
    this.#notified = notified;
    this.#port = port;
    this.#logger = logger;
    this.#send(["READY=1", ...this.#news()]);
    this.#timer = setInterval(() => this.look(), lookMs(manager));
  }

  /** Feeds the watchdog while the daemon lives, and tells what has changed. */
  look(): void {
    this.#send(this.#news());
  }

  /** Says STOPPING=1, the last word. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#send(["STOPPING=1", "STATUS=Stopping"]);
    this.#port[Symbol.dispose]();
  }

  #news(): string[] {
    const lines: string[] = [];
    if (this.#manager.watchdogMs !== null && this.#notified.isAlive()) lines.push("WATCHDOG=1");
    const text = this.#notified.statusText();
    if (text !== this.#statusText) lines.push(`STATUS=${text}`);
    this.#statusText = text;
    return lines;
  }

  #send(lines: readonly string[]): void {
    if (lines.length === 0) return;
    try {
      this.#port.send(`${lines.join("\n")}\n`);
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) {
        this.#logger.warn("Cannot tell the service manager", { reason: describeError(error) });
      }
      this.#hasFailed = true;
      // What was not told is told again.
      this.#statusText = "";
    }
  }
}

/** How often to look, in milliseconds. */
export function lookMs({ watchdogMs }: ServiceManager): number {
  return Math.min(MAX_LOOK_MS, Math.max(1, (watchdogMs ?? Infinity) / LOOKS_PER_WATCHDOG));
}
