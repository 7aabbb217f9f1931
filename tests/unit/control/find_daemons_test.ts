import assert from "node:assert/strict";
import { ControlServer } from "../../../src/control/control_server.ts";
import { findDaemon } from "../../../src/control/find_daemons.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** A state directory in which these daemons run. */
class Daemons implements AsyncDisposable {
  readonly folder = new TempDir();
  readonly #servers: ControlServer[] = [];

  static async start(...socketNames: readonly string[]): Promise<Daemons> {
    const daemons = new Daemons();
    for (const name of socketNames) {
      const path = `${daemons.folder.path}/${name}`;
      const server = await ControlServer.start(path, () => name, new RecordingLogger());
      daemons.#servers.push(server);
    }
    return daemons;
  }

  choice(name: string | null = null): { readonly stateDir: string; readonly name: string | null } {
    return { stateDir: this.folder.path, name };
  }

  /** As a killed daemon leaves it. */
  leave(socketName: string): void {
    const listener = Deno.listen({ transport: "unix", path: `${this.folder.path}/gone` });
    Deno.renameSync(`${this.folder.path}/gone`, `${this.folder.path}/${socketName}`);
    listener.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) await server[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

Deno.test("findDaemon takes the only one there is", async () => {
  await using slave = await Daemons.start("slave-bind0.sock");
  const path = `${slave.folder.path}/slave-bind0.sock`;
  const found = { name: "bind0", role: "slave", path };
  assert.deepEqual(await findDaemon(slave.choice(), "any", "status"), found);
  await using master = await Daemons.start("master.sock");
  assert.equal((await findDaemon(master.choice(), "any", "status")).role, "master");
});

Deno.test("findDaemon takes the slave beside a master for what only slaves do", async () => {
  await using daemons = await Daemons.start("master.sock", "slave-bind1.sock");
  assert.equal((await findDaemon(daemons.choice(), "slave", "link list")).name, "bind1");
});

Deno.test("findDaemon has several told apart by --daemon", async () => {
  await using daemons = await Daemons.start("master.sock", "slave-bind0.sock", "slave-bind1.sock");
  await assert.rejects(
    findDaemon(daemons.choice(), "any", "status"),
    /^UsageError: Several daemons run here: choose one with --daemon NAME; there is bind0, bind1, master$/,
  );
  await assert.rejects(
    findDaemon(daemons.choice(), "slave", "link list"),
    /choose one with --daemon NAME; there is bind0, bind1$/,
  );
  assert.equal((await findDaemon(daemons.choice("bind1"), "slave", "link list")).name, "bind1");
  await assert.rejects(
    findDaemon(daemons.choice("bind7"), "any", "status"),
    /^UsageError: --daemon "bind7": none of that name runs; there is bind0, bind1, master$/,
  );
});

Deno.test("findDaemon says that links are a slave's", async () => {
  await using daemons = await Daemons.start("master.sock");
  for (const name of [null, "master"]) {
    const error = await findDaemon(daemons.choice(name), "slave", "link list").catch((it) => it);
    assert(error instanceof UsageError);
    assert.match(error.message, /^"bindlink link list" is for a slave, and here a master runs/);
  }
});

Deno.test("findDaemon passes over what killed daemons left, and says so when nothing else is there", async () => {
  await using daemons = await Daemons.start("slave-bind1.sock");
  daemons.leave("slave-bind0.sock");
  assert.equal((await findDaemon(daemons.choice(), "any", "status")).name, "bind1");
  await using dead = await Daemons.start();
  dead.leave("slave-bind0.sock");
  await assert.rejects(
    findDaemon(dead.choice(), "any", "status"),
    /^Error: No bindlink daemon runs .*\(slave-bind0\.sock there was left by one that was killed\): start one/,
  );
});

Deno.test("findDaemon says what to do when none runs", async () => {
  await using daemons = await Daemons.start();
  Deno.writeTextFileSync(`${daemons.folder.path}/slave.json`, "{}");
  for (const stateDir of [daemons.folder.path, `${daemons.folder.path}/none`]) {
    await assert.rejects(
      findDaemon({ stateDir, name: null }, "any", "status"),
      /^Error: No bindlink daemon runs with the state directory ".*": start one with "bindlink slave"/,
    );
  }
});

Deno.test("findDaemon takes --daemon slave for the only slave, also beside a master", async () => {
  await using daemons = await Daemons.start("master.sock", "slave-bind0.sock");
  assert.equal((await findDaemon(daemons.choice("slave"), "any", "reload")).name, "bind0");
  await using several = await Daemons.start("slave-bind0.sock", "slave-bind1.sock");
  await assert.rejects(
    findDaemon(several.choice("slave"), "any", "reload"),
    /Several daemons run here: choose one with --daemon NAME; there is bind0, bind1$/,
  );
  await using named = await Daemons.start("slave-bind0.sock", "slave-slave.sock");
  assert.equal((await findDaemon(named.choice("slave"), "any", "reload")).name, "slave");
  await using none = await Daemons.start("master.sock");
  await assert.rejects(
    findDaemon(none.choice("slave"), "any", "reload"),
    /^UsageError: --daemon "slave": none of that name runs; there is master$/,
  );
});
