import assert from "node:assert/strict";
import { runCommand } from "../../../src/commands/run_command.ts";
import { ControlServer } from "../../../src/control/control_server.ts";
import type { ReloadReport } from "../../../src/reload_report.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** What the command prints when a daemon answers so. */
async function reload(answer: () => ReloadReport): Promise<{ stdout: string; stderr: string }> {
  using folder = new TempDir();
  const path = `${folder.path}/master.sock`;
  await using _server = await ControlServer.start(
    path,
    ({ command }) => command === "reload" ? answer() : assert.fail(),
    new RecordingLogger(),
  );
  const io = new FakeCommandIo();
  const daemon = { stateDir: folder.path, name: null };
  assert.equal(await runCommand({ kind: "reload", daemon }, io), 0);
  return { stdout: io.stdout.text, stderr: io.stderr.text };
}

Deno.test("reload says what is different, and what has to wait", async () => {
  const report = {
    changes: ["Added a", "Mode is backup"],
    waiting: ["mtu", "io"],
    warnings: ["x"],
  };
  assert.deepEqual(await reload(() => report), {
    stdout: "Added a\nMode is backup\n",
    stderr: "warning: x\nwarning: not while it runs, but after a restart: mtu, io\n",
  });
  assert.deepEqual(await reload(() => ({ changes: [], waiting: [], warnings: [] })), {
    stdout: "Nothing has changed\n",
    stderr: "",
  });
});

Deno.test("reload fails with the daemon's words", async () => {
  const failing = reload(() => {
    throw new Error("Nothing has changed: slave.toml:3: mtu: too large");
  });
  await assert.rejects(failing, /^Error: Nothing has changed: slave\.toml:3: mtu: too large$/);
});
