/**
 * Judges the machine: facts to findings. Pure.
 *
 * @module
 */

import { fault, type Finding, MACHINE, note, ok, unchecked } from "./finding.ts";

/** What was found out about the machine. */
export interface MachineFacts {
  readonly os: string;
  readonly release: string;
  readonly engine: EngineFacts;
  /** Null: no tun is needed, a stand-in takes its place. */
  readonly tun: TunFacts | null;
  /** Its label and ciphers, or why there is none. */
  readonly crypto:
    | { readonly label: string; readonly isFast: boolean; readonly ciphers: readonly string[] }
    | { readonly failure: string };
  /** ms since 1970; and the same as text. */
  readonly wallMs: number;
  readonly wallText: string;
  readonly state: StateDirFacts;
}

/** How packets would be moved. */
export interface EngineFacts {
  /** Null: none works as asked. */
  readonly name: "deno" | "ffi" | null;
  /** Why it is not the fast one; empty when it is, or the other one was asked for. */
  readonly reason: string;
  readonly hasSegment: boolean;
  readonly hasGather: boolean;
  /** What the system granted, and what was asked for, bytes; 0: not known. */
  readonly receiveBufferBytes: number;
  readonly wantedBufferBytes: number;
}

/** The tun device. */
export type TunFacts =
  | { readonly kind: "works"; readonly hasOffload: boolean }
  | { readonly kind: "busy" }
  /** This user may not; root may well, and most run bindlink as root. */
  | { readonly kind: "not-allowed"; readonly text: string }
  /** In words, with what to do. */
  | { readonly kind: "failed"; readonly text: string };

/** The state directory. */
export interface StateDirFacts {
  readonly path: string;
  readonly kind: "missing" | "readable" | "unreadable" | "not-a-directory";
  /** The system's word for it, when it is unreadable. */
  readonly detail: string;
  /** Others may write there, or read a file with keys. */
  readonly openTo: readonly string[];
}

/** A clock before this program was written is wrong: 2026-01-01, ms since 1970. */
const EARLIEST_MS = 1_767_225_600_000;

/** All findings about a machine. */
export function judgeMachine(facts: MachineFacts): Finding[] {
  return [
    judgeSystem(facts),
    ...judgeEngine(facts.engine),
    judgeTun(facts.tun),
    judgeCrypto(facts.crypto),
    judgeClock(facts),
    ...judgeState(facts.state),
  ];
}

function judgeSystem({ os, release, tun }: MachineFacts): Finding {
  const subject = { about: MACHINE, check: "system" };
  if (os === "linux") return ok(subject, `Linux ${release}`);
  if (tun === null) {
    return note(subject, `${os} ${release}: without a tun device it works here, too`);
  }
  return fault(
    subject,
    `${os} ${release}: a tun device is made on Linux only`,
    "use a stand-in for it: --connect-tcp or --listen-tcp",
  );
}

function judgeEngine(engine: EngineFacts): Finding[] {
  const subject = { about: MACHINE, check: "io" };
  if (engine.name === null) {
    const advice = engine.reason.startsWith("Cannot use --mark")
      ? "leave --mark out, or start bindlink with sudo"
      : "leave --io ffi out: --io auto takes what works";
    return [fault(subject, engine.reason, advice)];
  }
  if (engine.name === "deno") {
    return [note(
      subject,
      engine.reason === ""
        ? "packets go one by one (--io deno)"
        : `packets go one by one, the fast engine does not work: ${engine.reason}`,
      "only slower above some 200 Mbit/s; but the size of packets that paths take cannot be found out",
    )];
  }
  const parts = [
    engine.hasSegment ? "UDP_SEGMENT" : "",
    engine.hasGather ? "UDP_GRO" : "",
  ].filter((part) => part !== "");
  const many = parts.length === 0 ? "by sendmmsg" : `by ${parts.join(" and ")}`;
  const isOld = !engine.hasSegment || !engine.hasGather;
  const text = `packets go many at once (ffi), ${many}`;
  const speed = isOld
    ? note(subject, text, "a newer kernel is faster: UDP_SEGMENT needs Linux 4.18, UDP_GRO 5.0")
    : ok(subject, text);
  return [speed, ...judgeBuffers(engine)];
}

