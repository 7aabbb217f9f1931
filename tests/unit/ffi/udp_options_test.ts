import assert from "node:assert/strict";
import { Errno, SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { UdpOptions } from "../../../ffi/udp_options.ts";

loadLibc(); // stays open: not a leak of the first test

Deno.test("UdpOptions throws for what was asked for by name, and says which call it was", () => {
  using options = new UdpOptions(-1);
  for (
    const [call, run] of [
      ["setsockopt SO_BINDTODEVICE", () => options.bindToDevice("lo")],
      ["setsockopt SO_MARK", () => options.setMark(1)],
      ["setsockopt IPV6_V6ONLY", () => options.allowIpv4()],
      ["setsockopt IPV6_V6ONLY", () => options.tellLocalAddress(true)],
      ["setsockopt IP_PKTINFO", () => options.tellLocalAddress(false)],
    ] as const
  ) {
    assert.throws(run, (error) => {
      assert.ok(error instanceof SysError);
      assert.deepEqual([error.call, error.errno], [call, Errno.EBADF]);
      return true;
    });
  }
});

Deno.test("UdpOptions says no where the system has not what the socket can do without", () => {
  using options = new UdpOptions(-1);
  options.growBuffers(1_000_000);
  assert.deepEqual([options.receiveBufferBytes, options.sendBufferBytes], [0, 0]);
  assert.deepEqual(
    [options.knowsSegment(), options.enableGather(), options.forbidFragments(true)],
    [false, false, false],
  );
});
