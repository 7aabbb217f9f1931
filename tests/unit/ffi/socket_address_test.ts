import assert from "node:assert/strict";
import fc from "fast-check";
import { Errno, SysError } from "../../../ffi/errno.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import {
  SOCKADDR_IN6_BYTES,
  SOCKADDR_IN_BYTES,
  sockaddrHostname,
  sockaddrPort,
  SocketAddress,
} from "../../../ffi/socket_address.ts";
import { formatIp } from "../../../src/ip_literal.ts";

loadLibc(); // stays open: not a leak of the first test

Deno.test("SocketAddress has the layouts of sockaddr_in and sockaddr_in6", () => {
  assert.deepEqual(
    [...SocketAddress.from("192.0.2.1", 0x1234, false).bytes],
    [2, 0, 0x12, 0x34, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  // deno-fmt-ignore
  assert.deepEqual(
    [...SocketAddress.from("2001:db8::1", 443, true).bytes],
    [10, 0, 1, 0xbb, 0, 0, 0, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
  );
  assert.deepEqual([SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES], [2 + 2 + 4 + 8, 2 + 2 + 4 + 16 + 4]);
});

Deno.test("SocketAddress maps IPv4 for an IPv6 socket, and the text is IPv4 again", () => {
  const { bytes } = SocketAddress.from("192.0.2.1", 80, true);
  assert.deepEqual([...bytes.subarray(8, 24)], [...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]);
  assert.deepEqual([sockaddrHostname(bytes), sockaddrPort(bytes)], ["192.0.2.1", 80]);
});

Deno.test("SocketAddress refuses a name, and IPv6 for an IPv4 socket", () => {
  for (
    const [hostname, errno] of [
      ["localhost", Errno.EINVAL],
      ["", Errno.EINVAL],
      ["::1", Errno.EAFNOSUPPORT],
    ] as const
  ) {
    assert.throws(
      () => SocketAddress.from(hostname, 1, false),
      (error) => error instanceof SysError && error.errno === errno,
    );
  }
});

Deno.test("sockaddrHostname writes what src calls canonical, and from reads it back", () => {
  const byte = fc.oneof(fc.constant(0), fc.constant(0xff), fc.integer({ min: 0, max: 255 }));
  const ip = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.array(byte, { minLength: 16, maxLength: 16 }).map((it) => Uint8Array.from(it)),
  );
  fc.assert(fc.property(ip, fc.integer({ min: 0, max: 65_535 }), (address, port) => {
    const text = formatIp(address);
    const { bytes } = SocketAddress.from(text, port, address.length === 16);
    assert.equal(sockaddrHostname(bytes), text);
    assert.equal(sockaddrPort(bytes), port);
  }));
});
