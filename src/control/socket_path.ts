/**
 * How long a Unix socket's path may be: it stands in a fixed field of `struct sockaddr_un` (unix(7)).
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
