import assert from "node:assert/strict";
import { loadLibc } from "../../../ffi/libc.ts";
import type { CommandRequest } from "../../../src/command_request.ts";
import { runCommand } from "../../../src/commands/run_command.ts";
import { ControlServer } from "../../../src/control/control_server.ts";
import { handleControlRequest, MASTER_SOCKET_NAME } from "../../../src/control/master_requests.ts";
import { decodeJoinToken } from "../../../src/peer/join_token.ts";
import { nobleDiffieHellman } from "../../../src/peer/primitives.ts";
import { type LiveMaster, MasterAdmin } from "../../../src/state/master_admin.ts";
import { MasterStore } from "../../../src/state/master_store.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

const ENDPOINT = { host: "vpn.example.org", port: 4321 };

function invite(stateDir: string, name: string, more: object = {}): CommandRequest {
  return {
    kind: "invite",
    stateDir,
    name,
    endpoints: [ENDPOINT],
    publicKey: null,
    showsQr: false,
    ...more,
  };
}

async function run(request: CommandRequest): Promise<FakeCommandIo> {
  const io = new FakeCommandIo();
  assert.equal(await runCommand(request, io), 0);
  return io;
}

/** A running master: the lock, the control socket, and the slave "connected" with a session. */
class RunningMaster implements AsyncDisposable {
  readonly store: MasterStore;
  /** What the master was told to do, in order. */
  readonly told: readonly string[];
  readonly #server: ControlServer;

  private constructor(store: MasterStore, server: ControlServer, told: readonly string[]) {
    this.store = store;
    this.#server = server;
    this.told = told;
  }

