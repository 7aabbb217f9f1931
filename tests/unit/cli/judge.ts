/**
 * Judges command lines for the tests, without the system; no error may show a secret.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type CommandLineResult, readCommandLine } from "../../../src/cli/command_line.ts";
import type { CommandRequest, StoredJoin } from "../../../src/command_request.ts";
import type {
  DaemonOptions,
  LegacyOptions,
  MasterOptions,
  SlaveOptions,
} from "../../../src/daemon_options.ts";
import { deriveSlaveSecrets, encodeJoinToken } from "../../../src/peer/join_token.ts";
import { encodeKey } from "../../../src/state/key_text.ts";
import { UsageError } from "../../../src/usage_error.ts";

/** What surrounds a command line. */
export interface Setting {
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Configuration files; without a name, `/etc/bindlink/slave.toml` and `master.toml` are looked for. */
  readonly configs?: Readonly<Record<string, string>>;
  /** Whether all users can read them. */
  readonly areConfigsPublic?: boolean;
  /** By state directory. */
  readonly stored?: Readonly<Record<string, StoredJoin>>;
}

/** The state directory when none is named. */
export const DEFAULT_STATE_DIR = "/state";

export const MASTER_KEY: Uint8Array<ArrayBuffer> = sequence(1);
export const SEED: Uint8Array<ArrayBuffer> = sequence(101);
export const SECRET_KEY: Uint8Array<ArrayBuffer> = sequence(201);
export const SECRET_KEY_TEXT: string = encodeKey(SECRET_KEY);
export const PASSWORD = "Hunter2pw";

/** Where TOKEN says that the master is. */
export const ENDPOINTS = [{ host: "203.0.113.5", port: 4321 }, { host: "2001:db8::5", port: 4321 }];

/** A token that brings keys. */
export const TOKEN: string = encodeJoinToken({
  masterKey: MASTER_KEY,
  seed: SEED,
  endpoints: ENDPOINTS,
});

/** A token for a slave with a key of its own. */
export const KEYLESS_TOKEN: string = encodeJoinToken({
  masterKey: MASTER_KEY,
  seed: null,
  endpoints: ENDPOINTS,
});

/** What SEED stands for. */
export const IDENTITY = { ...deriveSlaveSecrets(SEED), masterKey: MASTER_KEY };

/** Reads a command line. */
export function read(argv: readonly string[], setting: Setting = {}): Promise<CommandLineResult> {
  return readCommandLine(argv, {
    environment: (name) => setting.environment?.[name],
    versionText: "bindlink 1.2.3\nsecond line\n",
    hasColors: false,
    columns: 100,
    openInputs: () =>
      Promise.resolve({
        readFile: (path) => setting.files?.[path] ?? notFound(),
        readStdin: () => setting.stdin ?? "",
        absolutePath: (path) => `/cwd/${path}`,
        defaultStateDir: () => DEFAULT_STATE_DIR,
        defaultConfigFile: (role) => `/etc/bindlink/${role}.toml`,
        readConfigFile: (path) => {
          const text = setting.configs?.[path];
          const isReadableByOthers = setting.areConfigsPublic ?? false;
          return text === undefined ? null : { text, isReadableByOthers };
        },
        readStoredJoin: (stateDir) => setting.stored?.[stateDir] ?? null,
      }),
  });
}

/** The options of a run of the daemon. @param line its words are cut at single blanks. */
export async function options(line: string, setting: Setting = {}): Promise<DaemonOptions> {
  const result = await read(line.split(" "), setting);
  return result.kind === "run" ? result.options : assert.fail(`${line}: ${result.kind}`);
}

/** The options of a master with sessions. */
export async function master(line: string, setting: Setting = {}): Promise<MasterOptions> {
  const result = await options(`master ${line}`.trim(), setting);
  assert.ok(result.role === "master" && result.protocol === "secure");
  return result;
}

/** The options of a slave with sessions. @param line an empty one is "slave" alone. */
export async function slave(line: string, setting: Setting = {}): Promise<SlaveOptions> {
  const result = await options(`slave ${line}`.trim(), setting);
  assert.ok(result.role === "slave" && result.protocol === "secure");
  return result;
}

/** The options of an end that speaks the original's protocol. */
export async function legacy(line: string, setting: Setting = {}): Promise<LegacyOptions> {
  const result = await options(line, setting);
  return result.protocol === "legacy" ? result : assert.fail(`${line}: ${result.protocol}`);
}

/** What a command that ends by itself was asked for. */
export async function request(line: string, setting: Setting = {}): Promise<CommandRequest> {
  const result = await read(line.split(" "), setting);
  return result.kind === "command" ? result.request : assert.fail(`${line}: ${result.kind}`);
}

/** A text to print. */
export async function printed(
  ...argv: string[]
): Promise<Extract<CommandLineResult, { kind: "print" }>> {
  const result = await read(argv);
  return result.kind === "print" ? result : assert.fail(`not printed: ${result.kind}`);
}

/** What a wrong command line is told: one line, without a secret. */
export async function complaint(line: string, setting: Setting = {}): Promise<string> {
  return await complaintAbout(line.split(" "), setting);
}

/** As {@link complaint}, for words with blanks. */
export async function complaintAbout(
  argv: readonly string[],
  setting: Setting = {},
): Promise<string> {
  const error = await read(argv, setting).then(() => null, (error: unknown) => error);
  assert.ok(error instanceof UsageError, `${argv.join(" ")}: ${String(error)}`);
  assertHarmless(error.message);
  return error.message;
}

/** Fails when a text shows a secret or a good piece of one, or has several lines. */
export function assertHarmless(text: string): void {
  assert.ok(!/[\p{Cc}]/u.test(text), JSON.stringify(text));
  assert.ok(!text.includes(PASSWORD), text);
  for (const secret of [TOKEN, KEYLESS_TOKEN, SECRET_KEY_TEXT, encodeKey(SEED)]) {
    const body = secret.replace(/^bindlink\d_/, "");
    for (let i = 0; i + PIECE_CHARS <= body.length; i++) {
      assert.ok(!text.includes(body.slice(i, i + PIECE_CHARS)), text);
    }
  }
}

/** So much of a secret is a leak: no word of a message is that long and in a token by chance. */
const PIECE_CHARS = 12;

function sequence(first: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: 32 }, (_, i) => (first + 7 * i) & 0xff);
}

function notFound(): never {
  throw new Deno.errors.NotFound("No such file or directory (os error 2)");
}
