/**
 * `bindlink join`: stores a token, and options, for later runs of `bindlink slave`.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import { formatHostPort } from "../net_address.ts";
import { decodeJoinToken, encodeJoinToken, type JoinToken } from "../peer/join_token.ts";
import { isEqual } from "../peer/primitives.ts";
import { keepOldJoin, readStoredJoin, writeStoredJoin } from "../state/join_store.ts";
import { UsageError } from "../usage_error.ts";
import { type CommandIo, printNote } from "./command_io.ts";

/** Stores it, and says what comes next. @throws UsageError when the token is none. StateError. */
export function runJoin(request: Extract<CommandRequest, { kind: "join" }>, io: CommandIo): void {
  const { stateDir, join } = request;
  const token = decodeJoinToken(join.token);
  if (typeof token === "string") throw new UsageError(token);
  const notes = replaceNotes(stateDir, token);
  // Written anew: what a mail program put into it is gone.
  const warnings = writeStoredJoin(stateDir, { ...join, token: encodeJoinToken(token) });
  const endpoints = token.endpoints.map(({ host, port }) => formatHostPort(host, port)).join(", ");
  printNote(
    io,
    [
      ...warnings,
      ...notes,
      `Joined the master at ${endpoints} (kept in ${JSON.stringify(stateDir)})`,
      "Next: bindlink slave",
      "",
    ].join("\n"),
  );
}

/** Looks at what was stored before; another master's is kept beside. @returns what to say of it. */
function replaceNotes(stateDir: string, token: JoinToken): string[] {
  const before = readStoredJoin(stateDir);
  if (before === null) return [];
  const tokenBefore = decodeJoinToken(before.token);
  if (typeof tokenBefore !== "string" && isEqual(tokenBefore.masterKey, token.masterKey)) {
    return ["Replaced what was stored before for the same master"];
  }
  const path = keepOldJoin(stateDir, before);
  return [
    `Replaced what was stored before for another master; that is now in ${JSON.stringify(path)}`,
  ];
}
