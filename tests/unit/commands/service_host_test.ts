import assert from "node:assert/strict";
import { systemHost } from "../../../src/commands/service_host.ts";

const GID = Deno.gid() ?? 0;

/** A folder that is removed at the end. */
class TestFolder implements Disposable {
  readonly path = Deno.makeTempDirSync();
  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

function modeOf(path: string): number {
  return (Deno.statSync(path).mode ?? 0) & 0o777;
}

Deno.test("A service's folder can be entered by it, whatever root's umask is", () => {
  using folder = new TestFolder();
  const before = Deno.umask(0o077);
  try {
    const file = `${folder.path}/bindlink/slave.toml`;
    systemHost().writeFile(file, "x", { mode: 0o640, gid: null });
    assert.deepEqual([modeOf(`${folder.path}/bindlink`), modeOf(file)], [0o755, 0o640]);
  } finally {
    Deno.umask(before);
  }
});

Deno.test("A configuration file that is root's alone is the service's to read, and no one else's", () => {
  using folder = new TestFolder();
  const file = `${folder.path}/slave.toml`;
  Deno.writeTextFileSync(file, "# mine");
  const host = systemHost();
  for (const [before, after] of [[0o600, 0o640], [0o660, 0o640], [0o644, 0o644]] as const) {
    Deno.chmodSync(file, before);
    host.letGroupRead(file, GID);
    assert.deepEqual([modeOf(file), Deno.readTextFileSync(file)], [after, "# mine"]);
  }
});
