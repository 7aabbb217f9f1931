/**
 * Opens the routing of slaves and masters on a fake machine, run after run, with one state directory.
 *
 * @module
 */

import "./loaded_libc.ts";
import type { Cidr, DaemonOptions, RoutingOptions } from "../../src/daemon_options.ts";
import { openRouting } from "../../src/routing/open_routing.ts";
import type { Routing } from "../../src/routing/routing.ts";
import { FakeMachine } from "./fake_machine.ts";
import { RecordingLogger } from "./recording_logger.ts";
import { TempDir } from "./temp_dir.ts";
import { masterOptions, slaveOptions } from "./tunnel_world_options.ts";

/** Everything, in both families. */
export const EVERYTHING: readonly Cidr[] = [
  { address: "0.0.0.0", prefixBits: 0 },
  { address: "::", prefixBits: 0 },
];

/** What a master assigns. */
export const ASSIGNED: readonly Cidr[] = [{ address: "10.10.10.2", prefixBits: 24 }];

const KEY = new Uint8Array(32).fill(7);

/** Machine, directory, log. */
export class RoutingRig implements Disposable {
  readonly machine = new FakeMachine();
  readonly logger = new RecordingLogger();
  readonly folder = new TempDir();

  /** A slave's; its one link leads to the name `master`. */
  openSlave(routing?: RoutingOptions): Promise<Routing> {
    const identity = { secretKey: KEY, psk: KEY, masterKey: KEY };
    const options = slaveOptions({ links: 1 }, identity, false);
    return this.#open({ ...options, ...routing === undefined ? {} : { routing } });
  }

  /** A slave's, of which interfaces are the only links, to the name `master`. */
  openAutoSlave(routing: RoutingOptions): Promise<Routing> {
    const identity = { secretKey: KEY, psk: KEY, masterKey: KEY };
    const { linkDefaults, ...options } = slaveOptions({ links: 0 }, identity, false);
    const endpoints = [{ host: "master", port: 4321 }];
    const auto = { include: [], exclude: [] };
    return this.#open({ ...options, auto, linkDefaults: { ...linkDefaults, endpoints }, routing });
  }

  /** A master's. */
  openMaster(isExit: boolean): Promise<Routing> {
    return this.#open({ ...masterOptions({}), isExit });
  }

  /** From now on all changes fail, as if the daemon were killed before the next one. @param after changes that still succeed */
  dieAfter(after: number): void {
    this.machine.changesLeft = after;
    this.machine.diesAtFailure = true;
  }

  /** The machine works again. */
  revive(): void {
    this.machine.changesLeft = Number.POSITIVE_INFINITY;
    this.machine.diesAtFailure = false;
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }

  #open(options: DaemonOptions): Promise<Routing> {
    const { machine, logger } = this;
    return openRouting({ ...options, stateDir: this.folder.path } as DaemonOptions, {
      logger,
      tun: "bind0",
      masterKey: KEY,
      machine,
    });
  }
}
