/**
 * The composition root: wires tundev, multiplexer, link map and metrics, runs them until told to
 * stop, and takes them down in the reverse order.
 *
 * @module
 */

import type { DaemonOptions, TundevSpec } from "./daemon_options.ts";
import { createLinkOpener } from "./linkmap/link_opener.ts";
import { LinkMap } from "./linkmap/link_map.ts";
import type { Logger } from "./log.ts";
import { MetricsServer } from "./metrics/http_server.ts";
import { Multiplexer } from "./multiplexer/multiplexer.ts";
import type { MultiplexerLink } from "./multiplexer/multiplexer_link.ts";
import type { DaemonSnapshot } from "./snapshot.ts";
import { openConnectTcp, openListenTcp } from "./tundev/tcp_tundev.ts";
import { openTunDevice } from "./tundev/tun_device.ts";
import type { Tundev } from "./tundev/tundev.ts";
import { DropCounters, DropReason } from "./wire/drop_reason.ts";
import type { Packet } from "./wire/packet.ts";

/** What a daemon gets from whoever runs it. */
export interface DaemonContext {
  readonly logger: Logger;
  /** Stops the daemon when it fires. */
  readonly signal: AbortSignal;
  readonly version: string;
}

/**
 * Runs a master or a slave until the signal fires; resolves when everything is closed.
 * @throws SysError when the tun cannot be made, Error when the port is taken or the tun is deleted.
 */
export async function runDaemon(options: DaemonOptions, context: DaemonContext): Promise<void> {
  const { logger, signal } = context;
  await using stack = new AsyncDisposableStack();
  const tundev = stack.use(openTundev(options.tundev, logger));
  const daemon = new Daemon(options, context, tundev);
  stack.defer(() => daemon.stop());

  await daemon.start();
  if (options.metrics !== null) {
    stack.use(await MetricsServer.start(options.metrics, daemon, logger));
  }
  logger.warn("Protocol legacy: nothing is authenticated or encrypted", {
    advice: "use it on networks you trust, or for what is encrypted itself",
  });
  logger.info(`Running as ${options.role}`, {
    version: context.version,
    tundev: tundev.name,
    mtu: tundev.mtuBytes,
  });
  await daemon.run(signal);
  logger.info("Stopping");
}

function openTundev(spec: TundevSpec, logger: Logger): Tundev {
  switch (spec.kind) {
    case "tun":
      return openTunDevice(spec);
    case "connect-tcp":
      return openConnectTcp(spec, ({ message }) => logger.warn(message));
    case "listen-tcp":
      return openListenTcp(spec, ({ message }) => logger.warn(message));
  }
}

/** One running end of the tunnel. */
class Daemon {
  readonly #options: DaemonOptions;
  readonly #context: DaemonContext;
  readonly #tundev: Tundev;
  readonly #drops = new DropCounters();
  readonly #multiplexer: Multiplexer;
  readonly #linkMap: LinkMap;
  readonly #startedMs = clock();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #tunReadPackets = 0;
  #tunReadBytes = 0;
  #tunWrittenPackets = 0;
  #tunWrittenBytes = 0;

  constructor(options: DaemonOptions, context: DaemonContext, tundev: Tundev) {
    this.#options = options;
    this.#context = context;
    this.#tundev = tundev;
    this.#multiplexer = new Multiplexer({
      rng: Math.random,
      deliver: (packet) => this.#deliver(packet),
      // Seconds since 1970: one number is used up a second, so a restarted peer is ahead of itself.
      firstSeqNo: Math.floor(Date.now() / 1_000),
      onLinkChange: (link) => this.#logLinkChange(link),
    });
    this.#linkMap = new LinkMap({
      multiplexer: this.#multiplexer,
      open: createLinkOpener(this.#drops),
      drops: this.#drops,
      verifyData: (packet) => tundev.verify(packet),
      logger: context.logger,
      clock,
      rng: Math.random,
    });
  }

  /** Opens what must be there from the start. A slave's links are not: they come when they can. */
  async start(): Promise<void> {
    const options = this.#options;
    if (options.role === "master") {
      await this.#linkMap.startListener(options.listen, this.#tundev.name);
      const addresses = this.#linkMap.listenAddresses.join(", ");
      this.#context.logger.info("Listening", { addresses });
    } else {
      for (const spec of options.links) this.#linkMap.initiateLink(spec);
    }
    this.#handleTimer();
  }

  /** Carries packets until the signal fires, or the tundev fails. */
  async run(signal: AbortSignal): Promise<void> {
    const close = (): void => this.#tundev.close();
    if (signal.aborted) return;
    signal.addEventListener("abort", close);
    try {
      await this.#tundev.run((packet) => this.#handleTunPacket(packet));
    } finally {
      signal.removeEventListener("abort", close);
    }
  }

  /** Stops the timer and closes every link. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#linkMap.close();
    clearTimeout(this.#timer);
  }

  snapshot(): DaemonSnapshot {
    const now = clock();
    return {
      role: this.#options.role,
      version: this.#context.version,
      links: this.#linkMap.snapshot(now),
      tunReadPackets: this.#tunReadPackets,
      tunReadBytes: this.#tunReadBytes,
      tunWrittenPackets: this.#tunWrittenPackets,
      tunWrittenBytes: this.#tunWrittenBytes,
      drops: new Map(this.#drops.entries()),
      tunName: this.#tundev.name,
      tunMtuBytes: this.#tundev.mtuBytes,
      uptimeSeconds: (now - this.#startedMs) / 1_000,
    };
  }

  /** Hot. */
  #handleTunPacket(packet: Packet): void {
    this.#tunReadPackets++;
    this.#tunReadBytes += packet.end - packet.start;
    const result = packet.end - packet.start > this.#tundev.mtuBytes
      ? DropReason.TOO_LARGE
      : this.#multiplexer.send(packet, clock());
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

  /** The one timer: does what is due and sets itself for what comes next. */
  #handleTimer(): void {
    const now = clock();
    this.#multiplexer.handleTimeout(now);
    this.#linkMap.handleTimeout(now);
    const next = Math.min(this.#multiplexer.nextTimeout(), this.#linkMap.nextTimeout());
    this.#timer = setTimeout(() => this.#handleTimer(), Math.max(1, Math.ceil(next - clock())));
  }

  #logLinkChange({ port, isAlive }: MultiplexerLink): void {
    // That links end with the daemon is no news.
    if (this.#context.signal.aborted) return;
    const link = this.#linkMap.getLink(port.id);
    const properties = { link: link?.name ?? "", id: port.id, remote: link?.remote ?? "" };
    if (isAlive) this.#context.logger.info("Link up", properties);
    else this.#context.logger.warn("Link silent", properties);
  }
}

/** Monotonic milliseconds. */
function clock(): number {
  return performance.now();
}
