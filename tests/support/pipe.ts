/**
 * A pipe as two file descriptors, for tests of `ffi/`.
 *
 * @module
 */

import type { Libc } from "../../ffi/libc.ts";
import { SysError } from "../../ffi/errno.ts";
import { lastErrno } from "../../ffi/libc.ts";
import { CString } from "../../ffi/arena.ts";

/** Both ends of a pipe, non-blocking. */
export interface Pipe {
  readonly readFd: number;
  readonly writeFd: number;
  /** Closes what is open of it. */
  close(): void;
}

let serial = 0;

/**
 * Makes one by way of a FIFO, since the shim itself needs no pipe(2).
 * @throws SysError
 */
export function makePipe(libc: Libc): Pipe {
  const path = `${Deno.makeTempDirSync()}/fifo${serial++}`;
  const made = new Deno.Command("mkfifo", { args: [path] }).outputSync();
  if (!made.success) throw new Error("Cannot make a FIFO");
  using cPath = new CString(path);
  const readFd = libc.open(cPath.address, O_NONBLOCK, 0);
  const writeFd = libc.open(cPath.address, O_WRONLY | O_NONBLOCK, 0);
  if (readFd < 0 || writeFd < 0) throw new SysError("open", lastErrno(), path);
  Deno.removeSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  return {
    readFd,
    writeFd,
    close(): void {
      libc.close(readFd);
      libc.close(writeFd);
    },
  };
}

const O_WRONLY = 0o1;
const O_NONBLOCK = 0o4000;
