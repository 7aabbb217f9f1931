/**
 * What `bindlink join` stores for later runs of `bindlink slave`: `slave.json`, 0600, for the token is a secret,
 * and options may hold a proxy's password.
 *
 * @module
 */

import type { StoredJoin } from "../command_request.ts";
import { ensureStateDir } from "./state_dir.ts";
import { readStateFile, removeLeftovers, writeStateFile } from "./state_file.ts";

/** What was stored; null when nothing was. @throws StateError: unreadable, half-written, of a newer version. */
export function readStoredJoin(stateDir: string): StoredJoin | null {
  const fields = readStateFile(slaveFile(stateDir), FORMAT);
  if (fields === null) return null;
  const options = fields.object("options");
  return {
    token: fields.text("token"),
    options: Object.fromEntries(options.keys().map((name) => [name, options.texts(name)])),
  };
}

/** Stores it in place of what was there. @returns what is to be warned of, in sentences. @throws StateError */
export function writeStoredJoin(stateDir: string, join: StoredJoin): readonly string[] {
  const warnings = ensureStateDir(stateDir);
  removeLeftovers(slaveFile(stateDir), LEFTOVER_AGE_MS);
  writeStateFile(slaveFile(stateDir), FORMAT, { token: join.token, options: join.options });
  return warnings;
}

/** Keeps a copy of what is stored now. @returns its path. @throws StateError */
export function keepOldJoin(stateDir: string, join: StoredJoin): string {
  const path = `${slaveFile(stateDir)}.old`;
  writeStateFile(path, FORMAT, { token: join.token, options: join.options });
  return path;
}

function slaveFile(stateDir: string): string {
  return `${stateDir}/slave.json`;
}

const FORMAT = { format: "bindlink slave", version: 1 } as const;

/** No lock guards this file: a temporary one that young may be another `join`'s that is just being written. */
const LEFTOVER_AGE_MS = 60_000;
