import assert from "node:assert/strict";
import type { DaemonOptions } from "../../../src/daemon_options.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import type { LinkOutcome, LiveLinks } from "../../../src/live_links.ts";
import { type LogStyle, Reloader } from "../../../src/reload/reloader.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { legacy, master, options, slave, TOKEN } from "../cli/judge.ts";

/** Writes down what is asked. */
class ToldLinks implements LiveLinks {
  readonly mode = "speed";
  readonly told: string[] = [];

  constructor(readonly specs: readonly LinkSpec[]) {}

  setMode(mode: string): void {
    this.told.push(`mode ${mode}`);
  }
  setDefaults(): void {
    this.told.push("defaults");
  }
  rename(name: string, to: string): void {
    this.told.push(`rename ${name} ${to}`);
  }
  add(links: readonly { readonly name: string | null }[]): readonly string[] {
    const names = links.map(({ name }) => name ?? "");
    this.told.push(`add ${names.join(" ")}`);
    return names;
  }
  remove(name: string): Promise<LinkOutcome> {
    this.told.push(`remove ${name}`);
    return Promise.resolve({ name, isChanged: true, isLast: false });
  }
  switchOn = (): never => assert.fail();
  switchOff = (): never => assert.fail();
  change(name: string): LinkOutcome {
    this.told.push(`change ${name}`);
    return { name, isChanged: true, isLast: false };
  }
}

/** A daemon whose configuration changes. */
class Rig {
  readonly logger = new RecordingLogger();
  readonly links: ToldLinks | null;
  readonly logs: LogStyle[] = [];
  readonly slaveToSlave: boolean[] = [];
  readonly reloader: Reloader;
  ask: () => void = () => {};
  isDisposed = false;
  next: () => Promise<DaemonOptions> = () => assert.fail();

  constructor(running: DaemonOptions) {
    this.links = running.role === "slave" && running.protocol === "secure"
      ? new ToldLinks(running.links)
      : null;
    this.reloader = new Reloader({
      running,
      links: this.links,
      logger: this.logger,
      setSlaveToSlave: running.role === "master" ? (it) => void this.slaveToSlave.push(it) : null,
      configuration: {
        read: async () => ({ options: await this.next(), warnings: ["beware"] }),
        setLog: ({ logLevel, logFormat }) => void this.logs.push({ logLevel, logFormat }),
        onAsked: (reload) => {
          this.ask = reload;
          return { [Symbol.dispose]: () => void (this.isDisposed = true) };
        },
      },
    });
  }
}

Deno.test("Reloader has a slave's links changed, then says what is different and what has to wait", async () => {
  const line = `${TOKEN} --targets a=h:1,b=h:2,c=h:3`;
  const rig = new Rig(await slave(line));
  rig.next = () =>
    slave(`${TOKEN} --mode backup --mtu 1300 --log-level debug --targets x=h:1,b=h:9`);
  assert.deepEqual(await rig.reloader.reload(), {
    changes: [
      "Mode is backup",
      "Removed c",
      "Renamed a to x",
      "Replaced b",
      "Log level is debug",
    ],
    waiting: ["mtu"],
    warnings: ["beware"],
  });
  assert.deepEqual(rig.links?.told, [
    "mode backup",
    "defaults",
    "rename a x",
    "rename b b#old",
    "add b",
    "remove c",
    "remove b#old",
  ]);
  assert.deepEqual(rig.logs, [{ logLevel: "debug", logFormat: "text" }]);
  const again = await rig.reloader.reload();
  assert.deepEqual([again.changes, again.waiting], [[], ["mtu"]]);
});

Deno.test("Reloader changes nothing when the configuration cannot be read; the asker has made no mistake", async () => {
  const rig = new Rig(await slave(TOKEN));
  rig.next = () => Promise.reject(new UsageError("slave.toml:3: mtu: too large"));
  const error = await rig.reloader.reload().then(() => null, (error: unknown) => error);
  assert.ok(error instanceof Error && !(error instanceof UsageError));
  assert.equal(error.message, "Nothing has changed: slave.toml:3: mtu: too large");
  assert.deepEqual(rig.links?.told, []);
  assert.deepEqual(rig.logger.events, [{
    text: "error Cannot reload: the configuration of before holds",
    properties: { reason: "slave.toml:3: mtu: too large" },
  }]);
  rig.next = () => slave(`${TOKEN} --mode backup`);
  assert.deepEqual((await rig.reloader.reload()).changes, ["Mode is backup"]);
});

Deno.test("Reloader refuses more links than there can be, before anything is changed", async () => {
  const names = (letter: string): string =>
    Array.from({ length: 200 }, (_, i) => `${letter}${i}=${letter}:${i + 1}`).join(",");
  const rig = new Rig(await slave(`${TOKEN} --targets ${names("a")}`));
  rig.next = () => slave(`${TOKEN} --mode backup --targets ${names("b")}`);
  await assert.rejects(rig.reloader.reload(), /Nothing has changed: .*at most 255 links/);
  assert.deepEqual(rig.links?.told, []);
});

Deno.test("Reloader reloads once after the other, also when a signal asks; then no more", async () => {
  const rig = new Rig(await slave(TOKEN));
  const first = Promise.withResolvers<DaemonOptions>();
  let reads = 0;
  rig.next = () => ++reads === 1 ? first.promise : slave(`${TOKEN} --mode backup`);
  rig.ask();
  const second = rig.reloader.reload();
  await Promise.resolve();
  assert.equal(reads, 1);
  first.reject(new Error("no"));
  assert.deepEqual((await second).changes, ["Mode is backup"]);
  rig.reloader[Symbol.dispose]();
  assert.equal(rig.isDisposed, true);
});

Deno.test("Reloader lets a master's slaves reach each other, and changes its log", async () => {
  const rig = new Rig(await master(""));
  rig.next = () => master("--allow-slave-to-slave --log-format json --listen 5000");
  const { changes, waiting } = await rig.reloader.reload();
  assert.deepEqual(changes, ["Slaves reach each other", "Log format is json"]);
  assert.deepEqual(waiting, ["listen"]);
  rig.next = () => master("--log-format json");
  assert.deepEqual((await rig.reloader.reload()).changes, ["Slaves do not reach each other"]);
  assert.deepEqual(rig.slaveToSlave, [true, false]);
});

Deno.test("Reloader changes nothing but the log of the legacy protocol, or when the protocol has changed", async () => {
  const line = "slave --protocol legacy --targets a:1";
  const rig = new Rig(await legacy(line));
  rig.next = () => options(`${line} --log-level debug`);
  assert.deepEqual((await rig.reloader.reload()).changes, ["Log level is debug"]);
  const other = new Rig(await slave(TOKEN));
  other.next = () => options(`${line} --log-level debug`);
  const { changes, waiting } = await other.reloader.reload();
  assert.deepEqual([changes, waiting], [["Log level is debug"], ["protocol", "address"]]);
  assert.deepEqual(other.links?.told, []);
});
