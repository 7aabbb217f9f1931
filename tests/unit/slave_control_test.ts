import assert from "node:assert/strict";
import { requestControl } from "../../src/control/control_client.ts";
import { SampleKeeper } from "../../src/control/sample_keeper.ts";
import { StatusDesk } from "../../src/control/status_desk.ts";
import type { LiveLinks } from "../../src/live_links.ts";
import { RecentEvents } from "../../src/recent_events.ts";
import { SlaveControl } from "../../src/slave_control.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { TempDir } from "../support/temp_dir.ts";
import { sampleDaemon } from "./metrics/sample_snapshot.ts";

const LINKS: LiveLinks = {
  mode: "speed",
  specs: [],
  setMode: () => {},
  setDefaults: () => {},
  rename: () => {},
  add: () => [],
  remove: () => Promise.reject(new Error("not asked")),
  switchOn: () => ({ name: "a", isChanged: true, isLast: false }),
  switchOff: () => Promise.reject(new Error("not asked")),
  change: () => ({ name: "a", isChanged: true, isLast: false }),
};

/** A desk whose clock goes on by what is slept, and whose daemon then has sent 1,000 bytes more a second. */
function makeDesk(logger: RecordingLogger): StatusDesk {
  let nowMs = 0;
  return new StatusDesk({
    source: { snapshot: () => sampleDaemon({ tunReadBytes: nowMs }) },
    events: new RecentEvents(logger, () => 0),
    pid: 7,
    clock: () => nowMs,
    sleep: (durationMs) => {
      nowMs += durationMs;
      return Promise.resolve();
    },
  });
}

async function open(stateDir: string, logger = new RecordingLogger()): Promise<SlaveControl> {
  const report = { changes: ["Added a"], waiting: [], warnings: [] };
  const desk = { status: makeDesk(logger), reload: () => Promise.resolve(report) };
  const source = { snapshot: () => sampleDaemon() };
  const keeper = new SampleKeeper({ source, version: "1", clock: () => 0 });
  return await SlaveControl.open({ stateDir, name: "bind0", links: LINKS, desk, keeper, logger });
}

Deno.test("SlaveControl answers status and commands on a private socket, which is gone at the end", async () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/made`;
  const path = `${stateDir}/slave-bind0.sock`;
  {
    await using _control = await open(stateDir);
    assert.equal(Deno.lstatSync(path).mode! & 0o777, 0o600);
    const answer = await requestControl(path, { command: "status" });
    const { totals, pid } = answer!.result as { totals: { sent: { bps: number } }; pid: number };
    assert.deepEqual([totals.sent.bps, pid], [8_000, 7]);
    assert.deepEqual(await requestControl(path, { command: "reload" }), {
      result: { changes: ["Added a"], waiting: [], warnings: [] },
    });
    assert.deepEqual(await requestControl(path, { command: "link.up", name: "a" }), {
      result: { name: "a", isChanged: true, isLast: false },
    });
  }
  assert.deepEqual([...Deno.readDirSync(stateDir)], []);
});

Deno.test("SlaveControl of a second slave with the same tun name takes another name", async () => {
  using folder = new TempDir();
  await using _first = await open(folder.path);
  await using _second = await open(folder.path);
  const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["slave-bind0-2.sock", "slave-bind0.sock"]);
});

Deno.test("of slaves that start at once each has a socket of its own", async () => {
  using folder = new TempDir();
  const dead = Deno.listen({ transport: "unix", path: `${folder.path}/x` });
  Deno.renameSync(`${folder.path}/x`, `${folder.path}/slave-bind0.sock`);
  dead.close();
  {
    await using stack = new AsyncDisposableStack();
    const all = await Promise.all(Array.from({ length: 8 }, () => open(folder.path)));
    for (const one of all) stack.use(one);
    const names = [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
    assert.deepEqual(names, [
      ...[2, 3, 4, 5, 6, 7, 8].map((i) => `slave-bind0-${i}.sock`),
      "slave-bind0.sock",
    ]);
  }
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("SlaveControl takes over what a killed slave left", async () => {
  using folder = new TempDir();
  const path = `${folder.path}/slave-bind0.sock`;
  const dead = Deno.listen({ transport: "unix", path: `${path}.x` });
  Deno.renameSync(`${path}.x`, path);
  dead.close();
  await using _control = await open(folder.path);
  assert.notEqual(await requestControl(path, { command: "status" }), null);
});

Deno.test("a slave runs without its control socket when that cannot be had", async () => {
  using folder = new TempDir();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  const logger = new RecordingLogger();
  await using _control = await open(`${folder.path}/file`, logger);
  assert.equal(logger.count("warn Cannot take commands while running"), 1);
});
