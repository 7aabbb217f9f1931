/**
 * What a service manager says to the program it runs: where to report, and how often; sd_notify(3), sd_watchdog_enabled(3).
 *
 * @module
 */

/** A manager that wants to be told. */
export interface ServiceManager {
  /** Path or abstract name (`@...`) of its socket. */
  readonly socketName: string;
  /** It restarts a program that is silent for that long; null: it does not. */
  readonly watchdogMs: number | null;
}

/** Who wants to be told; null: nobody does. */
export function findServiceManager(
  environment: (name: string) => string | undefined,
  pid: number,
): ServiceManager | null {
  const socketName = environment("NOTIFY_SOCKET") ?? "";
  if (!/^[/@]./.test(socketName)) return null;
  const watchdogUs = Number(environment("WATCHDOG_USEC") ?? "");
  const watchdogPid = environment("WATCHDOG_PID") ?? "";
  // Inherited from a parent that is meant.
  const isOurs = watchdogPid === "" || watchdogPid === String(pid);
  const isWatched = isOurs && Number.isSafeInteger(watchdogUs) && watchdogUs > 0;
  return { socketName, watchdogMs: isWatched ? watchdogUs / US_PER_MS : null };
}

const US_PER_MS = 1_000;
