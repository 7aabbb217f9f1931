/**
 * A file of the state directory: JSON that is replaced whole, so that neither a crash nor a full disk leaves
 * half of it, nor loses what was there.
 *
 * Why each step: the new content goes into a file beside, since a file written in place is cut first; that
 * file is synced before it is renamed, since a file system may else write the name before the content (an
 * empty file after a power cut); the directory is synced after, since the name is its content.
 *
 * @module
 */

import { basename, dirname } from "node:path";

import { changeOwner } from "../../ffi/file_owner.ts";
import { errorCode, fileError, StateError } from "./state_error.ts";
import { StateFields } from "./state_fields.ts";

/** What kind of file it is; both stand in it. */
export interface StateFormat {
  /** E.g. `bindlink master`. */
  readonly format: string;
  /** The highest version this program understands, and the one it writes. */
  readonly version: number;
}

/**
 * Whether a file is on the disk when writing it returns. Unsynced, it survives a crash of the program, and most
 * likely a power cut; it takes no time, while syncing stops the daemon for as long as the disk takes.
 */
export type Durability = "synced" | "unsynced";

/**
 * Reads a state file.
 * @returns its fields; null when there is none.
 * @throws StateError: unreadable, not JSON, of another kind, or of a newer version.
 */
export function readStateFile(path: string, { format, version }: StateFormat): StateFields | null {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw fileError("read state file", path, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote the text, which holds keys.
    throw new StateError(
      `Cannot read state file ${JSON.stringify(path)}: it is ` +
        `${text.trim() === "" ? "empty" : "damaged or cut off"} (restore it from a backup, ` +
        "or move it away to begin anew)",
    );
  }
  const fields = new StateFields(path, "", value);
  if (fields.text("format") !== format) {
    throw fields.error("format", `must be ${JSON.stringify(format)}`);
  }
  const found = fields.integer("version", 1, Number.MAX_SAFE_INTEGER);
  if (found > version) {
    throw new StateError(
      `Cannot read state file ${JSON.stringify(path)}: it was written by a newer bindlink ` +
        `(file version ${found}, this program knows ${version}): update this program`,
    );
  }
  return fields;
}

/**
 * Replaces a state file; when it returns, the new content is on the disk, if that was asked for. The file is 0600 from its first
 * moment, and of the directory's owner.
 * @throws StateError: then the old content is still there, unless only the last step, syncing the directory,
 * failed: then it is the old or the new.
 */
export function writeStateFile(
  path: string,
  { format, version }: StateFormat,
  fields: Readonly<Record<string, unknown>>,
  durability: Durability = "synced",
): void {
  const text = `${JSON.stringify({ format, version, ...fields }, null, 2)}\n`;
  const temporary = `${path}${TEMPORARY}${crypto.randomUUID()}`;
  try {
    writeNewFile(temporary, text, durability);
    Deno.renameSync(temporary, path);
    if (durability === "synced") syncDirectory(dirname(path));
  } catch (error) {
    removeQuietly(temporary);
    throw fileError("write state file", path, error);
  }
}

/**
 * Removes what writers that were killed have left beside a file.
 * @param minAgeMs younger ones stay: where there is no lock they may be another writer's.
 */
export function removeLeftovers(path: string, minAgeMs: number): void {
  const prefix = `${basename(path)}${TEMPORARY}`;
  try {
    for (const { name } of Deno.readDirSync(dirname(path))) {
      if (!name.startsWith(prefix)) continue;
      const leftover = `${dirname(path)}/${name}`;
      const writtenAt = Deno.lstatSync(leftover).mtime?.getTime() ?? 0;
      if (Date.now() - writtenAt >= minAgeMs) Deno.removeSync(leftover);
    }
  } catch {
    // They take a little room, no more.
  }
}

/** Gives a file that cannot be understood another name, so that a new one can be begun. @returns where it is now, in words. */
export function setAside(path: string): string {
  try {
    Deno.renameSync(path, `${path}.broken`);
    return `; the file is now ${JSON.stringify(`${path}.broken`)}`;
  } catch {
    return "";
  }
}

/** Syncs a directory, so that names in it survive a power cut. @throws Deno's errors. */
export function syncDirectory(path: string): void {
  using directory = Deno.openSync(path);
  try {
    directory.syncSync();
  } catch (error) {
    // Some file systems (FUSE, network) cannot, and say so this way.
    if (!["EINVAL", "EBADF", "EOPNOTSUPP"].includes(errorCode(error))) throw error;
  }
}

/**
 * Gives a file, made by root in another user's directory, to that user: `sudo bindlink invite` must not
 * leave a service that runs as its own user with files it cannot open.
 * @throws Deno's errors.
 */
export function ownAsDirectory(path: string): void {
  // Elsewhere than on Linux nobody runs it as a service with a user of its own.
  if (Deno.uid() !== 0 || Deno.build.os !== "linux") return;
  const { uid, gid } = Deno.statSync(dirname(path));
  if (uid === null || uid === 0 || Deno.lstatSync(path).uid === uid) return;
  // Not chown: that user could have put a link to another file in its place.
  changeOwner(path, uid, gid ?? uid);
}

function writeNewFile(path: string, text: string, durability: Durability): void {
  using file = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  ownAsDirectory(path);
  const bytes = new TextEncoder().encode(text);
  for (let writtenBytes = 0; writtenBytes < bytes.length;) {
    writtenBytes += file.writeSync(bytes.subarray(writtenBytes));
  }
  if (durability === "synced") file.syncSync();
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made, or was renamed; else the next start removes it.
  }
}

/** Between a file's name and what makes a temporary one unique. */
const TEMPORARY = ".tmp-";
