import assert from "node:assert/strict";
import { Errno, SysError } from "../../../ffi/errno.ts";
import { explainTunFailure } from "../../../src/tundev/tun_errors.ts";

const what = { nodePath: "/dev/net/tun", action: 'open tun device "bind0"' };

const cases: readonly [string, number, RegExp][] = [
  ["open", Errno.ENOENT, /: ENOENT \(\/dev\/net\/tun is missing; .*mknod.*--connect-tcp/],
  ["open", Errno.ENODEV, /: ENODEV \(.*modprobe tun/],
  ["open", Errno.EACCES, /: EACCES \(.*run as root.*--device/],
  ["open", Errno.EPERM, /: EPERM \(.*--device \/dev\/net\/tun/],
  ["open", Errno.EMFILE, /: EMFILE \(.*ulimit -n/],
  ["ioctl TUNSETIFF", Errno.EPERM, /: EPERM \(needs CAP_NET_ADMIN; run as root.*setcap/],
  ["ioctl TUNSETIFF", Errno.EBUSY, /: EBUSY \(the name is taken; .*--tun-name/],
  ["ioctl SIOCSIFADDR AF_INET6", Errno.EACCES, /: EACCES \(IPv6 is disabled; .*sysctl/],
  ["socket AF_INET6", Errno.EAFNOSUPPORT, /: EAFNOSUPPORT \(this kernel has no IPv6/],
  ["ioctl SIOCSIFADDR", Errno.EADDRNOTAVAIL, /refuses this address; .*--address/],
  ["ioctl SIOCSIFMTU", Errno.EINVAL, /refuses this size; .*--mtu/],
  ["ioctl SIOCSIFFLAGS", Errno.EPERM, /needs CAP_NET_ADMIN, in ioctl SIOCSIFFLAGS/],
  ["read", Errno.EBADFD, /: EBADFD \(the device was deleted\)/],
  ["ioctl SIOCSIFMTU", Errno.EIO, /: EIO \(in ioctl SIOCSIFMTU\)/],
];

const assigned: readonly [string, number, RegExp][] = [
  ["ioctl SIOCSIFADDR AF_INET6", Errno.EACCES, /: EACCES \(IPv6 is disabled; .*sysctl[^,]*\)$/],
  ["socket AF_INET6", Errno.EAFNOSUPPORT, /: EAFNOSUPPORT \(this kernel has no IPv6\)$/],
  ["ioctl SIOCSIFADDR", Errno.EINVAL, /refuses this address; the master assigned it\)$/],
  ["ioctl SIOCSIFMTU", Errno.EINVAL, /refuses this size; the master assigned it\)$/],
];

for (const [call, errno, message] of assigned) {
  const cause = new SysError(call, errno);
  Deno.test(`explainTunFailure names no option for what a master assigned: ${cause.code} of ${call}`, () => {
    const error = explainTunFailure(cause, { ...what, isAssigned: true });
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /--/);
  });
}

for (const [call, errno, message] of cases) {
  const cause = new SysError(call, errno);
  Deno.test(`explainTunFailure says what helps against ${cause.code} of ${call}`, () => {
    const error = explainTunFailure(cause, what);
    assert.match(error.message, /^Cannot open tun device "bind0": /);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n|\.$/);
    assert.deepEqual([error.call, error.errno, error.cause], [call, errno, cause]);
  });
}
