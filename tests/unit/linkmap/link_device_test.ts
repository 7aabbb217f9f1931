import assert from "node:assert/strict";
import { LinkDevice, reversePathProblem } from "../../../src/linkmap/link_device.ts";

Deno.test("LinkDevice says when the interface that a socket was bound to is gone, though another has its name", () => {
  const indexes = new Map([["usb0", 3]]);
  const device = new LinkDevice("usb0", (name) => indexes.get(name) ?? null);
  device.noteBound();
  assert.equal(device.isGone, false);
  indexes.set("usb0", 4);
  assert.equal(device.isGone, true);
  indexes.delete("usb0");
  assert.equal(device.isGone, true);
});

Deno.test("LinkDevice refuses to be bound to what is not there", () => {
  const device = new LinkDevice("usb0", () => null);
  assert.throws(() => device.noteBound(), /There is no interface usb0/);
  assert.equal(device.isMissing, true);
});

Deno.test("reversePathProblem tells of a strict filter only, by the larger of both settings", () => {
  const problem = (all: number, own: number): string | null =>
    reversePathProblem("usb0.7", (conf) => conf === "all" ? all : own);
  assert.match(problem(1, 0)!, /sysctl -w net\.ipv4\.conf\.usb0\/7\.rp_filter=2$/);
  assert.match(problem(0, 1)!, /usb0/);
  assert.equal(problem(1, 2), null);
  assert.equal(problem(2, 1), null);
  assert.equal(problem(0, 0), null);
});
