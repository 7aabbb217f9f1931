/**
 * A slave's keys: out of its token, or its own out of `--key-file`.
 *
 * @module
 */

import type { SlaveIdentity } from "../daemon_options.ts";
import { deriveSlaveSecrets } from "../peer/join_token.ts";
import { KEY_BYTES } from "../peer/key_pair.ts";
import { decodeKey } from "../state/key_text.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions, SingleOption } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { quotePath } from "./quote.ts";
import type { FoundToken } from "./token_source.ts";

/** The keys that go with a token. @throws {UsageError} */
export function buildIdentity(
  { token, subject }: FoundToken,
  given: GivenOptions,
  inputs: CommandLineInputs,
): SlaveIdentity {
  const keyFile = given.findOne("key-file");
  const { seed, masterKey } = token;
  if (seed !== null) {
    if (keyFile === undefined) return { ...deriveSlaveSecrets(seed), masterKey };
    throw new UsageError(
      `${subject} brings its own keys: leave ${keyFile.subject} out, or have the master make a ` +
        "token for your key with: bindlink invite NAME --public-key KEY",
    );
  }
  if (keyFile === undefined) {
    throw new UsageError(
      `${subject} brings no key: add --key-file FILE, the secret key whose public key the master ` +
        "was given",
    );
  }
  const secretKey = readSecretKey(keyFile, inputs);
  return { secretKey, psk: new Uint8Array(KEY_BYTES), masterKey };
}

function readSecretKey(
  { value, subject }: SingleOption,
  inputs: CommandLineInputs,
): Uint8Array<ArrayBuffer> {
  let text: string;
  try {
    text = inputs.readFile(value);
  } catch (cause) {
    throw new Error(`Cannot read ${subject} ${quotePath(value)}`, { cause });
  }
  const key = decodeKey(text.trim());
  if (key !== null) return key;
  throw new UsageError(
    `${subject} ${quotePath(value)}: the file holds no secret key: "bindlink keygen" prints one`,
  );
}
