/**
 * Judges a master's machine: facts to findings. Pure.
 *
 * @module
 */

import { fault, type Finding, note, ok, unchecked } from "./finding.ts";

/** What was found out. */
export interface MasterFacts {
  readonly port: number;
  /** Whether there is a master's state in the directory. */
  readonly isSetUp: boolean;
  /** A running master's slaves; none runs; or why that cannot be told. */
  readonly running:
    | { readonly kind: "yes"; readonly slaves: number; readonly connected: number }
    | { readonly kind: "no" }
    | { readonly kind: "unknown"; readonly detail: string };
  /** Why the port cannot be bound, over UDP and TCP; empty when it can; null: not tried, a master has it. */
  readonly udpFault: string | null;
  readonly tcpFault: string | null;
  /** Addresses that the internet reaches. */
  readonly publicAddresses: readonly string[];
  /** Whether the kernel passes packets on; null: not known. */
  readonly isForwarding: boolean | null;
}

/** All findings about it. */
export function judgeMaster(facts: MasterFacts): Finding[] {
  return [
    judgeRunning(facts),
    ...judgePort(facts, "UDP", facts.udpFault),
    ...judgePort(facts, "TCP", facts.tcpFault),
    judgeAddresses(facts),
    ...judgeForwarding(facts.isForwarding),
  ];
}

const ABOUT = "master";

function judgeRunning({ isSetUp, running }: MasterFacts): Finding {
  const subject = { about: ABOUT, check: "running" };
  switch (running.kind) {
    case "yes": {
      const { slaves, connected } = running;
      if (slaves > 0) {
        return ok(
          subject,
          `a master runs; ${connected} of ${slaves} slaves are connected`,
          { slaves, connected },
        );
      }
      return note(subject, "a master runs, and knows no slave yet", INVITE_ADVICE);
    }
    case "no":
      return fault(
        subject,
        isSetUp
          ? "no master runs here"
          : "no master was ever started here, with this state directory",
        "start it: bindlink master, as the user whose state directory it is",
      );
    case "unknown":
      return unchecked(
        subject,
        `whether a master runs: ${running.detail}`,
        "run as the master's user",
      );
  }
}

const INVITE_ADVICE = "let one in: bindlink invite NAME --endpoint HOST:PORT";

function judgePort({ port }: MasterFacts, protocol: string, problem: string | null): Finding[] {
  if (problem === null) return [];
  const subject = { about: ABOUT, check: `${protocol.toLowerCase()}-port` };
  if (problem === "") return [ok(subject, `${protocol} port ${port} is free`)];
  const inUse =
    "another program has it, most likely: ss -lunp and ss -ltnp show which; or choose " +
    "another with --listen";
  return [fault(subject, `${protocol} port ${port} cannot be had: ${problem}`, inUse)];
}

function judgeAddresses({ port, publicAddresses }: MasterFacts): Finding {
  const subject = { about: ABOUT, check: "public-address" };
  const firewall =
    `no check from here sees a firewall: let UDP and TCP ${port} through, and try bindlink ` +
    "doctor on a slave";
  if (publicAddresses.length > 0) {
    return note(subject, `slaves can reach it at ${publicAddresses.join(", ")}`, firewall);
  }
  return note(
    subject,
    "no address of this machine is public",
    `the router before it has to pass UDP and TCP ${port} on; slaves are invited with its address: bindlink ` +
      "invite NAME --endpoint HOST:PORT",
  );
}

function judgeForwarding(isForwarding: boolean | null): Finding[] {
  const subject = { about: ABOUT, check: "forwarding" };
  if (isForwarding === null) return [];
  if (isForwarding) {
    return [ok(subject, "the kernel passes packets on to the internet (ip_forward)")];
  }
  return [note(
    subject,
    "the kernel does not pass packets on: slaves reach this machine only",
    "if they are to reach the internet: sysctl -w net.ipv4.ip_forward=1, and masquerading (README)",
  )];
}
