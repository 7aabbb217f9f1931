/**
 * What to say when the system refuses a tun device: for each call and error number the likely cause
 * on a real machine, and what helps. Pure, so that each line is tested without being in that trouble.
 *
 * @module
 */

import { SysError } from "../../ffi/errno.ts";

/** What was being done when a call failed. */
export interface TunAction {
  /** The node it is opened by. */
  readonly nodePath: string;
  /** In words, e.g. `open tun device "bind0"`. */
  readonly action: string;
  /** Whether the value comes from the master's welcome: no option of this program names another. */
  readonly isAssigned?: boolean;
}

/** The same failure, in words a user can act on; `cause` is the original. */
export function explainTunFailure(error: SysError, what: TunAction): SysError {
  const explained = new SysError(error.call, error.errno, tunHint(error, what), what.action);
  explained.cause = error;
  return explained;
}

function tunHint(error: SysError, what: TunAction): string | undefined {
  const choose = (option: string): string =>
    what.isAssigned === true ? "the master assigned it" : `choose another with ${option}`;
  const leaveOut = what.isAssigned === true ? "" : ", or leave the IPv6 address out of --address";
  switch (`${error.call} ${error.code}`) {
    case "open ENOENT":
    case "open ENOTDIR":
      return `${what.nodePath} is missing; ${NODE_REMEDY}; ${STAND_IN}`;
    case "open ENODEV":
    case "open ENXIO":
      return `the kernel has no tun driver; run "modprobe tun"; ${STAND_IN}`;
    case "open EACCES":
    case "open EPERM":
      return `no access to ${what.nodePath}; run as root, in a container start it with ` +
        `--device /dev/net/tun; ${STAND_IN}`;
    case "open EMFILE":
    case "open ENFILE":
    case "eventfd EMFILE":
    case "eventfd ENFILE":
      return 'too many open files; raise the limit with "ulimit -n"';
    case "ioctl TUNSETIFF EPERM":
      return `needs CAP_NET_ADMIN; run as root, or "setcap cap_net_admin+ep" the program, ` +
        `in a container start it with --cap-add NET_ADMIN; ${STAND_IN}`;
    case "ioctl TUNSETIFF EBUSY":
      return 'the name is taken; choose another with --tun-name, e.g. "bind%d", ' +
        "or stop the program whose interface it is";
    case "ioctl TUNSETIFF EINVAL":
      return "the kernel refuses this name; choose another with --tun-name";
    case "ioctl SIOCSIFADDR AF_INET6 EACCES":
    case "ioctl SIOCSIFADDR AF_INET6 EOPNOTSUPP":
      return 'IPv6 is disabled; enable it with "sysctl -w net.ipv6.conf.all.disable_ipv6=0 ' +
        `net.ipv6.conf.default.disable_ipv6=0"${leaveOut}`;
    case "socket AF_INET6 EAFNOSUPPORT":
      return `this kernel has no IPv6${leaveOut}`;
    case "ioctl SIOCSIFADDR EADDRNOTAVAIL":
    case "ioctl SIOCSIFADDR EINVAL":
    case "ioctl SIOCSIFADDR AF_INET6 EADDRNOTAVAIL":
    case "ioctl SIOCSIFADDR AF_INET6 EINVAL":
      return `the kernel refuses this address; ${choose("--address")}`;
    case "ioctl SIOCSIFMTU EINVAL":
      return `the kernel refuses this size; ${choose("--mtu")}`;
    case "read EBADFD":
    case "read EBADF":
      return "the device was deleted";
    default:
      if (error.code === "EPERM") return `needs CAP_NET_ADMIN, in ${error.call}; run as root`;
      if (error.code === "ENODEV") return `the device was deleted, in ${error.call}`;
      return undefined;
  }
}

const STAND_IN = "or do without a tun: --connect-tcp HOST:PORT";

const NODE_REMEDY = 'run "modprobe tun", or make it with "mkdir -p /dev/net && ' +
  'mknod /dev/net/tun c 10 200", in a container start it with --device /dev/net/tun';
