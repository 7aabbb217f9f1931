/**
 * Gives files away, by lchown(2): Deno's own chown follows symbolic links, which is no good for root in
 * a directory that belongs to another user.
 *
 * @module
 */

import { CString } from "./arena.ts";
import { SysError } from "./errno.ts";
import { lastErrno, loadLibc } from "./libc.ts";

/** Changes whose a file is; of a symbolic link, the link's own owner. @throws SysError */
export function changeOwner(path: string, uid: number, gid: number): void {
  const libc = loadLibc();
  using cPath = new CString(path);
  if (libc.lchown(cPath.address, uid, gid) < 0) throw new SysError("lchown", lastErrno());
}
