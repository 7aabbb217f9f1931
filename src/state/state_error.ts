/**
 * What goes wrong with the state directory: said with the file, the reason, and what to do.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";

/** The state directory, or a file in it, cannot be used. Exit code 1. */
export class StateError extends Error {
  override readonly name: string = "StateError";
}

/** Who uses a state directory: a running master, or a command that ends by itself. */
export type LockRole = "master" | "command";

/** Another process uses the state directory. */
export class StateLockedError extends StateError {
  override readonly name = "StateLockedError";
  /** Its process id; null when it has not said it yet. */
  readonly pid: number | null;
  /** What it is. */
  readonly role: LockRole;

  constructor(stateDir: string, role: LockRole, pid: number | null) {
    const holder = role === "master" ? "master runs" : "command works";
    const who = pid === null ? "" : ` (pid ${pid})`;
    super(
      `Cannot use state directory ${
        JSON.stringify(stateDir)
      }: another bindlink ${holder} there${who}`,
    );
    this.role = role;
    this.pid = pid;
  }
}

/**
 * The error of a failed file operation.
 * @param action what was to be done, e.g. `read state file`.
 */
export function fileError(action: string, path: string, error: unknown): StateError {
  const code = errorCode(error);
  const hint = code === "EACCES" || code === "EPERM" ? accessHint(path) : HINTS[code];
  const detail = hint === undefined ? "" : ` (${hint})`;
  return new StateError(`Cannot ${action} ${JSON.stringify(path)}: ${code}${detail}`, {
    cause: hint === undefined && error instanceof Error ? error : undefined,
  });
}

/** `ENOSPC` and the like; the error's name when it has no code. */
export function errorCode(error: unknown): string {
  if (error instanceof SysError) return error.code;
  if (!(error instanceof Error)) return String(error);
  const code: unknown = "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : error.name;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; what was stored before is unharmed",
  EDQUOT: "the disk quota is used up; what was stored before is unharmed",
  EROFS: "the file system is read-only; choose another directory with --state-dir",
  ENOTDIR: "a part of the path is a file; choose another directory with --state-dir",
  EISDIR: "there is a directory of that name; move it away",
  ELOOP: "it is a symbolic link; put a file in its place",
  ENOLCK: "the file system has no locks; choose a local directory with --state-dir",
  EOPNOTSUPP: "the file system has no locks; choose a local directory with --state-dir",
};

/** Says whose it is: the usual cause is a command without the sudo that the master was started with. */
function accessHint(path: string): string {
  const uid = ownerOf(path);
  const remedy = "choose another directory with --state-dir";
  if (uid === null || uid === Deno.uid()) return `no access; ${remedy}`;
  const user = userName(uid);
  const prefix = uid === 0 ? "sudo" : `sudo -u ${user}`;
  return `it belongs to ${user}: run "${prefix} bindlink ...", or ${remedy}`;
}

/** The owner of a file, or else of the nearest directory above it that can be looked at. */
function ownerOf(path: string): number | null {
  for (let at = path;;) {
    try {
      return Deno.lstatSync(at).uid;
    } catch {
      const slash = at.lastIndexOf("/");
      if (slash <= 0) return null;
      at = at.slice(0, slash);
    }
  }
}

/** A user's name by passwd(5); the number when there is none. */
function userName(uid: number): string {
  if (uid === 0) return "root";
  try {
    const line = Deno.readTextFileSync("/etc/passwd").split("\n")
      .find((it) => it.split(":")[2] === String(uid));
    return line?.split(":")[0] ?? `user ${uid}`;
  } catch {
    return `user ${uid}`;
  }
}
