import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { loadLibc } from "../../../ffi/libc.ts";
import type { CommandRequest } from "../../../src/command_request.ts";
import { MasterStore } from "../../../src/state/master_store.ts";
import { TestProcess } from "../../support/process.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

const PROCESSES = 8;

function programOf(name: string): string[] {
  const path = fileURLToPath(new URL(`../../support/${name}`, import.meta.url));
  return [Deno.execPath(), "run", "-A", "--quiet", "--no-check", path];
}

function inviteProcess(stateDir: string, name: string): TestProcess {
  const request: CommandRequest = {
    kind: "invite",
    stateDir,
    name,
    endpoints: [{ host: "vpn.example.org", port: 4321 }],
    publicKey: null,
    showsQr: false,
  };
  return new TestProcess([...programOf("command_main.ts"), JSON.stringify(request)]);
}

async function exitCodes(processes: readonly TestProcess[]): Promise<number[]> {
  return await Promise.all(processes.map(async (it) => {
    const { code } = await it.status;
    assert.equal(it.stdout.length, code === 0 ? 1 : 0, it.output);
    return code;
  }));
}

function assertAllDistinct(stateDir: string, count: number): void {
  using store = MasterStore.open(stateDir);
  const slaves = [...store.slaves];
  assert.deepEqual(
    slaves.map((it) => it.hostNumber).sort((a, b) => a - b),
    [
      ...Array(count).keys(),
    ].map((i) => i + 2),
  );
  assert.equal(new Set(slaves.map((it) => it.name)).size, count);
}

Deno.test("invitations by several processes at once lose none and share no address", async () => {
  using folder = new TempDir();
  const processes = Array.from(
    { length: PROCESSES },
    (_, i) => inviteProcess(folder.path, `s${i}`),
  );
  assert.deepEqual(await exitCodes(processes), Array(PROCESSES).fill(0));
  assertAllDistinct(folder.path, PROCESSES);
});

Deno.test("invitations of one name by several processes at once: one wins", async () => {
  using folder = new TempDir();
  const processes = Array.from({ length: 4 }, () => inviteProcess(folder.path, "same"));
  assert.deepEqual((await exitCodes(processes)).sort(), [0, 2, 2, 2]);
  assertAllDistinct(folder.path, 1);
});

Deno.test("invitations while a master starts, runs and is killed lose none", async () => {
  using folder = new TempDir();
  const before = [inviteProcess(folder.path, "a"), inviteProcess(folder.path, "b")];
  await using master = new TestProcess([...programOf("state_holder_main.ts"), folder.path], {
    stdin: "piped",
  });
  await master.waitForLine(/^holding$/);
  assert.deepEqual(await exitCodes([...before, inviteProcess(folder.path, "c")]), [0, 0, 0]);
  await master.crash();
  assert(folder.names().includes("master.sock"));
  assert.deepEqual(await exitCodes([inviteProcess(folder.path, "d")]), [0]);
  assertAllDistinct(folder.path, 4);
});
