/**
 * Where keys and slaves are kept: which directory by default, and that it is there.
 *
 * @module
 */

import { dirname, isAbsolute } from "node:path";

import { UsageError } from "../usage_error.ts";
import { fileError, StateError } from "./state_error.ts";
import { syncDirectory } from "./state_file.ts";

/** Looks up an environment variable. */
type Environment = (name: string) => string | undefined;

/**
 * The state directory when none is named. systemd's `StateDirectory=` comes first (systemd.exec(5)), then root's
 * /var/lib, a user's XDG directory (XDG Base Directory Specification 0.8), and on macOS the user's library.
 * @param uid null where there are no user ids.
 * @param home the user's home directory, if there is one.
 * @throws UsageError when nothing tells where it could be.
 */
export function defaultStateDir(
  environment: Environment,
  uid: number | null,
  os: typeof Deno.build.os,
  home: string | undefined,
): string {
  // A list when the unit names several.
  const bySystemd = absolute(environment("STATE_DIRECTORY")?.split(":")[0]);
  if (bySystemd !== null) return bySystemd;
  const homeDir = absolute(home);
  if (os === "darwin" && homeDir !== null) {
    return `${homeDir}/Library/Application Support/bindlink`;
  }
  if (uid === 0) return "/var/lib/bindlink";
  const byXdg = absolute(environment("XDG_STATE_HOME"));
  if (byXdg !== null) return `${byXdg}/bindlink`;
  if (homeDir !== null) return `${homeDir}/.local/state/bindlink`;
  throw new UsageError(
    "Cannot choose a state directory: STATE_DIRECTORY, XDG_STATE_HOME and HOME are not set; " +
      "name one with --state-dir DIRECTORY",
  );
}

/**
 * Makes the directory, 0700, when it is not there.
 * @returns what is to be warned of, in sentences.
 * @throws StateError
 */
export function ensureStateDir(stateDir: string): readonly string[] {
  const before = statOrNull(stateDir);
  if (before === null) {
    try {
      Deno.mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw fileError("make state directory", stateDir, error);
    }
    syncQuietly(dirname(stateDir));
    return [];
  }
  if (!before.isDirectory) {
    throw new StateError(
      `Cannot use state directory ${JSON.stringify(stateDir)}: it is not a directory ` +
        "(choose another with --state-dir)",
    );
  }
  const isWorldWritable = before.mode !== null && (before.mode & S_IWOTH) !== 0;
  return isWorldWritable
    ? [
      `State directory ${JSON.stringify(stateDir)} is writable by all users: ` +
      "they can replace the keys in it; make it private with chmod 0700",
    ]
    : [];
}

/** The directory above may be one that we cannot read. */
function syncQuietly(path: string): void {
  try {
    syncDirectory(path);
  } catch {
    // Without it a power cut within seconds could take the new directory.
  }
}

function statOrNull(stateDir: string): Deno.FileInfo | null {
  try {
    return Deno.statSync(stateDir);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw fileError("use state directory", stateDir, error);
  }
}

/** The XDG specification has relative paths ignored; so with the others. */
function absolute(path: string | undefined): string | null {
  if (path === undefined || !isAbsolute(path)) return null;
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

/** inode(7): others may write. */
const S_IWOTH = 0o002;
