/**
 * What a master remembers of one slave between its handshakes. Pure.
 *
 * @module
 */

import { Allowance } from "./allowance.ts";

/** Instances that are remembered as replaced. */
export const MAX_REPLACED_INSTANCES = 16;

/** Answers to initiations with a new stamp: only the slave can make one, and it makes one in two minutes, or in 5 s of trouble. */
const FRESH_ANSWERS = { capacity: 20, perSecond: 5 };

/** Answers to initiations with an old stamp: anyone can replay one. */
const STALE_ANSWERS = { capacity: 4, perSecond: 2 };

/** Memory of one slave's handshakes. */
export class HandshakeMemory {
  /** 12 bytes: the newest stamp seen, null when none was. */
  lastStamp: Uint8Array<ArrayBuffer> | null = null;
  /** MTU of the newest welcome, in bytes: larger packets are not for this slave. Infinity when there was none. */
  grantedMtuBytes = Number.POSITIVE_INFINITY;
  /** The instance that is in use (confirmed), or empty. */
  instanceId = "";
  /** Instances that were replaced by a newer one: the last 16. */
  readonly replacedInstances: string[] = [];
  /** Answers that initiations with a new stamp still get. */
  readonly freshAnswers = new Allowance(FRESH_ANSWERS);
  /** Answers that initiations with an old stamp still get. */
  readonly staleAnswers = new Allowance(STALE_ANSWERS);

  /** An instance is in use: the one before it is replaced for good. @returns whether there was another one. */
  confirm(instanceId: string): boolean {
    const before = this.instanceId;
    if (before === instanceId) return false;
    this.instanceId = instanceId;
    if (before === "") return false;
    this.replacedInstances.push(before);
    if (this.replacedInstances.length > MAX_REPLACED_INSTANCES) this.replacedInstances.shift();
    return true;
  }
}
