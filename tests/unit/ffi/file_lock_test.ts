import assert from "node:assert/strict";
import { SysError } from "../../../ffi/errno.ts";
import { FileLock } from "../../../ffi/file_lock.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

Deno.test("FileLock.tryAcquire gives null while another holds the file, and leaves its text", () => {
  using folder = new TempDir();
  const path = `${folder.path}/lock`;
  using held = FileLock.tryAcquire(path, "first ");
  assert(held);
  assert.equal(FileLock.tryAcquire(path, "second"), null);
  assert.equal(Deno.readTextFileSync(path), "first ");
});

Deno.test("FileLock gives the file back when disposed of, and only once", () => {
  using folder = new TempDir();
  const path = `${folder.path}/lock`;
  const first = FileLock.tryAcquire(path, "first ");
  first?.[Symbol.dispose]();
  using second = FileLock.tryAcquire(path, "second");
  assert(second);
  first?.[Symbol.dispose]();
  assert.equal(FileLock.tryAcquire(path, "third "), null);
  assert.equal(Deno.readTextFileSync(path), "second");
});

Deno.test("FileLock.tryAcquire makes the file private", () => {
  using folder = new TempDir();
  const path = `${folder.path}/lock`;
  using _held = FileLock.tryAcquire(path, "x");
  assert.equal(Deno.statSync(path).mode! & 0o7777, 0o600);
});

Deno.test("FileLock.tryAcquire refuses a symbolic link and does not touch what it names", () => {
  using folder = new TempDir();
  Deno.writeTextFileSync(`${folder.path}/victim`, "precious");
  Deno.symlinkSync(`${folder.path}/victim`, `${folder.path}/lock`);
  assert.throws(
    () => FileLock.tryAcquire(`${folder.path}/lock`, "pid"),
    (error: unknown) => error instanceof SysError && error.code === "ELOOP",
  );
  assert.equal(Deno.readTextFileSync(`${folder.path}/victim`), "precious");
});

Deno.test("FileLock.tryAcquire says which call failed", () => {
  using folder = new TempDir();
  assert.throws(
    () => FileLock.tryAcquire(`${folder.path}/none/lock`, "pid"),
    /^SysError: Cannot open: ENOENT$/,
  );
});

Deno.test("FileLock leaves no file open", () => {
  using folder = new TempDir();
  const path = `${folder.path}/lock`;
  const before = countOpenFds();
  for (let i = 0; i < 10; i++) {
    using _held = FileLock.tryAcquire(path, "pid");
    assert.equal(FileLock.tryAcquire(path, "pid"), null);
  }
  assert.equal(countOpenFds(), before);
});
