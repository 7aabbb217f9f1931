/**
 * The MTU that a master assigned, when it can be used. Pure.
 *
 * @module
 */

import { mtuAdvice } from "../tun_limits.ts";

/**
 * An authentic master can still be set up wrongly: the tunnel then goes on with what it has.
 * @param problems gets a text when the assigned MTU is of no use.
 * @returns the MTU to go on with, in bytes.
 */
export function checkAssignedMtu(
  assignedBytes: number,
  currentBytes: number,
  problems: string[],
): number {
  if (mtuAdvice(assignedBytes, false) === null) return assignedBytes;
  problems.push(
    `Cannot use MTU ${assignedBytes}, which the master assigned: ${currentBytes} stays`,
  );
  return currentBytes;
}