  static async start(stateDir: string): Promise<RunningMaster> {
    const store = MasterStore.open(stateDir);
    const told: string[] = [];
    const live: LiveMaster = {
      port: 5000,
      pool: { address: "10.9.0.0", prefixBits: 24 },
      maxSlaves: 10,
      liveSlave: (name) =>
        name === "connected"
          ? {
            linksUp: 2,
            usage: { lastSeenAt: "2026-03-01T11:59:00.000Z", receivedBytes: 2048, sentBytes: 1 },
          }
          : null,
      handleInvited: (record) => told.push(`invited ${record.name}`),
      handleRevoked: (record) => told.push(`revoked ${record.name}`),
    };
    const admin = new MasterAdmin(store, live);
    const server = await ControlServer.start(
      `${stateDir}/${MASTER_SOCKET_NAME}`,
      (request) => handleControlRequest(admin, request),
      new RecordingLogger(),
    );
    return new RunningMaster(store, server, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.store[Symbol.dispose]();
  }
}

Deno.test("invite prints the token alone on stdout, and what to do with it on stderr", async () => {
  using folder = new TempDir();
  const { stdout, stderr } = await run(invite(folder.path, "laptop"));
  assert.match(stdout.text, /^[A-Za-z0-9_-]+\n$/);
  assert.equal(typeof decodeJoinToken(stdout.text), "object");
  for (
    const wanted of [
      "bindlink join -",
      "bindlink slave",
      "10.10.10.2",
      "vpn.example.org:4321",
      "Keep the token secret: whoever has it is laptop.",
      "Made a new master",
      "No master runs now",
    ]
  ) assert(stderr.text.includes(wanted), wanted);
  assert(!stderr.text.includes(stdout.text.trim()));
});

Deno.test("invite goes through a running master, which learns of it at once", async () => {
  using folder = new TempDir();
  await using master = await RunningMaster.start(folder.path);
  const { stderr } = await run(invite(folder.path, "laptop"));
  assert.deepEqual(master.told, ["invited laptop"]);
  assert.deepEqual(master.store.slaves.map((it) => it.name), ["laptop"]);
  assert.match(stderr.text, /10\.9\.0\.2/);
  assert.match(stderr.text, /It may join at once\./);
  assert(!stderr.text.includes("Made a new master"));
});

Deno.test("invite with a public key says to use the slave's own key", async () => {
  using folder = new TempDir();
  const publicKey = nobleDiffieHellman.publicKey(new Uint8Array(32).fill(7));
  await using master = await RunningMaster.start(folder.path);
  const { stderr } = await run(invite(folder.path, "laptop", { publicKey }));
  assert.deepEqual(master.store.slaves[0]?.publicKey, publicKey);
  assert.match(stderr.text, /bindlink join - --key-file FILE/);
  assert(!stderr.text.includes("secret"));
});

Deno.test("invite's wrong usage is wrong usage also through a running master", async () => {
  using folder = new TempDir();
  await run(invite(folder.path, "laptop"));
  await assert.rejects(run(invite(folder.path, "laptop")), UsageError);
  await using _master = await RunningMaster.start(folder.path);
  await assert.rejects(run(invite(folder.path, "laptop")), UsageError);
});

Deno.test("invite --qr draws the token on stderr", async () => {
  using folder = new TempDir();
  const { stdout, stderr } = await run(invite(folder.path, "laptop", { showsQr: true }));
  const rows = stderr.text.split("\n").filter((line) =>
    line.startsWith("\u2588\u2588\u2588\u2588")
  );
  assert(rows.length > 20 && rows.every((row) => row.length <= 80));
  assert(!stdout.text.includes("\u2588"));
});

Deno.test("invite --qr says so when the code is wider than the terminal", async () => {
  using folder = new TempDir();
  const endpoints = Array.from({ length: 16 }, (_, i) => ({
    host: `a-name-of-some-length-${i}.example.org`,
    port: 4321,
  }));
  const { stderr } = await run(invite(folder.path, "laptop", { endpoints, showsQr: true }));
  assert.match(stderr.text, /QR code needs \d+ columns and this terminal has 80/);
});

Deno.test("invite says what to do when the token gets lost", async () => {
  using folder = new TempDir();
  const io = Object.assign(new FakeCommandIo(), {
    stdout: {
      writeSync(): number {
        throw new Deno.errors.BrokenPipe("Broken pipe");
      },
    },
  });
  await assert.rejects(
    runCommand(invite(folder.path, "laptop"), io),
    /laptop was invited, but its token got lost: type "bindlink revoke laptop"/,
  );
});

Deno.test("slaves lists for people, and as JSON", async () => {
  using folder = new TempDir();
  await using _master = await RunningMaster.start(folder.path);
  for (const name of ["connected", "away"]) await run(invite(folder.path, name));
  const { stdout } = await run({ kind: "slaves", stateDir: folder.path, isJson: false });
  assert.match(
    stdout.text,
    /^NAME .*\nconnected +10\.9\.0\.2,fd\S+ +connected +2 +1 min ago +2\.0 KiB +1 B\naway /,
  );
  const json = await run({ kind: "slaves", stateDir: folder.path, isJson: true });
  const list = JSON.parse(json.stdout.text);
  assert.deepEqual(list.map((it: { name: string }) => it.name), ["connected", "away"]);
  assert.equal(list[0].receivedBytes, 2048);
});

Deno.test("slaves works while no master runs, and says so", async () => {
  using folder = new TempDir();
  await run(invite(folder.path, "laptop"));
  const { stdout, stderr } = await run({ kind: "slaves", stateDir: folder.path, isJson: false });
  assert.match(stdout.text, /\nlaptop +\S+ +away +- +never /);
  assert.match(stderr.text, /No master runs now/);
});

Deno.test("slaves of a directory without a master makes nothing, and says how to invite", async () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/none`;
  const { stdout, stderr } = await run({ kind: "slaves", stateDir, isJson: false });
  assert.equal(stdout.text, "");
  assert.match(stderr.text, /There are no slaves in ".*none" yet: type "bindlink invite NAME"/);
  const json = await run({ kind: "slaves", stateDir, isJson: true });
  assert.equal(json.stdout.text, "[]\n");
  assert.deepEqual(folder.names(), []);
});

Deno.test("revoke takes effect on a running master, and says what it did", async () => {
  using folder = new TempDir();
  await using master = await RunningMaster.start(folder.path);
  for (const name of ["connected", "away"]) await run(invite(folder.path, name));
  const revoke = async (name: string): Promise<string> =>
    (await run({ kind: "revoke", stateDir: folder.path, name })).stdout.text;
  assert.equal(await revoke("connected"), "Revoked connected, and cut its connection\n");
  assert.equal(await revoke("away"), "Revoked away (it was not connected)\n");
  assert.deepEqual(master.told.slice(2), ["revoked connected", "revoked away"]);
  assert.match(await revoke("away"), /^away has been revoked since \d{4}-\d\d-\d\dT/);
});

Deno.test("revoke works while no master runs", async () => {
  using folder = new TempDir();
  await run(invite(folder.path, "laptop"));
  const { stdout } = await run({ kind: "revoke", stateDir: folder.path, name: "laptop" });
  assert.equal(stdout.text, "Revoked laptop (no master runs now)\n");
  using store = MasterStore.open(folder.path);
  assert.notEqual(store.slaves[0]?.revokedAt, null);
});

Deno.test("revoke of a stranger is wrong usage, and makes no master", async () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/none`;
  const revoke = (at: string): Promise<unknown> => run({ kind: "revoke", stateDir: at, name: "x" });
  await assert.rejects(
    revoke(stateDir),
    (error: unknown) =>
      error instanceof UsageError && /no master has been set up in/.test(error.message),
  );
  assert.deepEqual(folder.names(), []);
  await run(invite(stateDir, "laptop"));
  await assert.rejects(
    revoke(stateDir),
    (error: unknown) => error instanceof UsageError && /There is no slave "x"/.test(error.message),
  );
});

