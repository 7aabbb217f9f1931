/**
 * Where configuration files are when none is named.
 *
 * @module
 */

import { isAbsolute } from "node:path";

/** What the choice depends on. */
export interface ConfigDirSetting {
  /** Reads an environment variable. */
  readonly environment: (name: string) => string | undefined;
  /** Null where there are no user ids. */
  readonly uid: number | null;
  readonly os: typeof Deno.build.os;
}

/**
 * The folder, by the same conventions as the state directory's (../state/state_dir.ts): systemd's
 * `ConfigurationDirectory=` (systemd.exec(5)), root's /etc, a user's XDG directory, on macOS the user's library; null:
 * nothing tells, so there is no file by default.
 */
export function defaultConfigDir({ environment, uid, os }: ConfigDirSetting): string | null {
  // A list when the unit names several.
  const bySystemd = absolute(environment("CONFIGURATION_DIRECTORY")?.split(":")[0]);
  if (bySystemd !== null) return bySystemd;
  const home = absolute(environment("HOME"));
  if (os === "darwin" && home !== null) return `${home}/Library/Application Support/bindlink`;
  if (uid === 0) return "/etc/bindlink";
  const byXdg = absolute(environment("XDG_CONFIG_HOME"));
  if (byXdg !== null) return `${byXdg}/bindlink`;
  return home === null ? null : `${home}/.config/bindlink`;
}

/** The XDG specification has relative paths ignored; so with the others. */
function absolute(path: string | undefined): string | null {
  if (path === undefined || !isAbsolute(path)) return null;
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}
