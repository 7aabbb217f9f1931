/**
 * A bound on how long something may take, which also ends when a signal fires.
 *
 * @module
 */

/** How long, and until when. */
export interface DeadlineOptions {
  readonly timeoutMs: number;
  /** Fires when the result is no longer wanted. */
  readonly signal?: AbortSignal | undefined;
  /** What to reject with when the time is over. */
  readonly onTimeout: () => Error;
}

/**
 * Runs `work` until it settles, the time is over, or the signal fires, whichever is first. `work`
 * is handed a signal that fires in the last two cases: it should then let go of what it holds. What
 * it gives after that is dropped by `dispose`, so that nothing stays open unseen.
 * @throws what `work` throws, `onTimeout()`, or the signal's reason.
 */
export async function withDeadline<T>(
  options: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<T>,
  dispose: (late: T) => void = () => {},
): Promise<T> {
  const { timeoutMs, signal, onTimeout } = options;
  signal?.throwIfAborted();
  const abort = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    abort.abort(reason);
    ended.reject(reason);
  };
  const onAbort = (): void => end(signal?.reason);
  const timer = setTimeout(() => end(onTimeout()), timeoutMs);
  signal?.addEventListener("abort", onAbort, { once: true });
  const working = work(abort.signal);
  try {
    return await Promise.race([working, ended.promise]);
  } catch (error) {
    // The loser of the race is never awaited again: its value is let go, its error belongs to nobody.
    if (abort.signal.aborted) working.then(dispose, () => {});
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
