import assert from "node:assert/strict";
import { lookMs, type NotifyPort, ServiceNotifier } from "../../../src/service/service_notifier.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

/** A daemon and the socket of its manager. */
class Rig implements NotifyPort {
  readonly sent: string[] = [];
  readonly logger = new RecordingLogger();
  alive = true;
  text = "1 of 2 links up";
  isBroken = false;
  isClosed = false;

  start(watchdogMs: number | null): ServiceNotifier {
    const manager = { socketName: "/n", watchdogMs };
    const notified = { isAlive: (): boolean => this.alive, statusText: (): string => this.text };
    return new ServiceNotifier(manager, notified, { port: this, logger: this.logger });
  }

  send(text: string): void {
    if (this.isBroken) throw new Error("nobody listens");
    this.sent.push(text);
  }

  [Symbol.dispose](): void {
    this.isClosed = true;
  }
}

Deno.test("ServiceNotifier says that it is ready, what changes, and that it stops", () => {
  const rig = new Rig();
  {
    using notifier = rig.start(null);
    notifier.look();
    rig.text = "2 of 2 links up";
    notifier.look();
  }
  assert.deepEqual(rig.sent, [
    "READY=1\nSTATUS=1 of 2 links up\n",
    "STATUS=2 of 2 links up\n",
    "STOPPING=1\nSTATUS=Stopping\n",
  ]);
  assert.equal(rig.isClosed, true);
});

Deno.test("ServiceNotifier feeds the watchdog only while the daemon lives", () => {
  const rig = new Rig();
  using notifier = rig.start(30_000);
  notifier.look();
  rig.alive = false;
  notifier.look();
  rig.alive = true;
  notifier.look();
  assert.deepEqual(rig.sent, [
    "READY=1\nWATCHDOG=1\nSTATUS=1 of 2 links up\n",
    "WATCHDOG=1\n",
    "WATCHDOG=1\n",
  ]);
});

Deno.test("ServiceNotifier looks by itself, at least twice in a watchdog's time", async () => {
  assert.equal(lookMs({ socketName: "/n", watchdogMs: 30_000 }), 5_000);
  assert.equal(lookMs({ socketName: "/n", watchdogMs: 3_000 }), 1_000);
  assert.equal(lookMs({ socketName: "/n", watchdogMs: null }), 5_000);
  const rig = new Rig();
  const third = new Promise<void>((resolve) => {
    rig.sent.push = (...texts: string[]): number => {
      const length = Array.prototype.push.apply(rig.sent, texts);
      if (length === 3) resolve();
      return length;
    };
  });
  using _notifier = rig.start(30);
  await third;
  assert.deepEqual(rig.sent.slice(1), ["WATCHDOG=1\n", "WATCHDOG=1\n"]);
});

Deno.test("ServiceNotifier warns once of a manager that cannot be told, and tells it later", () => {
  const rig = new Rig();
  using notifier = rig.start(null);
  rig.isBroken = true;
  rig.text = "2 of 2 links up";
  notifier.look();
  notifier.look();
  rig.isBroken = false;
  notifier.look();
  assert.equal(rig.logger.count("warn Cannot tell the service manager"), 1);
  assert.equal(rig.sent.at(-1), "STATUS=2 of 2 links up\n");
});
