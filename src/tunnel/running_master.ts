/**
 * What commands see and change of a running master: who is there, who may come, who has to go.
 *
 * @module
 */

import type { MasterOptions } from "../daemon_options.ts";
import type { Logger } from "../log.ts";
import type { SlaveHandshakes } from "../peer/responder_options.ts";
import type { LiveMaster } from "../state/master_admin.ts";
import type { SlaveRecord } from "../state/master_store.ts";
import { NoticeCode } from "../wire/inner_message.ts";
import type { SlaveRoster } from "./slave_roster.ts";

/** What a {@link RunningMaster} works with. */
export interface RunningMasterOptions {
  readonly options: MasterOptions;
  readonly roster: SlaveRoster;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** A handshake that was answered a moment ago is not answered so again. */
  readonly forgetAnswers: (slave: SlaveHandshakes) => void;
  /** Writes down what the slaves used. */
  readonly saveUsage: () => void;
}

/** A running master, to its administration. */
export class RunningMaster implements LiveMaster {
  readonly #context: RunningMasterOptions;

  constructor(context: RunningMasterOptions) {
    this.#context = context;
  }

  /** See {@link LiveMaster.port}. */
  get port(): number {
    return this.#context.options.listen.port;
  }

  /** See {@link LiveMaster.pool}. */
  get pool(): { readonly address: string; readonly prefixBits: number } {
    return this.#context.options.pool;
  }

  /** See {@link LiveMaster.maxSlaves}: the stand-in's packets name no address, so they can go to one slave only. */
  get maxSlaves(): number {
    return this.#context.options.tundev.kind === "tun" ? Number.POSITIVE_INFINITY : 1;
  }

  /** See {@link LiveMaster.liveSlave}. */
  liveSlave(name: string): ReturnType<LiveMaster["liveSlave"]> {
    const slave = this.#context.roster.findByName(name);
    if (!slave?.links) return null;
    return { linksUp: slave.links.upCount, usage: slave.usage() };
  }

  /** Lets slaves reach each other, or not, from now on. */
  setSlaveToSlave(isAllowed: boolean): void {
    this.#context.roster.allowsSlaveToSlave = isAllowed;
  }

  /** See {@link LiveMaster.handleInvited}. */
  handleInvited(record: SlaveRecord): void {
    this.#context.roster.add(record);
    this.#context.logger.info("Slave invited", { slave: record.name });
  }

  /** See {@link LiveMaster.handleRevoked}: told first, then cut off; whether or not the word arrives. */
  handleRevoked(record: SlaveRecord): void {
    const { roster, logger, clock, saveUsage, forgetAnswers } = this.#context;
    const slave = roster.findByName(record.name);
    if (slave === null) return;
    const now = clock();
    const session = slave.keyring.sending(now);
    if (session !== null) slave.sendNotice(NoticeCode.REVOKED, session);
    saveUsage();
    roster.revoke(slave, now);
    forgetAnswers(slave);
    logger.info("Slave revoked", { slave: record.name });
  }
}
