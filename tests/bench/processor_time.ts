/**
 * Processor time that another process has used.
 *
 * @module
 */

/** Milliseconds of a clock tick: USER_HZ is 100 on every Linux that Deno runs on (sysconf(3), _SC_CLK_TCK). */
const TICK_MS = 10;

/** In user and in kernel mode, all its threads, in ms (proc_pid_stat(5): fields 14 and 15). */
export function processorMs(pid: number): number {
  // The name, second, stands in brackets and may hold anything.
  const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
