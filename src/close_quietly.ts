/**
 * Closing what another party may have closed before.
 *
 * @module
 */

/** Closes a connection or a listener that may be closed already. */
export function closeQuietly(closer: { close(): void }): void {
  try {
    closer.close();
  } catch (error) {
    // Deno's way to say "closed already"; anything else is a mistake of ours.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
