/**
 * A running master's state: its store, held as its only user, and the control socket over which commands change it.
 *
 * @module
 */

import { join } from "node:path";
import { ControlServer } from "./control/control_server.ts";
import { type DaemonDesk, handleDaemonRequest } from "./control/daemon_requests.ts";
import { handleControlRequest, MASTER_SOCKET_NAME } from "./control/master_requests.ts";
import type { MasterOptions } from "./daemon_options.ts";
import { describeError, type Logger } from "./log.ts";
import { type LiveMaster, MasterAdmin } from "./state/master_admin.ts";
import { MasterStore } from "./state/master_store.ts";
import { UsageError } from "./usage_error.ts";

/** The state of one running master. */
export class MasterState implements AsyncDisposable {
  readonly store: MasterStore;
  readonly #stateDir: string;
  readonly #logger: Logger;
  #server: ControlServer | null = null;

  private constructor(store: MasterStore, stateDir: string, logger: Logger) {
    this.store = store;
    this.#stateDir = stateDir;
    this.#logger = logger;
  }

  /** Opens the state directory. @throws StateError when it cannot be used, UsageError when its slaves do not fit the options. */
  static open(options: MasterOptions, logger: Logger): MasterState {
    const store = MasterStore.open(options.stateDir);
    for (const warning of store.warnings) logger.warn(warning);
    const active = store.slaves.filter(({ revokedAt }) => revokedAt === null);
    if (options.tundev.kind !== "tun" && active.length > 1) {
      store[Symbol.dispose]();
      throw new UsageError(
        `--${options.tundev.kind} serves one slave, and "${options.stateDir}" has ${active.length}: ` +
          "name another one with --state-dir, or revoke all but one",
      );
    }
    return new MasterState(store, options.stateDir, logger);
  }

  /** Listens for commands from now on; without the socket the tunnel works all the same. */
  async serve(live: LiveMaster, desk: DaemonDesk): Promise<void> {
    const path = join(this.#stateDir, MASTER_SOCKET_NAME);
    const admin = new MasterAdmin(this.store, live);
    try {
      this.store.setLastRun({ port: live.port, pool: live.pool });
    } catch (error) {
      this.#logger.warn("Cannot write down how this master runs", { reason: describeError(error) });
    }
    try {
      this.#server = await ControlServer.start(
        path,
        (request) => handleDaemonRequest(desk, request, (own) => handleControlRequest(admin, own)),
        this.#logger,
      );
    } catch (error) {
      this.#logger.warn("Cannot take commands while running", { reason: describeError(error) });
    }
  }

  /** Ends the control socket and gives the state directory back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
  }
}
