/**
 * A running slave's control socket, in its state directory: called after its tun device, since several slaves may run on one
 * machine.
 *
 * @module
 */

import { isListening } from "./control/control_client.ts";
import { type ControlHandler, ControlServer } from "./control/control_server.ts";
import { type DaemonDesk, handleDaemonRequest } from "./control/daemon_requests.ts";
import type { SampleKeeper } from "./control/sample_keeper.ts";
import { handleSlaveRequest, slaveSocketName } from "./control/slave_requests.ts";
import { inodeOf } from "./control/socket_path.ts";
import type { LiveLinks } from "./live_links.ts";
import { describeError, type Logger } from "./log.ts";
import { ensureStateDir } from "./state/state_dir.ts";

/** What a {@link SlaveControl} works with. */
export interface SlaveControlOptions {
  readonly stateDir: string;
  /** The tun device, or what stands in for it. */
  readonly name: string;
  readonly links: LiveLinks;
  readonly desk: DaemonDesk;
  readonly keeper: SampleKeeper;
  readonly logger: Logger;
}

/** Takes commands for a slave. */
export class SlaveControl implements AsyncDisposable {
  readonly #server: ControlServer | null;

  private constructor(server: ControlServer | null) {
    this.#server = server;
  }

  /** Listens; without the socket the tunnel works all the same. */
  static async open(options: SlaveControlOptions): Promise<SlaveControl> {
    const { stateDir, links, desk, keeper, logger } = options;
    try {
      for (const warning of ensureStateDir(stateDir)) logger.warn(warning);
      return new SlaveControl(
        await listen(
          options,
          (request) =>
            request.command === "samples"
              ? keeper.answer(request)
              : handleDaemonRequest(desk, request, (own) => handleSlaveRequest(links, own)),
        ),
      );
    } catch (error) {
      logger.warn("Cannot take commands while running", { reason: describeError(error) });
      return new SlaveControl(null);
    }
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }
}

/**
 * Listens where nobody does: a dead slave's path is taken over. Names of tun devices are one machine's, but network namespaces have
 * their own, and stand-ins have none: a further one has a number.
 */
async function listen(
  { stateDir, name, logger }: SlaveControlOptions,
  handler: ControlHandler,
): Promise<ControlServer> {
  for (let times = 1;; times++) {
    const numbered = times === 1 ? name : `${name}-${times}`;
    const path = `${stateDir}/${slaveSocketName(numbered)}`;
    const found = inodeOf(path);
    if (await isListening(path)) continue;
    const server = ControlServer.startNew(path, handler, logger, found);
    if (server === null) continue;
    logger.debug("Takes commands", { socket: path });
    return server;
  }
}
