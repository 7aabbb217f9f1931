/**
 * Says that the other end speaks another protocol. The one who waits for an answer cannot know: it gets none.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import { DropReason } from "../wire/drop_reason.ts";

/** Tells it once in a run: anybody can send such a datagram. */
export class WrongProtocol {
  readonly #logger: Logger;
  readonly #theirs: string;
  #isTold = false;

  /** @param theirs what the other end speaks, when it is not what this one does. */
  constructor(logger: Logger, theirs: "secure" | "legacy") {
    this.#logger = logger;
    this.#theirs = theirs;
  }

  /** A datagram of that protocol came. @returns WRONG_PROTOCOL, so that a caller can return it. */
  drop(source: NetAddress): DropReason {
    if (!this.#isTold) {
      this.#isTold = true;
      this.#logger.warn(`Somebody speaks the ${this.#theirs} protocol, which this end does not`, {
        remote: formatAddress(source),
        advice: "if it is your other end: run both with --protocol legacy, or both without",
      });
    }
    return DropReason.WRONG_PROTOCOL;
  }
}
