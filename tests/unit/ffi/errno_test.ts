import assert from "node:assert/strict";
import { Errno, errnoName, SysError } from "../../../ffi/errno.ts";

Deno.test("errnoName names a known number and numbers an unknown one", () => {
  assert.equal(errnoName(1), "EPERM");
  assert.equal(errnoName(11), "EAGAIN");
  assert.equal(errnoName(77), "EBADFD");
  assert.equal(errnoName(4095), "errno 4095");
});

Deno.test("Errno has the numbers of asm-generic at its ends and beside its gaps", () => {
  assert.deepEqual(
    [Errno.ERANGE, Errno.EDEADLK, Errno.ENOMSG, Errno.EHWPOISON],
    [34, 35, 42, 133],
  );
  const numbers = Object.values(Errno);
  assert.equal(new Set(numbers).size, numbers.length);
});

Deno.test("SysError says the call, the number's name and the hint", () => {
  const error = new SysError("ioctl TUNSETIFF", Errno.EPERM, "needs CAP_NET_ADMIN");
  assert.equal(error.message, "Cannot ioctl TUNSETIFF: EPERM (needs CAP_NET_ADMIN)");
  assert.equal(error.call, "ioctl TUNSETIFF");
  assert.equal(error.errno, 1);
  assert.equal(error.code, "EPERM");
  assert.equal(error.name, "SysError");
});

Deno.test("SysError says the action in place of the call, and the call when there is no hint", () => {
  assert.equal(
    new SysError("open", Errno.ENOENT, undefined, 'open tun device "bind0"').message,
    'Cannot open tun device "bind0": ENOENT (in open)',
  );
  assert.equal(new SysError("poll", Errno.ENOMEM).message, "Cannot poll: ENOMEM");
});
