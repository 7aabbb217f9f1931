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
 * @param patienceMs how long to wait, blocking, for a reader that is slow on a non-blocking pipe.
 * @returns false when the text did not get out whole: nobody reads any more (EPIPE), the pipe
 * stayed full (EAGAIN), the disk is full. Never throws.
 */
export function writeText(writer: SyncWriter, text: string, patienceMs: number): boolean {
  let bytes = new TextEncoder().encode(text);
  let waitedMs = 0;
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writer.writeSync(bytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock) || waitedMs >= patienceMs) return false;
      block(RETRY_MS);
      waitedMs += RETRY_MS;
    }
  }
  return true;
}

/** Atomics.wait is the one way to wait without giving up the thread. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
