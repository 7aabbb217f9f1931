import assert from "node:assert/strict";
import { findServiceManager, type ServiceManager } from "../../../src/service/service_manager.ts";

function find(variables: Readonly<Record<string, string>>): ServiceManager | null {
  return findServiceManager((name) => variables[name], 42);
}

Deno.test("findServiceManager takes a path or an abstract name, and no other socket", () => {
  for (const socketName of ["/run/systemd/notify", "@notify"]) {
    assert.deepEqual(find({ NOTIFY_SOCKET: socketName }), { socketName, watchdogMs: null });
  }
  for (const socketName of ["", "@", "vsock:2:1234", "notify"]) {
    assert.equal(find({ NOTIFY_SOCKET: socketName }), null);
  }
  assert.equal(find({}), null);
});

Deno.test("findServiceManager knows a watchdog that means this process", () => {
  const watchdogMs = (more: Readonly<Record<string, string>>): number | null | undefined =>
    find({ NOTIFY_SOCKET: "/n", ...more })?.watchdogMs;
  assert.equal(watchdogMs({ WATCHDOG_USEC: "30000000" }), 30_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "42" }), 30_000);
  assert.equal(watchdogMs({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "43" }), null);
  for (const WATCHDOG_USEC of ["0", "-1", "x", ""]) {
    assert.equal(watchdogMs({ WATCHDOG_USEC }), null);
  }
});
