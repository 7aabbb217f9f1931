/**
 * The order groups that hold packets, and which of them has waited longest. Pure.
 *
 * A plain list: few groups hold packets at once, and it is only searched after the earliest wait ended.
 *
 * @module
 */

import type { ReorderGroup } from "./reorder_group.ts";

/** Groups with packets held, in no order. */
export class WaitingGroups {
  readonly #groups: ReorderGroup[] = [];
  #earliestMs = Number.POSITIVE_INFINITY;
  #isEarliestKnown = true;

  /** Hot. A packet was held: the group is in the list from now on, and its deadline may have come nearer. */
  add(group: ReorderGroup): void {
    if (group.waitingIndex < 0) {
      group.waitingIndex = this.#groups.length;
      this.#groups.push(group);
    }
    if (group.headDeadlineMs < this.#earliestMs) this.#earliestMs = group.headDeadlineMs;
  }

  /** Hot. The group's wait ended, it has a later deadline or none. @param endedMs its deadline before */
  update(group: ReorderGroup, endedMs: number): void {
    if (endedMs <= this.#earliestMs) this.#isEarliestKnown = false;
    if (group.heldPkts > 0 || group.waitingIndex < 0) return;
    const last = this.#groups.pop()!;
    if (last !== group) {
      this.#groups[group.waitingIndex] = last;
      last.waitingIndex = group.waitingIndex;
    }
    group.waitingIndex = -1;
  }

  /** Hot. The earliest deadline, monotonic ms; Infinity when no group waits. */
  earliestMs(): number {
    if (!this.#isEarliestKnown) {
      this.#isEarliestKnown = true;
      this.#earliestMs = this.earliest()?.headDeadlineMs ?? Number.POSITIVE_INFINITY;
    }
    return this.#earliestMs;
  }

  /** The group with the earliest deadline; null when none holds packets. */
  earliest(): ReorderGroup | null {
    let earliest: ReorderGroup | null = null;
    for (let i = 0; i < this.#groups.length; i++) {
      const group = this.#groups[i]!;
      if (earliest === null || group.headDeadlineMs < earliest.headDeadlineMs) earliest = group;
    }
    return earliest;
  }
}
