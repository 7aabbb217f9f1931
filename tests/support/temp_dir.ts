/**
 * A directory that a test has for itself.
 *
 * @module
 */

/** A new, empty directory, removed with all it holds when disposed of. */
export class TempDir implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "bindlink-test-" });

  /** Names of what is in it, sorted. */
  names(): string[] {
    return [...Deno.readDirSync(this.path)].map((entry) => entry.name).sort();
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}
