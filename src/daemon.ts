/**
 * A running end: carries packets between tundev and tunnel, with one timer, and shows itself to commands, metrics and pages.
 *
 * @module
 */

import { SampleKeeper } from "./control/sample_keeper.ts";
import { StatusDesk } from "./control/status_desk.ts";
import type { DaemonOptions } from "./daemon_options.ts";
import { pause } from "./event_turn.ts";
import type { IoEngine } from "./linkmap/io_engine.ts";
import type { ReactorTimer } from "./wait_loop.ts";
import { TcpSocket } from "./linkmap/tcp_socket.ts";
import type { Logger } from "./log.ts";
import type { RecentEvents } from "./recent_events.ts";
import type { Configuration } from "./reload/reloader.ts";
import { statusText } from "./service/status_text.ts";
import { SlaveControl } from "./slave_control.ts";
import type { DaemonSnapshot } from "./snapshot.ts";
import { TimerDelay } from "./timer_delay.ts";
import { BondingTotals } from "./tunnel/bonding_totals.ts";
import type { MasterState } from "./master_state.ts";
import { openReloader } from "./open_reloader.ts";
import { openTunnel } from "./open_tunnel.ts";
import type { Routing } from "./routing/routing.ts";
import { MasterTunnel } from "./tunnel/master_tunnel.ts";
import { SlaveTunnel } from "./tunnel/slave_tunnel.ts";
import type { Tunnel } from "./tunnel/tunnel.ts";
import type { Tundev } from "./tundev/tundev.ts";
import { type DropCounters, DropReason } from "./wire/drop_reason.ts";
import type { Packet } from "./wire/packet.ts";
import { watchInterfaces } from "./watch_interfaces.ts";
import { openWebPage } from "./web_page.ts";

/** What a daemon gets from whoever runs it. */
export interface DaemonContext {
  readonly logger: Logger;
  /** Stops the daemon when it fires. */
  readonly signal: AbortSignal;
  readonly version: string;
  readonly configuration: Configuration;
}

/** A timer that is later than this is one that does not come: then the watchdog is not fed. In a transfer it is late by some ms. */
const MAX_LATE_MS = 5_000;

/** What a {@link Daemon} is made of. */
export interface DaemonParts {
  readonly tundev: Tundev;
  readonly engine: IoEngine;
  readonly drops: DropCounters;
  readonly routing: Routing;
}

/** One running end of the tunnel. */
export class Daemon implements ReactorTimer {
  readonly #options: DaemonOptions;
  readonly #context: DaemonContext;
  readonly #tundev: Tundev;
  readonly #engine: IoEngine;
  readonly #drops: DropCounters;
  readonly #routing: Routing;
  readonly #startedMs = clock();
  readonly #timerDelay = new TimerDelay(clock);
  #tunnel: Tunnel | null = null;
  #interfaces: Disposable | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When something is due; Infinity: nothing is. */
  #timerMs = Number.POSITIVE_INFINITY;
  #isStopped = false;
  #tunReadPackets = 0;
  #tunReadBytes = 0;
  #tunWrittenPackets = 0;
  #tunWrittenBytes = 0;

  constructor(options: DaemonOptions, context: DaemonContext, parts: DaemonParts) {
    this.#options = options;
    this.#context = context;
    this.#tundev = parts.tundev;
    this.#engine = parts.engine;
    this.#drops = parts.drops;
    this.#routing = parts.routing;
    const isAllByReactor = parts.engine.name === "ffi" && options.tundev.kind === "tun";
    if (isAllByReactor) parts.engine.reactor.timer = this;
  }

