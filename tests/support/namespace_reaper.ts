/**
 * Cleans up namespaces whatever becomes of the test: its end, a failure, Ctrl-C, SIGKILL.
 *
 * It is a shell of its own that waits for the end of its stdin, which the kernel closes when the test
 * process is gone, however it went. Ordinary clean-up takes the same way, so it is tried all the time.
 *
 * @module
 */

/**
 * Reads names of namespaces until its stdin ends, then ends what runs inside them (`ip netns pids`: nobody but
 * the test can have started it there), deletes them, and fails if one is left.
 */
const SCRIPT = `
trap '' INT TERM HUP
names=
while read -r name; do names="$names $name"; done
signal_all() {
  found=1
  for name in $names; do
    for pid in $(ip netns pids "$name" 2>/dev/null); do kill "-$1" "$pid" 2>/dev/null && found=0; done
  done
  return $found
}
if signal_all TERM; then
  tries=0
  while [ $tries -lt 30 ] && signal_all 0; do sleep 0.1; tries=$((tries + 1)); done
  tries=0
  while [ $tries -lt 30 ] && signal_all KILL; do sleep 0.1; tries=$((tries + 1)); done
fi
for name in $names; do
  if [ -e "/run/netns/$name" ]; then ip netns del "$name" || failed=1; fi
  rm -rf "/etc/netns/$name"
done
rmdir /etc/netns 2>/dev/null
exit \${failed:-0}
`;

/** Watches over the namespaces of one lab. */
export class NamespaceReaper {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;

  /** Starts watching. */
  constructor() {
    // In a session of its own: whoever kills the test's whole process group, as terminals and CI
    // runners do, must not kill it as well.
    this.#child = new Deno.Command("setsid", {
      args: ["sh", "-c", SCRIPT, "namespace-reaper"],
      stdin: "piped",
      stdout: "null",
      stderr: "inherit",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
  }

  /** Takes a namespace on, before it is made. */
  async watch(name: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(`${name}\n`));
  }

  /** Cleans up now. @throws Error when a namespace could not be deleted. */
  async reap(): Promise<void> {
    await this.#stdin.close();
    const { code } = await this.#child.status;
    if (code !== 0) throw new Error(`Cannot delete all namespaces (exit code ${code})`);
  }
}
