/**
 * `bindlink keygen`: a new secret key.
 *
 * @module
 */

import { encodeKey } from "../state/key_text.ts";
import { generateSecretKey } from "../state/secret_key.ts";
import { type CommandIo, printResult } from "./command_io.ts";

/** Prints a new secret key as `wg genkey` does. @throws Error when it cannot be written. */
export function runKeygen(io: CommandIo): void {
  printResult(io, `${encodeKey(generateSecretKey())}\n`);
}
