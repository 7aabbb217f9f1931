import assert from "node:assert/strict";
import { changeOwner } from "../../../ffi/file_owner.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { fileError, StateLockedError } from "../../../src/state/state_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

function denied(): Error {
  return Object.assign(new Deno.errors.PermissionDenied("Permission denied (os error 13)"), {
    code: "EACCES",
  });
}

Deno.test("fileError names action, file, error and what it means", () => {
  const error = Object.assign(new Error("No space left on device"), { code: "ENOSPC" });
  assert.equal(
    fileError("write state file", "/x/master.json", error).message,
    'Cannot write state file "/x/master.json": ENOSPC ' +
      "(the disk is full; what was stored before is unharmed)",
  );
});

Deno.test("fileError keeps an error it has no words for as its cause", () => {
  const error = Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
  const { message, cause } = fileError("read state file", "/x/master.json", error);
  assert.equal(message, 'Cannot read state file "/x/master.json": EIO');
  assert.equal(cause, error);
});

Deno.test({
  name: "fileError says whose a file is that may not be read",
  ignore: Deno.uid() !== 0,
  fn: () => {
    using folder = new TempDir();
    const path = `${folder.path}/master.json`;
    Deno.writeTextFileSync(path, "");
    const hintFor = (uid: number): string => {
      changeOwner(path, uid, uid);
      return fileError("read state file", path, denied()).message;
    };
    assert.match(hintFor(65534), /it belongs to nobody: run "sudo -u nobody bindlink /);
    assert.match(hintFor(54321), /it belongs to user 54321: /);
    assert.match(hintFor(0), /EACCES \(no access; choose another directory with --state-dir\)$/);
  },
});

Deno.test("fileError looks at the nearest directory when the file itself is hidden", () => {
  const { message } = fileError("read state file", "/proc/1/nothing/master.json", denied());
  assert.match(message, /--state-dir/);
});

Deno.test("StateLockedError names the other process", () => {
  assert.equal(
    new StateLockedError("/x", "master", 1234).message,
    'Cannot use state directory "/x": another bindlink master runs there (pid 1234)',
  );
  assert.equal(
    new StateLockedError("/x", "command", null).message,
    'Cannot use state directory "/x": another bindlink command works there',
  );
});
