/**
 * A Unix socket's path: how long it may be, for it stands in a fixed field of `struct sockaddr_un` (unix(7)); and which file stands
 * there.
 *
 * @module
 */

/** @param action what was to be done, for the message. @throws Error when the path is too long. */
export function checkSocketPath(action: string, path: string): void {
  const pathBytes = new TextEncoder().encode(path).length;
  // The field has 108 bytes on Linux, 104 on macOS and BSD, with the NUL at its end.
  const maxBytes = Deno.build.os === "linux" ? 107 : 103;
  if (pathBytes <= maxBytes) return;
  throw new Error(
    `Cannot ${action}: the path has ${pathBytes} bytes, and a socket's may have ${maxBytes} ` +
      "(choose a shorter --state-dir)",
  );
}

/** Which file stands there, by its inode; null: none. */
export function inodeOf(path: string): number | null {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return null;
  }
}

/** Removes a socket, unless another one has been put in its place. @param inode see {@link inodeOf} */
export function removeSocket(path: string, inode: number | null): void {
  try {
    if (inode !== null && inodeOf(path) === inode) Deno.removeSync(path);
  } catch {
    // Somebody was faster; nothing is left to be connected to either way.
  }
}
