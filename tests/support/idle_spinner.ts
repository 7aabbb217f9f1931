/**
 * Keeps the processors from sleeping while delays are emulated: on virtual machines a sleeping
 * processor wakes 1 to 7 ms late. A loop of idle priority (SCHED_IDLE, sched(7)) on each one gives
 * way to anything else at once. For benches only: it makes CPU figures of the whole machine useless.
 *
 * @module
 */

/** Loops as long as the process that started them lives, so none is ever left behind. */
const LOOP =
  'while kill -0 "$1" 2>/dev/null; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; done';

/** Spinners, one per processor, until disposed of. */
export class IdleSpinner implements AsyncDisposable {
  readonly #children: Deno.ChildProcess[] = [];

  /**
   * Starts them; needs `chrt` (util-linux).
   * @throws Deno.errors.NotFound when there is no chrt.
   */
  constructor(processors: number = navigator.hardwareConcurrency) {
    for (let i = 0; i < processors; i++) {
      const command = new Deno.Command("chrt", {
        args: ["--idle", "0", "sh", "-c", LOOP, "idle-spinner", String(Deno.pid)],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      });
      this.#children.push(command.spawn());
    }
  }

  /** How many of them run. */
  get count(): number {
    return this.#children.length;
  }

  /** Ends them. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.splice(0)) {
      child.kill("SIGKILL");
      await child.status;
    }
  }
}
