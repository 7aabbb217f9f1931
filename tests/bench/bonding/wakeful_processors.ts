/**
 * Keeps the processors from sleeping while delays are emulated, as IdleSpinner does, where other
 * sessions work too. With autogroups (sched(7)) an idle-priority loop gives way only within its own
 * session: to all others the session is as busy as any, so its programs wake up with no credit left (20
 * to 260 ms late beside two busy sessions, measured with udp_tool ping). Hence each loop gets a session
 * of its own whose group is the least important.
 *
 * @module
 */

/** Loops as long as the process that started it lives. */
const LOOP = "echo 19 > /proc/self/autogroup 2>/dev/null; chrt --idle --pid 0 $$; " +
  'while kill -0 "$1" 2>/dev/null; do i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; done';

/** Loops, one for each processor, until disposed of. */
export class WakefulProcessors implements AsyncDisposable {
  readonly #children: Deno.ChildProcess[] = [];

  /** Starts them; needs `chrt` and `setsid` (util-linux). */
  constructor(processors: number = navigator.hardwareConcurrency) {
    for (let i = 0; i < processors; i++) {
      const command = new Deno.Command("setsid", {
        args: ["sh", "-c", LOOP, "wakeful-processors", String(Deno.pid)],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      });
      this.#children.push(command.spawn());
    }
  }

  /** Ends them. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.splice(0)) {
      child.kill("SIGKILL");
      await child.status;
    }
  }
}
