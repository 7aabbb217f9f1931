/**
 * The file that a recording is written to. Each second it is brought to the disk: a cut, of the program or of the power, costs no
 * more.
 *
 * @module
 */

import { fileError } from "../state/state_error.ts";
import { UsageError } from "../usage_error.ts";

/** How often it is brought to the disk. */
const SYNC_MS = 1_000;

/** A new file. */
export class RecordingFile implements Disposable {
  /** Written so far. */
  bytes = 0;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  #syncedMs = Number.NEGATIVE_INFINITY;

  private constructor(path: string, file: Deno.FsFile) {
    this.#path = path;
    this.#file = file;
  }

  /** Makes it. @param isForced whether one that is there is replaced. @throws UsageError: it is there. StateError */
  static create(path: string, isForced: boolean): RecordingFile {
    const how = isForced ? { create: true, truncate: true } : { createNew: true };
    try {
      return new RecordingFile(path, Deno.openSync(path, { write: true, ...how }));
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) {
        throw new UsageError(
          `bindlink record ${
            JSON.stringify(path)
          }: this file is there already: name another one, ` +
            "or replace it with --force",
        );
      }
      throw fileError("make recording", path, error);
    }
  }

  /** Adds text, whole. @param now monotonic ms. @throws StateError: the disk is full, and the like. */
  write(text: string, now: number): void {
    const bytes = new TextEncoder().encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
      this.bytes += bytes.length;
      if (now - this.#syncedMs < SYNC_MS) return;
      this.#syncedMs = now;
      this.#sync();
    } catch (error) {
      throw fileError("write recording", this.#path, error);
    }
  }

  #sync(): void {
    try {
      this.#file.syncDataSync();
    } catch (error) {
      // A pipe or a terminal has nothing to bring to a disk: EINVAL.
      if (error instanceof Error && "code" in error && error.code === "EINVAL") return;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
