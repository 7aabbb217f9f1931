/**
 * What the doctor says of this machine in a moment, without making a device and without a word about paths: for recordings.
 *
 * @module
 */

import { tryEngine } from "./examine.ts";
import { judgeMachine } from "./judge_machine.ts";
import { lookAtMachine } from "./machine_probe.ts";

/** Those that say nothing of the user. */
const CHECKS = ["io", "socket-buffers", "ciphers", "clock"];

/** One thing that was looked at. */
export interface GlanceFinding {
  readonly check: string;
  readonly verdict: string;
  readonly text: string;
}

/** Looks. */
export async function glanceAtMachine(): Promise<GlanceFinding[]> {
  const listen = { host: "127.0.0.1", port: 0 };
  const noTun = { kind: "listen-tcp", listen, mtuBytes: 0 } as const;
  const facts = await lookAtMachine({ tundev: noTun, stateDir: "/" }, tryEngine({ io: "auto" }));
  return judgeMachine(facts).filter(({ check }) => CHECKS.includes(check))
    .map(({ check, verdict, text }) => ({ check, verdict, text }));
}
