/**
 * Why a UDP socket could not be opened, in words with the remedy; the same for both engines.
 *
 * @module
 */

import { Errno, SysError } from "../../ffi/errno.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";

/** @param cause Deno's error or a SysError. @returns an error whose cause is one of Deno's classes, where there is one. */
export function bindError(address: NetAddress, cause: unknown): Error {
  const known = asDenoError(cause);
  return new Error(`Cannot open UDP socket on ${formatAddress(address)}: ${describe(known)}`, {
    cause: known,
  });
}

function describe(cause: unknown): string {
  if (cause instanceof Deno.errors.AddrInUse) {
    return "EADDRINUSE (another program has this port; is another bindlink running?)";
  }
  if (cause instanceof Deno.errors.AddrNotAvailable) {
    return "EADDRNOTAVAIL (this machine does not have this address)";
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return "EACCES (a port below 1024 needs CAP_NET_BIND_SERVICE)";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

function asDenoError(error: unknown): unknown {
  if (!(error instanceof SysError)) return error;
  const { message } = error;
  switch (error.errno) {
    case Errno.EADDRINUSE:
      return new Deno.errors.AddrInUse(message, { cause: error });
    case Errno.EADDRNOTAVAIL:
      return new Deno.errors.AddrNotAvailable(message, { cause: error });
    case Errno.EACCES:
      return new Deno.errors.PermissionDenied(message, { cause: error });
    default:
      return error;
  }
}
