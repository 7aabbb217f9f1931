import assert from "node:assert/strict";
import { Errno } from "../../../ffi/errno.ts";
import { lastErrno, loadLibc, openLibc } from "../../../ffi/libc.ts";

const libc = loadLibc();

Deno.test("loadLibc gives the same library each time", () => {
  assert.equal(loadLibc(), libc);
});

Deno.test("lastErrno tells why the call before it failed", () => {
  assert.equal(libc.close(-1), -1);
  assert.equal(lastErrno(), Errno.EBADF);
  assert.equal(libc.socket(-1, 0, 0), -1);
  assert.equal(lastErrno(), Errno.EAFNOSUPPORT);
});

Deno.test("openLibc lists every library that it tried", () => {
  assert.throws(
    () => openLibc(["libbindlink-none.so.1", "libbindlink-none.so.2"]),
    /^Error: Cannot load the C library, tried libbindlink-none\.so\.1: .+; libbindlink-none\.so\.2: /,
  );
});
