import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { changeOwner } from "../../../ffi/file_owner.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { readStateFile, removeLeftovers, writeStateFile } from "../../../src/state/state_file.ts";
import { countOpenFds } from "../../support/open_fds.ts";
import { runProgram, TestProcess } from "../../support/process.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

const FORMAT = { format: "test", version: 1 } as const;

const WRITER = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--no-check",
  fileURLToPath(new URL("../../support/state_writer_main.ts", import.meta.url)),
];

function assertRefused(path: string, reason: RegExp): void {
  const before = Deno.readTextFileSync(path);
  assert.throws(
    () => readStateFile(path, FORMAT),
    (error: unknown) =>
      error instanceof StateError && reason.test(error.message) && error.message.includes(path),
  );
  assert.equal(Deno.readTextFileSync(path), before);
}

Deno.test("readStateFile gives back what writeStateFile wrote", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  assert.equal(readStateFile(path, FORMAT), null);
  writeStateFile(path, FORMAT, { name: "one" });
  writeStateFile(path, FORMAT, { name: "two" });
  assert.equal(readStateFile(path, FORMAT)?.text("name"), "two");
});

Deno.test("writeStateFile makes a private file, nothing beside it, and leaves nothing open", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  const fds = countOpenFds();
  const umask = Deno.umask(0);
  try {
    writeStateFile(path, FORMAT, {});
  } finally {
    Deno.umask(umask);
  }
  assert.equal(Deno.statSync(path).mode! & 0o7777, 0o600);
  assert.deepEqual(folder.names(), ["file.json"]);
  assert.equal(countOpenFds(), fds);
});

Deno.test("writeStateFile makes a file private that was not", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  Deno.writeTextFileSync(path, "{}", { mode: 0o644 });
  writeStateFile(path, FORMAT, {});
  assert.equal(Deno.statSync(path).mode! & 0o7777, 0o600);
});

Deno.test({
  name: "writeStateFile as root gives the file to the directory's owner",
  ignore: Deno.uid() !== 0,
  fn: () => {
    using folder = new TempDir();
    changeOwner(folder.path, 65534, 65534);
    const path = `${folder.path}/file.json`;
    writeStateFile(path, FORMAT, {});
    const { uid, gid, mode } = Deno.statSync(path);
    assert.deepEqual([uid, gid, mode! & 0o7777], [65534, 65534, 0o600]);
  },
});

Deno.test("readStateFile refuses half a file, at whatever byte it ends", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  writeStateFile(path, FORMAT, { key: "geheim" });
  const whole = Deno.readTextFileSync(path);
  for (let length = 0; length < whole.trimEnd().length; length++) {
    Deno.writeTextFileSync(path, whole.slice(0, length));
    assertRefused(path, /it is (empty|damaged or cut off) \(restore it from a backup/);
  }
});

Deno.test("readStateFile never shows a file's content", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  for (
    const text of [
      'geheim"',
      '{"format":"geheim","version":1}',
      '{"format":"test","version":"geheim"}',
    ]
  ) {
    Deno.writeTextFileSync(path, text);
    assert.throws(
      () => readStateFile(path, FORMAT),
      (error: unknown) =>
        error instanceof StateError && !`${error.message}${error.cause}`.includes("geheim"),
    );
  }
});

Deno.test("readStateFile refuses a newer version and says what to update", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  writeStateFile(path, { format: "test", version: 2 }, {});
  assertRefused(
    path,
    /written by a newer bindlink \(file version 2, this program knows 1\): update/,
  );
});

Deno.test("readStateFile refuses what is no state file of its kind", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  for (
    const [text, reason] of [
      ["[]", /it must be an object/],
      ["7", /it must be an object/],
      ["{}", /"format" must be a text/],
      ['{"format":"other","version":1}', /"format" must be "test"/],
      ['{"format":"test","version":0}', /"version" must be a whole number/],
      ['{"format":"test","version":"1"}', /"version" must be a whole number/],
      ['{"format":"test"}', /"version" must be a whole number/],
    ] as const
  ) {
    Deno.writeTextFileSync(path, text);
    assertRefused(path, reason);
  }
});

Deno.test("readStateFile and writeStateFile say when a directory is in the file's place", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  Deno.mkdirSync(path);
  assert.throws(() => readStateFile(path, FORMAT), /^StateError: Cannot read .*: EISDIR/);
  assert.throws(() => writeStateFile(path, FORMAT, {}), /^StateError: Cannot write .*: EISDIR/);
  assert.deepEqual(folder.names(), ["file.json"]);
});

Deno.test("removeLeftovers removes temporary files of that file that are old enough", () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  writeStateFile(path, FORMAT, {});
  for (const name of ["file.json.tmp-a", "other.json.tmp-b", "file.json.old"]) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, "");
  }
  removeLeftovers(path, 60_000);
  assert(folder.names().includes("file.json.tmp-a"));
  removeLeftovers(path, 0);
  assert.deepEqual(folder.names(), ["file.json", "file.json.old", "other.json.tmp-b"]);
});

Deno.test("writeStateFile killed at any moment leaves a whole file, with all that was acknowledged", async () => {
  using folder = new TempDir();
  const path = `${folder.path}/file.json`;
  const leftovers = (): string[] => folder.names().filter((name) => name !== "file.json");
  let killedMidway = 0;
  // On a busy machine most are killed between two writes: then there are more.
  for (let run = 0; run < 12 || (killedMidway === 0 && run < 100); run++) {
    await using writer = new TestProcess([...WRITER, path, "1000000", "1000000"]);
    await writer.waitForLine(new RegExp(`^wrote ${1 + run % 3}$`));
    await writer.crash();
    const fields = readStateFile(path, FORMAT);
    const acknowledged = Number(writer.stdout.at(-1)?.split(" ")[1]);
    assert(fields!.integer("serial", 1, 1_000_000) >= acknowledged);
    assert.equal(fields!.text("padding").length, 1_000_000);
    killedMidway += leftovers().length > 0 ? 1 : 0;
    removeLeftovers(path, 0);
    assert.deepEqual(leftovers(), []);
  }
  assert(killedMidway > 0, "no run was killed while it wrote");
});

Deno.test({
  name: "writeStateFile on a full disk keeps the old file, removes its own, and says why",
  ignore: Deno.uid() !== 0 || Deno.build.os !== "linux",
  fn: async () => {
    using folder = new TempDir();
    // A mount namespace of its own: the little disk is gone with the shell.
    const script = 'mount -t tmpfs -o size=256k none "$1" && cd "$1" && shift && ' +
      '"$@" file.json 1000 1 && "$@" file.json 1000000 1 && "$@" file.json 2000 1 && ' +
      '"$@" file.json 1000000 1 && ls && cat file.json';
    const output = await runProgram(
      ["unshare", "-m", "sh", "-c", script, "sh", folder.path, ...WRITER],
    );
    const lines = output.split("\n");
    const failure = 'failed Cannot write state file "file.json": ENOSPC ' +
      "(the disk is full; what was stored before is unharmed)";
    assert.deepEqual(lines.slice(0, 5), ["wrote 1", failure, "wrote 1", failure, "file.json"]);
    const content = JSON.parse(lines.slice(5).join("\n"));
    assert.equal(content.padding.length, 2000);
  },
});
