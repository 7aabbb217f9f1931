/**
 * Why a command of the system failed, with what helps. Pure.
 *
 * @module
 */

import { type Command, formatCommand } from "./command.ts";

/** A command could not be run, or refused. Exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** The rule, route, table or device that it is about is not there. */
  readonly isAbsent: boolean;
  /** What was to be made is there already. */
  readonly isPresent: boolean;

  /** @param stderr what the program said */
  constructor(message: string, stderr = "") {
    super(message);
    this.isAbsent = ABSENT.test(stderr);
    this.isPresent = /File exists/.test(stderr);
  }
}

/** The program is not there. */
export function programMissing({ program }: Command): CommandError {
  const name = program === "ip" ? "iproute2" : "nftables";
  const fedora = program === "ip" ? "iproute" : "nftables";
  return new CommandError(
    `Cannot run "${program}": it is not installed: type apt install ${name} (Debian, Ubuntu), ` +
      `dnf install ${fedora} (Fedora), pacman -S ${name} (Arch) or apk add ${name} (Alpine)`,
  );
}

/** The program ran and failed. @param stderr what it said */
export function commandFailed(command: Command, stderr: string): CommandError {
  const said = stderr.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const reason = said[0]?.replace(/^(RTNETLINK answers|Error): /, "") ?? "it does not say why";
  const hint = HINTS.find(([pattern]) => pattern.test(stderr))?.[1][command.program];
  // A script has many lines; the program's own words name the one that counts.
  const what = command.program === "ip" ? formatCommand(command) : "nft";
  return new CommandError(
    `"${what}" fails: ${reason}${hint === undefined ? "" : ` (${hint})`}`,
    stderr,
  );
}

/** ENOENT of a rule, table or set; ESRCH of a route; a device that is gone; an empty table. */
const ABSENT =
  /No such file or directory|No such process|Cannot find device|FIB table does not exist/;

/** What is said, and what helps by program. */
const HINTS: readonly (readonly [RegExp, Readonly<Record<Command["program"], string>>])[] = [
  [/Operation not permitted|Permission denied/, {
    ip: "run bindlink as root: a capability of its own does not reach this program",
    nft: "run bindlink as root: a capability of its own does not reach this program",
  }],
  [/suppress_prefixlength|is a garbage|invalid option|BusyBox|ipproto|"goto"/i, {
    ip: "it needs iproute2 5.0 or newer, and not BusyBox: type apt install iproute2, " +
      "or apk add iproute2",
    nft: "it needs nftables 0.9.3 or newer",
  }],
  [/Address family not supported/, {
    ip: "this kernel has no IPv6, or no routing by rules",
    nft: "this kernel has no family inet: it needs Linux 5.2",
  }],
  [/Could not process rule: (No such file or directory|Operation not supported)/, {
    ip: "",
    nft:
      "this kernel lacks a part of nftables: type modprobe -a nf_tables nft_chain_nat nft_masq " +
      "nft_ct nft_reject_inet, or use Linux 5.2 or newer",
  }],
];
