/**
 * The composition root: opens what a daemon is made of, runs it until told to stop, and takes all down in the reverse order.
 *
 * @module
 */

import { Daemon, type DaemonContext } from "./daemon.ts";
import type { DaemonOptions, MasterOptions } from "./daemon_options.ts";
import { openIoEngine } from "./linkmap/io_engine.ts";
import { MasterState } from "./master_state.ts";
import { MetricsServer } from "./metrics/http_server.ts";
import { RecentEvents } from "./recent_events.ts";
import { openRouting } from "./routing/open_routing.ts";
import { startNotifier } from "./service/start_notifier.ts";
import { openTundev } from "./tundev/open_tundev.ts";
import { DropCounters } from "./wire/drop_reason.ts";

/**
 * Runs a master or a slave until the signal fires; resolves when everything is closed.
 * @throws SysError when the tun cannot be made, StateError when a master's state cannot be used, Error when the port is
 * taken or the tun is deleted.
 */
export async function runDaemon(options: DaemonOptions, context: DaemonContext): Promise<void> {
  const { signal } = context;
  const logger = new RecentEvents(context.logger, Date.now);
  await using stack = new AsyncDisposableStack();
  // The state first: a second master is told that there is a first one, not that its port is taken.
  const state = isSecureMaster(options) ? stack.use(MasterState.open(options, logger)) : null;
  const engine = openIoEngine(
    options,
    (reason) => logger.info("Packets go one by one: the fast engine does not work", { reason }),
  );
  const drops = new DropCounters();
  const tundev = stack.use(openTundev(options.tundev, {
    reactor: engine.reactor,
    wantsOffload: engine.name === "ffi",
    onLost: (reason, pkts) => drops.count(reason, pkts),
    onWarning: (message) => logger.warn(message),
  }));
  const masterKey = state?.store.keyPair.publicKey ?? null;
  const routing = await openRouting(options, { logger, tun: tundev.name, masterKey });
  stack.defer(() => routing.close(signal.aborted));
  const daemon = new Daemon(options, { ...context, logger }, { tundev, engine, drops, routing });
  stack.defer(() => daemon.stop());
  await daemon.start(state);
  stack.use(await daemon.takeCommands(state, logger));
  if (options.metrics !== null) {
    stack.use(await MetricsServer.start(options.metrics, daemon, logger));
  }
  logger.info(`Running as ${options.role}`, {
    version: context.version,
    tundev: tundev.name,
    mtu: tundev.mtuBytes,
    io: engine.name,
  });
  routing.handleRunning();
  stack.use(await startNotifier(daemon, logger));
  await daemon.run(AbortSignal.any([signal, routing.failed]));
  if (!signal.aborted) routing.failed.throwIfAborted();
  logger.info("Stopping");
}

function isSecureMaster(options: DaemonOptions): options is MasterOptions {
  return options.protocol === "secure" && options.role === "master";
}