Deno.test("a command waits for a master that has its lock and not yet its socket", async () => {
  using folder = new TempDir();
  MasterStore.open(folder.path)[Symbol.dispose]();
  const lock = MasterStore.open(folder.path);
  const listed = run({ kind: "slaves", stateDir: folder.path, isJson: true });
  const admin = new MasterAdmin(lock, null);
  // The command has asked for the lock before its first await, that is, before this line.
  await using _server = await ControlServer.start(
    `${folder.path}/${MASTER_SOCKET_NAME}`,
    (request) => handleControlRequest(admin, request),
    new RecordingLogger(),
  );
  assert.equal((await listed).stdout.text, "[]\n");
  lock[Symbol.dispose]();
});

Deno.test("a command gives up on a master that never listens, and names it", async () => {
  using folder = new TempDir();
  using _lock = MasterStore.open(folder.path);
  await assert.rejects(
    run({ kind: "slaves", stateDir: folder.path, isJson: true }),
    (error: unknown) =>
      error instanceof StateError &&
      error.message.includes(`another bindlink master runs there (pid ${Deno.pid})`) &&
      /nobody listens on ".*master\.sock": restart that master/.test(error.message),
  );
});

Deno.test("a command does not take a stale socket for a running master", async () => {
  using folder = new TempDir();
  const dead = Deno.listen({ transport: "unix", path: `${folder.path}/a` });
  Deno.renameSync(`${folder.path}/a`, `${folder.path}/${MASTER_SOCKET_NAME}`);
  dead.close();
  await run(invite(folder.path, "laptop"));
  using store = MasterStore.open(folder.path);
  assert.deepEqual(store.slaves.map((it) => it.name), ["laptop"]);
});

Deno.test("a command refuses a damaged state file and leaves it as it is", async () => {
  using folder = new TempDir();
  const path = `${folder.path}/master.json`;
  Deno.writeTextFileSync(path, '{"format":"bindlink mas', { mode: 0o600 });
  for (
    const request of [
      invite(folder.path, "laptop"),
      { kind: "slaves", stateDir: folder.path, isJson: false },
      { kind: "revoke", stateDir: folder.path, name: "x" },
    ] as const
  ) {
    await assert.rejects(
      run(request),
      (error: unknown) =>
        error instanceof StateError && /master\.json": it is damaged/.test(error.message),
    );
  }
  assert.equal(Deno.readTextFileSync(path), '{"format":"bindlink mas');
});
