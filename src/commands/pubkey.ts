/**
 * `bindlink pubkey`: the public key of a secret one, which is read from stdin so that it stands in no list of
 * processes and no shell history.
 *
 * @module
 */

import { nobleDiffieHellman } from "../peer/primitives.ts";
import { decodeKey, encodeKey } from "../state/key_text.ts";
import { UsageError } from "../usage_error.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";

/** Reads a secret key, prints its public key. @throws UsageError when it is none: the message shows nothing of it. */
export async function runPubkey(io: CommandIo): Promise<void> {
  if (io.stdin.isTerminal) {
    printNote(
      io,
      "Paste the secret key and press Enter (a pipe does as well: bindlink keygen | tee secret | bindlink pubkey)\n",
    );
  }
  const text = (await readFirstLine(io)).trim();
  if (text === "") {
    throw new UsageError(
      'There is no key on stdin: type "bindlink pubkey < FILE", or "bindlink keygen | bindlink pubkey"',
    );
  }
  const secretKey = decodeKey(text);
  if (secretKey === null) {
    throw new UsageError(
      "What is on stdin is not a secret key: 32 bytes in base64, 44 characters, as " +
        '"bindlink keygen" prints them',
    );
  }
  printResult(io, `${encodeKey(nobleDiffieHellman.publicKey(secretKey))}\n`);
}

/** All up to the first line feed after something that is not blank, or to the end; no more than a key could need. */
async function readFirstLine(io: CommandIo): Promise<string> {
  const decoder = new TextDecoder();
  const piece = new Uint8Array(MAX_CHARS);
  let text = "";
  while (text.length < MAX_CHARS) {
    const n = await io.stdin.read(piece);
    if (n === null) break;
    text += decoder.decode(piece.subarray(0, n), { stream: true });
    if (text.trimStart().includes("\n")) break;
  }
  return text.trimStart().split("\n", 1)[0] ?? "";
}

const MAX_CHARS = 1024;