  /** Opens what must be there from the start. @param state a master's, with sessions; else null. */
  async start(state: MasterState | null): Promise<void> {
    this.#tunnel = await openTunnel(this.#options, {
      tundev: this.#tundev,
      deliver: (packet) => this.#deliver(packet),
      drops: this.#drops,
      logger: this.#context.logger,
      clock,
      reschedule: (atMs) => this.#reschedule(atMs),
      engine: this.#engine,
      routing: this.#routing,
      version: this.#context.version,
      state,
    });
    await this.#tunnel.start();
    const { name: tunName } = this.#tundev;
    const parts = { tunnel: this.#tunnel, engine: this.#engine, ways: this.#routing.ways, tunName };
    const { logger } = this.#context;
    this.#interfaces = watchInterfaces(this.#options, { ...parts, logger, clock });
    this.#handleTimer();
  }

  /** Listens to SIGHUP, and with sessions to control socket and web page. @returns what is to be closed before the tunnel. */
  async takeCommands(state: MasterState | null, events: RecentEvents): Promise<AsyncDisposable> {
    await using stack = new AsyncDisposableStack();
    const tunnel = this.#tunnel;
    const options = this.#options;
    if (tunnel === null) return stack.move();
    const reloader = stack.use(openReloader(options, tunnel, this.#context));
    const status = new StatusDesk({ source: this, events, pid: Deno.pid, clock, sleep: pause });
    const desk = { status, reload: () => reloader.reload() };
    if (state !== null && tunnel instanceof MasterTunnel) {
      await state.serve(tunnel.administration, desk);
    } else if (tunnel instanceof SlaveTunnel && options.protocol === "secure") {
      const { kind } = options.tundev;
      const name = kind === "tun" ? this.#tundev.name : kind;
      const { stateDir } = options;
      const { links } = tunnel;
      const { version } = this.#context;
      const keeper = stack.use(new SampleKeeper({ source: this, version, clock }));
      stack.use(await SlaveControl.open({ stateDir, name, links, desk, keeper, logger: events }));
    }
    const links = tunnel instanceof SlaveTunnel ? tunnel.links : null;
    stack.use(await openWebPage(options, { links, desk: status, events, clock }));
    return stack.move();
  }

  /** Carries packets until the signal fires, or the tundev fails. */
  async run(signal: AbortSignal): Promise<void> {
    const tunnel = this.#tunnel;
    if (tunnel === null || signal.aborted) return;
    const close = (): void => this.#tundev.close();
    signal.addEventListener("abort", close);
    try {
      await this.#tundev.run((packet, readMs) =>
        this.#handleTunPacket(tunnel, packet, readMs ?? clock())
      );
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Stops the timer and closes every link. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timerMs = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#timerDelay.stop();
    this.#interfaces?.[Symbol.dispose]();
    await this.#tunnel?.close();
  }

  snapshot(): DaemonSnapshot {
    const now = clock();
    return {
      role: this.#options.role,
      protocol: this.#options.protocol,
      version: this.#context.version,
      mode: this.#tunnel instanceof SlaveTunnel ? this.#tunnel.links.mode : "",
      links: this.#tunnel?.snapshotLinks(now) ?? [],
      bonding: this.#tunnel?.snapshotBonding() ?? new BondingTotals(),
      slaves: this.#tunnel?.snapshotSlaves(now) ?? [],
      tunReadPackets: this.#tunReadPackets,
      tunReadBytes: this.#tunReadBytes,
      tunWrittenPackets: this.#tunWrittenPackets,
      tunWrittenBytes: this.#tunWrittenBytes,
      drops: new Map(this.#drops.entries()),
      timerDelay: this.#timerDelay.snapshot(),
      io: this.#engine.name,
      tunName: this.#tundev.name,
      tunMtuBytes: this.#tundev.mtuBytes,
      uptimeSeconds: (now - this.#startedMs) / 1_000,
    };
  }

  /** Whether what is due is done: for the service manager's watchdog. */
  isAlive(): boolean {
    return !this.#isStopped && this.#timerMs > clock() - MAX_LATE_MS;
  }

  /** See {@link statusText}. */
  statusText(): string {
    return statusText(this.snapshot());
  }

  /** Hot. */
  #handleTunPacket(tunnel: Tunnel, packet: Packet, now: number): void {
    this.#tunReadPackets++;
    this.#tunReadBytes += packet.end - packet.start;
    const result = packet.end - packet.start > this.#tundev.mtuBytes
      ? DropReason.TOO_LARGE
      : tunnel.handleTunPacket(packet, now);
    if (result < 0) this.#drops.count(result as DropReason);
  }

  /** Hot. */
  #deliver(packet: Packet): number {
    const lengthBytes = packet.end - packet.start;
    const result = this.#tundev.send(packet);
    if (result >= 0) {
      this.#tunWrittenPackets++;
      this.#tunWrittenBytes += lengthBytes;
    }
    return result;
  }

  /** See {@link ReactorTimer.dueMs}: what comes over TCP comes by the event loop. */
  dueMs(): number {
    return TcpSocket.openCount > 0 ? Number.NEGATIVE_INFINITY : this.#timerMs;
  }

  /** See {@link ReactorTimer.handleDue}. */
  handleDue(): void {
    this.#handleTimer();
  }

  /** See {@link ReactorTimer.handleRest}. */
  handleRest(): void {
    this.#setTimer();
  }

  /** The one timer: does what is due and sets itself for what comes next. */
  readonly #handleTimer = (): void => {
    const tunnel = this.#tunnel;
    if (tunnel === null || this.#isStopped) return;
    tunnel.handleTimeout(clock());
    this.#timerDelay.handleLoad(this.#tunReadPackets + this.#tunWrittenPackets);
    this.#timerMs = Number.POSITIVE_INFINITY;
    this.#reschedule(tunnel.nextTimeout());
  };

  /** Hot. Sets the timer earlier when an input has made something due before it: a millisecond from now at the earliest. */
  #reschedule(atMs: number): void {
    if (atMs >= this.#timerMs || this.#isStopped) return;
    this.#timerMs = atMs;
    if (!this.#engine.reactor.isAttentive) this.#setTimer();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    if (this.#timerMs === Infinity || this.#isStopped) return;
    this.#timer = setTimeout(this.#handleTimer, Math.max(1, Math.ceil(this.#timerMs - clock())));
  }
}

/** Monotonic milliseconds. */
function clock(): number {
  return performance.now();
}