function judgeBuffers({ receiveBufferBytes, wantedBufferBytes }: EngineFacts): Finding[] {
  const subject = { about: MACHINE, check: "socket-buffers" };
  const figures = { receiveBufferBytes, wantedBufferBytes };
  if (receiveBufferBytes >= wantedBufferBytes) {
    return [ok(subject, `socket buffers of ${kib(receiveBufferBytes)} are granted`, figures)];
  }
  return [note(
    subject,
    `socket buffers are limited to ${kib(receiveBufferBytes)}, ${
      kib(wantedBufferBytes)
    } are wanted`,
    `run as root, or sysctl -w net.core.rmem_max=${wantedBufferBytes} net.core.wmem_max=` +
      `${wantedBufferBytes}; it matters above some 30 Mbit/s`,
    figures,
  )];
}

function kib(bytes: number): string {
  return `${Math.round(bytes / 1_024)} KiB`;
}

function judgeTun(tun: TunFacts | null): Finding {
  const subject = { about: MACHINE, check: "tun" };
  if (tun === null) return ok(subject, "no tun device is needed");
  switch (tun.kind) {
    case "works":
      return tun.hasOffload
        ? ok(
          subject,
          "a tun device can be made, with vnet headers (segments go through in one piece)",
        )
        : note(subject, "a tun device can be made, without vnet headers: slower at high rates");
    case "busy":
      return unchecked(
        subject,
        "the tun device's name is in use",
        "most likely by a bindlink that runs; if not, choose another with --tun-name",
      );
    case "not-allowed":
      return unchecked(
        subject,
        `whether a tun device can be made: ${splitHint(tun.text)[0]}`,
        "this user may not: type sudo bindlink doctor; to run bindlink itself as this user, sudo setcap " +
          "cap_net_admin+ep ./bindlink",
      );
    case "failed": {
      const [text, advice] = splitHint(tun.text);
      return fault(subject, text, advice);
    }
  }
}

/** The remedy stands in brackets behind the problem. */
function splitHint(text: string): readonly [string, string] {
  const match = /^(.*?) \((.*)\)$/s.exec(text);
  return match === null ? [text, "run as root"] : [match[1]!, match[2]!];
}

function judgeCrypto(crypto: MachineFacts["crypto"]): Finding {
  const subject = { about: MACHINE, check: "ciphers" };
  if ("failure" in crypto) {
    return fault(subject, crypto.failure, "install OpenSSL 3 (libssl3), or report this");
  }
  const text = `${crypto.ciphers.join(", ")} by ${crypto.label}`;
  if (crypto.isFast) return ok(subject, text);
  return note(subject, `${text}: libcrypto was not found`, "install OpenSSL 3: five times as fast");
}

function judgeClock({ wallMs, wallText }: MachineFacts): Finding {
  const subject = { about: MACHINE, check: "clock" };
  const text = `the clock shows ${wallText}`;
  if (wallMs >= EARLIEST_MS) return ok(subject, text);
  return fault(subject, `${text}: that is in the past`, "set it: timedatectl set-ntp true");
}

function judgeState({ path, kind, detail, openTo }: StateDirFacts): Finding[] {
  const subject = { about: MACHINE, check: "state-directory" };
  const quoted = JSON.stringify(path);
  switch (kind) {
    case "missing":
      return [note(subject, `there is no state directory ${quoted} yet`)];
    case "not-a-directory":
      return [fault(subject, `${quoted} is no directory`, "choose another with --state-dir")];
    case "unreadable":
      return [
        fault(
          subject,
          `state directory ${quoted}: ${detail}`,
          "run as its owner, or name another with --state-dir",
        ),
      ];
    case "readable":
      return openTo.length === 0
        ? [ok(subject, `state directory ${quoted} is readable, and private`)]
        : [fault(
          subject,
          `other users can get at the keys: ${openTo.join(", ")}`,
          `chmod 0700 ${quoted}; chmod 0600 ${quoted}/*`,
        )];
  }
}
