import assert from "node:assert/strict";
import type { CommandRequest, DaemonRequest } from "../../../src/command_request.ts";
import { runCommand } from "../../../src/commands/run_command.ts";
import { ControlServer } from "../../../src/control/control_server.ts";
import type { ControlRequest } from "../../../src/control/control_message.ts";
import { handleSlaveRequest } from "../../../src/control/slave_requests.ts";
import { craftStatus, type StatusReport } from "../../../src/control/status_report.ts";
import type { LinkOutcome, LiveLinks } from "../../../src/live_links.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { sampleDaemon, sampleLink } from "../metrics/sample_snapshot.ts";

/** Notes what it is told; all outcomes are the same. */
class FakeLinks implements LiveLinks {
  readonly mode = "speed";
  readonly specs = [];
  readonly told: unknown[] = [];
  outcome: LinkOutcome = { name: "phone1", isChanged: true, isLast: false };

  setMode(...what: unknown[]): void {
    this.told.push(["mode", ...what]);
  }
  setDefaults(): void {}
  rename(): void {}
  add(...what: unknown[]): readonly string[] {
    this.told.push(["add", ...what]);
    return ["phone2", "usb0"];
  }
  remove(name: string): Promise<LinkOutcome> {
    this.told.push(["remove", name]);
    return Promise.resolve(this.outcome);
  }
  switchOn(name: string): LinkOutcome {
    this.told.push(["on", name]);
    return this.outcome;
  }
  switchOff(name: string): Promise<LinkOutcome> {
    this.told.push(["off", name]);
    return Promise.resolve(this.outcome);
  }
  change(name: string, change: unknown): LinkOutcome {
    if (name !== "phone1") throw new UsageError(`There is no link "${name}": there is phone1`);
    this.told.push(["change", name, change]);
    return this.outcome;
  }
}

function sampleStatus(): StatusReport {
  const links = [sampleLink({ name: "phone1", reason: "carrying 2.1 Mbit/s" })];
  const rates = {
    seconds: 1,
    totals: { sentBps: 950_000, receivedBps: 2_100_000 },
    ofLink: () => ({ sentBps: 1_000_000, receivedBps: 2_200_000 }),
  };
  return craftStatus(sampleDaemon({ links }), { pid: 7, rates, events: [] });
}

/** A slave that runs. */
class Rig implements AsyncDisposable {
  readonly links = new FakeLinks();
  readonly io = new FakeCommandIo();
  status: unknown = sampleStatus();
  readonly #folder = new TempDir();
  #server: ControlServer | null = null;

  static async start(): Promise<Rig> {
    const rig = new Rig();
    const answer = (request: ControlRequest): unknown =>
      request.command === "status" ? rig.status : handleSlaveRequest(rig.links, request);
    const path = `${rig.#folder.path}/slave-bind0.sock`;
    rig.#server = await ControlServer.start(path, answer, new RecordingLogger());
    return rig;
  }

  get daemon(): DaemonRequest["daemon"] {
    return { stateDir: this.#folder.path, name: null };
  }

  /** Runs a command. @returns what it printed. */
  async run(request: CommandRequest): Promise<string> {
    const before = this.io.stdout.text.length;
    assert.equal(await runCommand(request, this.io), 0);
    return this.io.stdout.text.slice(before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("status prints the report for people, or as JSON", async () => {
  await using rig = await Rig.start();
  const { daemon } = rig;
  assert.match(
    await rig.run({ kind: "status", daemon, isJson: false }),
    /\n {2}carrying 2\.1 Mbit/,
  );
  const json = await rig.run({ kind: "status", daemon, isJson: true });
  assert.deepEqual(JSON.parse(json), rig.status);
});

Deno.test("status does not guess what a daemon of another version says", async () => {
  await using rig = await Rig.start();
  rig.status = { statusVersion: 2, version: "9.9.9" };
  await assert.rejects(
    rig.run({ kind: "status", daemon: rig.daemon, isJson: true }),
    /^Error: The running daemon \(bindlink 9\.9\.9\) reports in a way that this program .* restart it/,
  );
});

Deno.test("link list prints names, states, ways and settings", async () => {
  await using rig = await Rig.start();
  const { daemon } = rig;
  assert.equal(
    await rig.run({ kind: "link list", daemon, isJson: false }),
    "NAME    STATE  WAY                      SETTINGS\n" +
      "phone1  up     proxy 192.168.43.1:1080  speed, metered, down at most 5.0 Mbit/s\n",
  );
  const json = await rig.run({ kind: "link list", daemon, isJson: true });
  assert.deepEqual(JSON.parse(json), (rig.status as StatusReport).links);
});

Deno.test("link add, set and mode reach the slave as they were meant", async () => {
  await using rig = await Rig.start();
  const { daemon } = rig;
  const link = { name: "phone2", proxy: { host: "h", port: 1 }, targets: [], settings: {} };
  assert.equal(
    await rig.run({ kind: "link add", daemon, links: [link] }),
    "Added phone2\nAdded usb0\n",
  );
  const change = { mode: null, capUpBps: Infinity } as const;
  assert.equal(
    await rig.run({ kind: "link set", daemon, name: "phone1", change }),
    "phone1: speed, metered, down at most 5.0 Mbit/s\n",
  );
  assert.match(await rig.run({ kind: "mode", daemon, mode: "backup" }), /as in backup now\n$/);
  assert.deepEqual(rig.links.told, [["add", [link]], ["change", "phone1", change], [
    "mode",
    "backup",
  ]]);
});

Deno.test("link up, down and remove say what became of the link", async () => {
  await using rig = await Rig.start();
  const { daemon } = rig;
  const said = async (outcome: Partial<LinkOutcome>): Promise<string[]> => {
    rig.links.outcome = { name: "phone1", isChanged: true, isLast: false, ...outcome };
    const texts: string[] = [];
    for (const kind of ["link up", "link down", "link remove"] as const) {
      texts.push(await rig.run({ kind, daemon, name: "phone1" }));
    }
    return texts;
  };
  assert.deepEqual(await said({}), [
    "Switched phone1 on\n",
    "Switched phone1 off\n",
    "Removed phone1\n",
  ]);
  const [, down, removed] = await said({ isLast: true });
  assert.match(down!, /the last link that was on: nothing goes through .*bindlink link up phone1/);
  assert.match(removed!, /the last link that was on: nothing goes through the tunnel until/);
  const same = await said({ isChanged: false });
  assert.match(same.join(""), /is on already\n.*is as it was.*\n.*stays/);
});

Deno.test("a link that is not known is wrong usage, also through the socket", async () => {
  await using rig = await Rig.start();
  await assert.rejects(
    rig.run({ kind: "link set", daemon: rig.daemon, name: "x", change: { isMetered: true } }),
    /^UsageError: There is no link "x": there is phone1$/,
  );
});

Deno.test("a slave of another version says so when it does not know a command", async () => {
  assert.throws(
    () => handleSlaveRequest(new FakeLinks(), { command: "link.frobnicate" }),
    /^UsageError: The running slave \(bindlink .*\) does not know this command: restart it/,
  );
  assert.throws(
    () => handleSlaveRequest(new FakeLinks(), { command: "link.up" }),
    /"name" is missing or malformed/,
  );
  await Promise.resolve();
});
