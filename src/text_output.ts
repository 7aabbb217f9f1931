/**
 * Writes text to stdout or stderr whole, and lives on when nobody reads it: `bindlink --help | head
 * -1` closes the pipe, a log reader may go away or stand still.
 *
 * @module
 */

/** What is written to: `Deno.stdout`, `Deno.stderr`, or a fake. */
export interface SyncWriter {
  /** Writes some of the bytes, and returns how many. Throws Deno's I/O errors. */
  writeSync(bytes: Uint8Array): number;
}

/** Longest pause between two tries on a full pipe, in milliseconds. */
const RETRY_MS = 5;

/**
 * Writes all of the text.
 * @param patienceMs how long to wait, blocking, for a reader that is slow; a writer that itself waits
 * for its reader is not stopped by this.
 * @returns false when the text did not get out whole: nobody reads any more (EPIPE), the pipe
 * stayed full (EAGAIN), the disk is full. Never throws.
 */
export function writeText(writer: SyncWriter, text: string, patienceMs: number): boolean {
  const bytes = new TextEncoder().encode(text);
  return writeBytes(writer, bytes, patienceMs) === bytes.length;
}

/** As {@link writeText}, of bytes. @returns how many of them got out. */
export function writeBytes(writer: SyncWriter, bytes: Uint8Array, patienceMs: number): number {
  let writtenBytes = 0;
  let waitedMs = 0;
  while (writtenBytes < bytes.length) {
    try {
      writtenBytes += writer.writeSync(bytes.subarray(writtenBytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock) || waitedMs >= patienceMs) break;
      block(RETRY_MS);
      waitedMs += RETRY_MS;
    }
  }
  return writtenBytes;
}

/** Atomics.wait is the one way to wait without giving up the thread. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
