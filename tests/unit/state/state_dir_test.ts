import assert from "node:assert/strict";
import { defaultStateDir, ensureStateDir } from "../../../src/state/state_dir.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

function environment(variables: Record<string, string>): (name: string) => string | undefined {
  return (name) => variables[name];
}

Deno.test("defaultStateDir is systemd's first directory when there is one", () => {
  const variables = environment({
    STATE_DIRECTORY: "/var/lib/a:/var/lib/b",
    XDG_STATE_HOME: "/home/u/state",
  });
  assert.equal(defaultStateDir(variables, 0, "linux", "/root"), "/var/lib/a");
});

Deno.test("defaultStateDir is below /var/lib for root", () => {
  assert.equal(
    defaultStateDir(environment({ XDG_STATE_HOME: "/root/state" }), 0, "linux", "/root"),
    "/var/lib/bindlink",
  );
});

Deno.test("defaultStateDir follows XDG_STATE_HOME for a user", () => {
  const variables = environment({ XDG_STATE_HOME: "/home/u/state/" });
  assert.equal(defaultStateDir(variables, 1000, "linux", "/home/u"), "/home/u/state/bindlink");
});

Deno.test("defaultStateDir is in the home directory when nothing else is said", () => {
  for (const variables of [{}, { XDG_STATE_HOME: "" }, { XDG_STATE_HOME: "relative" }]) {
    assert.equal(
      defaultStateDir(environment(variables), 1000, "linux", "/home/u"),
      "/home/u/.local/state/bindlink",
    );
  }
});

Deno.test("defaultStateDir is in the user's library on macOS", () => {
  assert.equal(
    defaultStateDir(environment({}), 501, "darwin", "/Users/u"),
    "/Users/u/Library/Application Support/bindlink",
  );
});

Deno.test("defaultStateDir says what to type when nothing tells where", () => {
  assert.throws(
    () => defaultStateDir(environment({}), 1000, "linux", undefined),
    (error: unknown) => error instanceof UsageError && /--state-dir/.test(error.message),
  );
});

Deno.test("ensureStateDir makes a private directory, with those above it", () => {
  using folder = new TempDir();
  const path = `${folder.path}/a/b`;
  assert.deepEqual(ensureStateDir(path), []);
  assert.equal(Deno.statSync(path).mode! & 0o7777, 0o700);
  assert.equal(Deno.statSync(`${folder.path}/a`).mode! & 0o7777, 0o700);
});

Deno.test("ensureStateDir leaves a directory's mode alone and warns when all may write", () => {
  using folder = new TempDir();
  Deno.chmodSync(folder.path, 0o755);
  assert.deepEqual(ensureStateDir(folder.path), []);
  Deno.chmodSync(folder.path, 0o777);
  const [warning = ""] = ensureStateDir(folder.path);
  assert.match(warning, /writable by all users.*chmod 0700/);
  assert.equal(Deno.statSync(folder.path).mode! & 0o7777, 0o777);
});

Deno.test("ensureStateDir refuses a file in the directory's place, or on the way", () => {
  using folder = new TempDir();
  const file = `${folder.path}/file`;
  Deno.writeTextFileSync(file, "");
  for (const [path, reason] of [[file, /not a directory/], [`${file}/x`, /ENOTDIR/]] as const) {
    assert.throws(
      () => ensureStateDir(path),
      (error: unknown) =>
        error instanceof StateError && reason.test(error.message) &&
        error.message.includes(JSON.stringify(path)),
    );
  }
});
