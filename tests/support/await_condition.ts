/**
 * Waiting for something to become true, with a deadline: what tests do in place of a sleep.
 *
 * @module
 */

/** How a condition is waited for. */
export interface AwaitOptions {
  /** Time it may take, in milliseconds; 10 s by default. */
  readonly timeoutMs?: number;
  /** Pause between two looks, in milliseconds; 50 by default. */
  readonly intervalMs?: number;
  /** More for the message when time is up, such as a log. */
  readonly detail?: () => string;
}

/** What a probe says when it is not there yet. */
type Absent = false | null | undefined;

/**
 * Looks until the probe gives something, and returns that.
 * @param what for the message, as in `Gave up waiting for ${what}`.
 * @throws Error when time is up; its cause is the probe's last error, which alone ends nothing.
 */
export async function awaitCondition<Value>(
  what: string,
  probe: () => Value | Absent | Promise<Value | Absent>,
  options: AwaitOptions = {},
): Promise<Value> {
  const { timeoutMs = 10_000, intervalMs = 50, detail } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await probe();
      lastError = undefined;
      if (value !== false && value !== null && value !== undefined) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadlineMs) break;
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
  const more = detail === undefined ? "" : `\n${detail()}`;
  const why = lastError instanceof Error ? `: ${lastError.message}` : "";
  throw new Error(`Gave up waiting for ${what} after ${timeoutMs} ms${why}${more}`, {
    cause: lastError,
  });
}
