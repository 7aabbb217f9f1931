import assert from "node:assert/strict";
import { runCommand } from "../../../src/commands/run_command.ts";
import { encodeJoinToken } from "../../../src/peer/join_token.ts";
import { readStoredJoin } from "../../../src/state/join_store.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";
import { TempDir } from "../../support/temp_dir.ts";

const OPTIONS = { proxies: ["192.168.43.1:1080"] };

function tokenOf(masterByte: number, seedByte: number): string {
  return encodeJoinToken({
    masterKey: new Uint8Array(32).fill(masterByte),
    seed: new Uint8Array(32).fill(seedByte),
    endpoints: [{ host: "2001:db8::1", port: 4321 }],
  });
}

/** @returns what it said. */
async function join(stateDir: string, token: string): Promise<string> {
  const io = new FakeCommandIo();
  const request = { kind: "join", stateDir, join: { token, options: OPTIONS } } as const;
  assert.equal(await runCommand(request, io), 0);
  assert.equal(io.stdout.text, "");
  return io.stderr.text;
}

Deno.test("join stores token and options, and says what comes next", async () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/state`;
  const token = tokenOf(1, 2);
  const said = await join(stateDir, token);
  assert.deepEqual(readStoredJoin(stateDir), { token, options: OPTIONS });
  assert.match(said, /^Joined the master at \[2001:db8::1\]:4321 .*\nNext: bindlink slave\n$/);
  assert(!said.includes(token));
});

Deno.test("join stores a token without what a mail program put into it", async () => {
  using folder = new TempDir();
  const token = tokenOf(1, 2);
  await join(folder.path, ` ${token.slice(0, 40)}\r\n  ${token.slice(40)}\n`);
  assert.equal(readStoredJoin(folder.path)?.token, token);
});

Deno.test("join keeps what was stored for another master, and says where", async () => {
  using folder = new TempDir();
  await join(folder.path, tokenOf(1, 2));
  const said = await join(folder.path, tokenOf(3, 4));
  assert.match(said, /Replaced .* for another master; that is now in ".*slave\.json\.old"/);
  assert.equal(readStoredJoin(folder.path)?.token, tokenOf(3, 4));
  const old = `${folder.path}/slave.json.old`;
  assert.equal(JSON.parse(Deno.readTextFileSync(old)).token, tokenOf(1, 2));
  assert.equal(Deno.statSync(old).mode! & 0o7777, 0o600);
});

Deno.test("join anew with the same master keeps nothing beside", async () => {
  using folder = new TempDir();
  await join(folder.path, tokenOf(1, 2));
  assert.match(await join(folder.path, tokenOf(1, 5)), /Replaced .* for the same master/);
  assert.deepEqual(folder.names(), ["slave.json"]);
});

Deno.test("join refuses what is no token, and stores nothing", async () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/state`;
  for (const token of ["", "nonsense", tokenOf(1, 2).slice(0, -5)]) {
    await assert.rejects(join(stateDir, token), UsageError);
  }
  assert.deepEqual(folder.names(), []);
});

Deno.test("join does not write over a damaged file", async () => {
  using folder = new TempDir();
  Deno.writeTextFileSync(`${folder.path}/slave.json`, "{");
  await assert.rejects(
    join(folder.path, tokenOf(1, 2)),
    (error: unknown) =>
      error instanceof StateError && /slave\.json": it is damaged/.test(error.message),
  );
  assert.equal(Deno.readTextFileSync(`${folder.path}/slave.json`), "{");
});
