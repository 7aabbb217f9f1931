/**
 * How a token gets to a slave: by `bindlink join`, a file, the environment, stdin; and keys that are the slave's own.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import {
  BINDLINK_FROM_SOURCE,
  type BindlinkOptions,
  BindlinkProcess,
} from "../support/bindlink_process.ts";
import { DantedPhones } from "../support/danted_phones.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { printFigures } from "../support/figures.ts";
import { MasterFolder } from "../support/master_folder.ts";
import { canUseNamespaces, type Namespace } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { ping, waitForPing } from "../support/ping.ts";
import { TestProcess } from "../support/process.ts";
import { TempDir } from "../support/temp_dir.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

Deno.test({
  name: "join stores token and proxies, so that slave alone is enough",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, pair } = network;
    await using _proxies = await DantedPhones.start(network);
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    using folder = new TempDir();
    const state = ["--state-dir", `${folder.path}/state`];
    const joined = await runOnce(
      ["join", "-", ...state, "--proxies", network.proxies],
      bash('exec "$@" < <(printf " %s\\n" "$PASTED")', { PASTED: pair.token }),
    );
    assert.equal(joined.code, 0, joined.output);
    assert.match(joined.output, /Joined the master at 10\.99\.0\.1:4000/);
    assert(!joined.output.includes(pair.token));
    {
      await using slave = await BindlinkProcess.start(laptop, ["slave", ...state]);
      await slave.waitForLinks([1, 2]);
      assert.equal((await ping(laptop, INNER_MASTER, 20)).received, 20);
    }
    // Links on the command line replace those stored; the token stays.
    const first = network.proxies.split(",")[0]!;
    await using slave = await BindlinkProcess.start(laptop, [
      "slave",
      ...state,
      "--proxies",
      first,
    ]);
    await slave.waitForLinks([1]);
    await waitForPing(laptop, INNER_MASTER);
  },
});

Deno.test({
  name: "a token comes from a file, the environment or stdin, a key from the slave itself",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    await using network = await DirectNetwork.create();
    const { laptop, server, pair } = network;
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    using folder = new TempDir();
    const state = ["--state-dir", `${folder.path}/state`];
    const file = `${folder.path}/laptop.token`;
    // As a mail program leaves it: with a line's end in the middle, and one of Windows at the end.
    const { token } = pair;
    await Deno.writeTextFile(file, `${token.slice(0, 60)}\n${token.slice(60)}\r\n`);

    await t.step("--token-file", () => assertWorks(laptop, [...state, "--token-file", file]));
    await t.step(
      "BINDLINK_TOKEN",
      () => assertWorks(laptop, state, { env: { BINDLINK_TOKEN: token } }),
    );
    await t.step("stdin", () =>
      assertWorks(
        laptop,
        ["-", ...state],
        bash('exec "$@" < <(printf "%s\\n" "$PASTED")', { PASTED: token }),
      ));
    await t.step("--token-file -", () =>
      assertWorks(
        laptop,
        [...state, "--token-file", "-"],
        bash('exec "$@" < "$TOKEN_FILE"', { TOKEN_FILE: file }),
      ));

    await t.step("a secret key that never left the slave", async () => {
      const keyFile = `${folder.path}/slave.key`;
      const secret = (await runOnce(["keygen"])).output;
      await Deno.writeTextFile(keyFile, `${secret}\n`, { mode: 0o600 });
      const stdin = bash('exec "$@" < "$KEY_FILE"', { KEY_FILE: keyFile });
      const publicKey = (await runOnce(["pubkey"], stdin)).output;
      const keyless = await pair.state.run("invite", "own-key", "--public-key", publicKey);
      const args = [...state, "--token", keyless];
      await assertWorks(laptop, [...args, "--key-file", keyFile]);
      const without = await runOnce(["slave", ...args]);
      assert.equal(without.code, 2);
      assert.match(without.output, /^error: .*--key-file[^\n]*$/);
      const before = await master.drops("unknown_key");
      // Another's key is no key to this door: not a word comes back.
      await Deno.writeTextFile(keyFile, (await runOnce(["keygen"])).output);
      await using stranger = await BindlinkProcess.start(
        laptop,
        ["slave", ...args, "--key-file", keyFile],
      );
      await awaitCondition(
        "its handshake to be refused",
        async () => await master.drops("unknown_key") > before,
      );
      assert.deepEqual(await stranger.linksUp(), []);
    });
  },
});

Deno.test({
  name: "of several endpoints in the token the first that answers is used",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 2 });
    const { laptop, server, pair } = network;
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    // Nobody has the first.
    const token = await pair.state.invite("picky", "10.1.1.77:4000", "10.1.2.2:4000");
    const startedMs = performance.now();
    await using slave = await BindlinkProcess.start(laptop, pair.state.slaveArgs(token));
    await slave.process.waitForLine(/Link up.* id=1 remote=10\.1\.2\.2:4000/, 30_000);
    printFigures("a dead endpoint before a live one", {
      "link up after": `${((performance.now() - startedMs) / 1_000).toFixed(1)} s`,
    });
    await waitForPing(laptop, INNER_MASTER);
  },
});

Deno.test({
  name: "a token cut off or mistyped is refused in one line, which shows nothing of it",
  async fn(): Promise<void> {
    await using master = await MasterFolder.create();
    const token = await master.invite("laptop", "192.0.2.1:4000");
    using folder = new TempDir();
    const state = ["--state-dir", `${folder.path}/state`];
    const file = `${folder.path}/token`;
    const cutOff = token.slice(0, -20);
    const other = token[50] === "A" ? "B" : "A";
    const mistyped = `${token.slice(0, 50)}${other}${token.slice(51)}`;
    const bad = [[cutOff, /cut off/], [mistyped, /mistyped/]] as const;
    for (const [text, says] of bad) {
      await Deno.writeTextFile(file, `${text}\n`);
      const pasted = bash('exec "$@" < <(printf "%s\n" "$PASTED")', { PASTED: text });
      await Promise.all([
        assertTokenRefused(text, says, ["join", text, ...state]),
        assertTokenRefused(text, says, ["join", "-", ...state], pasted),
        assertTokenRefused(text, says, ["slave", "--token", text, ...state]),
        assertTokenRefused(text, says, ["slave", "--token-file", file, ...state]),
        assertTokenRefused(text, says, ["slave", ...state], { env: { BINDLINK_TOKEN: text } }),
      ]);
    }
    assert.deepEqual(folder.names(), ["token"], "something was stored");
  },
});

/** Exit code 2, one line, and no six characters in a row of the token. */
async function assertTokenRefused(
  token: string,
  says: RegExp,
  args: readonly string[],
  options: BindlinkOptions = {},
): Promise<void> {
  const { code, output } = await runOnce(args, options);
  assert.equal(code, 2, output);
  assert.match(output, /^error: [^\n]*$/);
  assert.match(output, says);
  const digits = token.slice("bindlink1_".length);
  for (let i = 0; i + 6 <= digits.length; i++) {
    assert(!output.includes(digits.slice(i, i + 6)), "a part of the token is shown");
  }
}

/** The slave with these options reaches the master. */
async function assertWorks(
  laptop: Namespace,
  args: readonly string[],
  options: BindlinkOptions = {},
): Promise<void> {
  await using slave = await BindlinkProcess.start(laptop, ["slave", ...args], options);
  await slave.waitForLinks([1]);
  await waitForPing(laptop, INNER_MASTER);
}

/** Runs it by bash, as `"$@"` in a script. It becomes the program: same process id. */
function bash(script: string, env: Readonly<Record<string, string>>): BindlinkOptions {
  return { program: ["bash", "-c", script, "bash", ...BINDLINK_FROM_SOURCE], env };
}

/** Runs a command to its end, whatever that is. */
async function runOnce(
  args: readonly string[],
  options: BindlinkOptions = {},
): Promise<{ readonly code: number; readonly output: string }> {
  const { program = BINDLINK_FROM_SOURCE, ...rest } = options;
  await using process = new TestProcess([...program, ...args], rest);
  const { code } = await process.status;
  return { code, output: process.output };
}
