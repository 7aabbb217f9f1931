import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadLibc } from "../../../ffi/libc.ts";
import { StateError, StateLockedError } from "../../../src/state/state_error.ts";
import { StateLock } from "../../../src/state/state_lock.ts";
import { TestProcess } from "../../support/process.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

const HOLDER = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--no-check",
  fileURLToPath(new URL("../../support/state_holder_main.ts", import.meta.url)),
];

function isLockedBy(pid: number | null, role: string): (error: unknown) => boolean {
  return (error) => error instanceof StateLockedError && error.pid === pid && error.role === role;
}

Deno.test("StateLock refuses a second master and names the first one's process", async () => {
  using folder = new TempDir();
  await using holder = new TestProcess([...HOLDER, folder.path], { stdin: "piped" });
  await holder.waitForLine(/^holding$/);
  assert.throws(
    () => StateLock.acquire(folder.path, "master"),
    new RegExp(`^StateLockedError: .*another bindlink master runs there \\(pid ${holder.pid}\\)$`),
  );
  assert.throws(() => StateLock.acquire(folder.path, "command"), isLockedBy(holder.pid, "master"));
});

Deno.test("StateLock of a process that was killed is free at once", async () => {
  using folder = new TempDir();
  await using holder = new TestProcess([...HOLDER, folder.path], { stdin: "piped" });
  await holder.waitForLine(/^holding$/);
  await holder.crash();
  assert.match(Deno.readTextFileSync(`${folder.path}/master.lock`), new RegExp(`^${holder.pid} `));
  using _lock = StateLock.acquire(folder.path, "command");
});

Deno.test("StateLock's file says who holds it, whatever was there before", () => {
  using folder = new TempDir();
  Deno.writeTextFileSync(`${folder.path}/master.lock`, `4194304 command${" ".repeat(16)}\n`);
  using _lock = StateLock.acquire(folder.path, "master");
  assert.equal(
    Deno.readTextFileSync(`${folder.path}/master.lock`),
    `${Deno.pid} master`.padEnd(31) + "\n",
  );
});

Deno.test("StateLock of a master waits for a command that is at work", async () => {
  using folder = new TempDir();
  await using command = new TestProcess([...HOLDER, folder.path, "command"], { stdin: "piped" });
  await command.waitForLine(/^holding$/);
  assert.throws(
    () => StateLock.acquire(folder.path, "command"),
    isLockedBy(command.pid, "command"),
  );
  // From here on it works for a while yet, then ends; the lock is awaited with this thread blocked.
  await command.closeStdin();
  using _lock = StateLock.acquire(folder.path, "master");
  assert.match(Deno.readTextFileSync(`${folder.path}/master.lock`), /^\d+ master /);
});

Deno.test("StateLock of a command does not wait for another", () => {
  using folder = new TempDir();
  using _lock = StateLock.acquire(folder.path, "command");
  assert.throws(() => StateLock.acquire(folder.path, "command"), isLockedBy(Deno.pid, "command"));
});

Deno.test("StateLock does not believe a file that tells nonsense", () => {
  using folder = new TempDir();
  using _lock = StateLock.acquire(folder.path, "command");
  for (const text of ["", "x", "-1 master\n", "1 emperor\n", "\0".repeat(32)]) {
    Deno.writeTextFileSync(`${folder.path}/master.lock`, text);
    assert.throws(() => StateLock.acquire(folder.path, "command"), isLockedBy(null, "command"));
  }
});

Deno.test("StateLock says what is in the way of its file", () => {
  using folder = new TempDir();
  Deno.mkdirSync(`${folder.path}/master.lock`);
  assert.throws(
    () => StateLock.acquire(folder.path, "command"),
    (error: unknown) => error instanceof StateError && /master\.lock": EISDIR/.test(error.message),
  );
});
