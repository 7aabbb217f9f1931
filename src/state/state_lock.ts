/**
 * One user of a master's state at a time: a running master, or, while none runs, a command. The lock is the
 * kernel's and vanishes with its process; the file, `master.lock`, stays, and says who holds it.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";
import { FileLock } from "../../ffi/file_lock.ts";
import { fileError, type LockRole, StateLockedError } from "./state_error.ts";
import { ownAsDirectory } from "./state_file.ts";

/** How long a starting master waits, blocking, for a command that is at work, in milliseconds; a command takes about 20. */
const COMMAND_PATIENCE_MS = 5_000;

/** Pause between two tries, in milliseconds. */
const RETRY_MS = 20;

/** The lock on a state directory. */
export class StateLock implements Disposable {
  readonly #lock: Disposable;

  private constructor(lock: Disposable) {
    this.#lock = lock;
  }

  /**
   * Takes the lock. A command does not wait; a master waits for a command, not for another master.
   * @throws StateLockedError when another process has it; StateError when there can be no lock.
   */
  static acquire(stateDir: string, role: LockRole): StateLock {
    const path = `${stateDir}/master.lock`;
    let waitedMs = 0;
    for (;;) {
      const lock = tryLock(path, lockText(role));
      if (lock !== null) return new StateLock(lock);
      const holder = readHolder(path);
      // One pause even before another master is believed in: what the file says may be a dead one's word,
      // until who took the lock just now has written his own.
      const patienceMs = holder.role === "master" ? RETRY_MS : COMMAND_PATIENCE_MS;
      if (role === "command" || waitedMs >= patienceMs) {
        throw new StateLockedError(stateDir, holder.role, holder.pid);
      }
      pause(RETRY_MS);
      waitedMs += RETRY_MS;
    }
  }

  /** Gives it back. Idempotent. */
  [Symbol.dispose](): void {
    this.#lock[Symbol.dispose]();
  }
}

/** @returns null when another has it. @throws StateError */
function tryLock(path: string, text: string): Disposable | null {
  try {
    const lock = Deno.build.os === "linux"
      ? FileLock.tryAcquire(path, text)
      : tryLockByRuntime(path, text);
    if (lock !== null) ownAsDirectory(path);
    return lock;
  } catch (error) {
    // Without the C library (musl of another architecture) its own message is the best one.
    if (error instanceof SysError || isDenoFileError(error)) {
      throw fileError("lock state directory by", path, error);
    }
    throw error;
  }
}

/** The same by Deno's API, for systems whose C library we do not call. Deno 2.6, which lacks it, runs on Linux only. */
function tryLockByRuntime(path: string, text: string): Disposable | null {
  const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  if (file.tryLockSync(true)) {
    file.writeSync(new TextEncoder().encode(text));
    return file;
  }
  file.close();
  return null;
}

function isDenoFileError(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}

/** Of one length, since each overwrites the one before. */
function lockText(role: LockRole): string {
  return `${Deno.pid} ${role}`.padEnd(31) + "\n";
}

function readHolder(path: string): { readonly pid: number | null; readonly role: LockRole } {
  let text = "";
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    // Not ours to read; the lock is held all the same.
  }
  const [, pid, role] = /^(\d+) (master|command) *\n$/.exec(text) ?? [];
  return {
    pid: pid === undefined ? null : Number(pid),
    role: role === "master" ? "master" : "command",
  };
}

/** Blocks this thread: a master that starts has nothing else to do. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
