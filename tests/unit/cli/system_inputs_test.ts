import assert from "node:assert/strict";
import { readText, systemInputs, type TextSource } from "../../../src/cli/system_inputs.ts";

class FakeSource implements TextSource {
  readonly #chunks: string[];
  readonly #isTerminal: boolean;

  constructor(chunks: readonly string[], isTerminal: boolean) {
    this.#chunks = [...chunks];
    this.#isTerminal = isTerminal;
  }

  get left(): readonly string[] {
    return this.#chunks;
  }

  isTerminal(): boolean {
    return this.#isTerminal;
  }

  readSync(buffer: Uint8Array): number | null {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return null;
    return new TextEncoder().encodeInto(chunk, buffer).written;
  }
}

const noPrompt = (): void => assert.fail("prompted");

Deno.test("readText reads a pipe to its end, however it comes", () => {
  assert.equal(readText(new FakeSource(["a", "b\nc", "\n"], false), noPrompt), "ab\nc\n");
  assert.equal(readText(new FakeSource([], false), noPrompt), "");
});

Deno.test("readText asks a terminal and reads one line that is not empty", () => {
  let prompts = 0;
  const source = new FakeSource(["\n", "  \n", "token\n", "more\n"], true);
  assert.equal(readText(source, () => prompts++).trim(), "token");
  assert.equal(prompts, 1);
  assert.deepEqual(source.left, ["more\n"]);
});

Deno.test("readText does not read without end", () => {
  const endless: TextSource = {
    isTerminal: () => false,
    readSync: (buffer) => buffer.length,
  };
  assert.throws(() => readText(endless, noPrompt), /more than 65536 bytes/);
});

Deno.test("systemInputs reads files and leaves none open", () => {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, "text\n");
    assert.equal(systemInputs().readFile(path), "text\n");
    assert.throws(() => systemInputs().readFile(`${path}/x`));
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("systemInputs makes paths absolute", () => {
  assert.equal(systemInputs().absolutePath("a/../k"), `${Deno.cwd()}/k`);
  assert.equal(systemInputs().absolutePath("/a/k"), "/a/k");
});

Deno.test("systemInputs finds nothing stored in a directory that is not there", () => {
  assert.equal(systemInputs().readStoredJoin("/no/such/directory"), null);
});

Deno.test("systemInputs tells of a configuration file whether all can read it", () => {
  const folder = Deno.makeTempDirSync({ prefix: "bindlink-config-" });
  try {
    const path = `${folder}/slave.toml`;
    const { readConfigFile } = systemInputs();
    assert.equal(readConfigFile(path), null);
    Deno.writeTextFileSync(path, "mtu = 1300");
    Deno.chmodSync(path, 0o640);
    assert.deepEqual(readConfigFile(path), { text: "mtu = 1300", isReadableByOthers: false });
    Deno.chmodSync(path, 0o644);
    assert.equal(readConfigFile(path)?.isReadableByOthers, true);
    assert.equal(readConfigFile("/dev/null")?.text, "");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("systemInputs reads a pipe once, and gives the same when the options are read again", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/fifo`;
    await makeFifo(path);
    const writer = new Deno.Command("sh", { args: ["-c", 'echo mtu=1300 > "$0"', path] }).spawn();
    const inputs = systemInputs();
    assert.equal(inputs.readConfigFile(path)?.text, "mtu=1300\n");
    await writer.status;
    // Nobody writes any more: a second look at the pipe would wait without end.
    assert.equal(inputs.readConfigFile(path)?.text, "mtu=1300\n");
    assert.equal(inputs.readFile(path), "mtu=1300\n");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("systemInputs does not wait for a pipe in place of a file that was read", async () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/slave.toml`;
    Deno.writeTextFileSync(path, "mtu=1300");
    const inputs = systemInputs();
    assert.equal(inputs.readConfigFile(path)?.text, "mtu=1300");
    Deno.removeSync(path);
    await makeFifo(path);
    assert.throws(() => inputs.readConfigFile(path), /it was a file at the start/);
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, "mtu=1400");
    assert.equal(inputs.readConfigFile(path)?.text, "mtu=1400");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("systemInputs takes a configuration file that is deleted for no empty one", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/slave.toml`;
    const inputs = systemInputs();
    assert.equal(inputs.readConfigFile(path), null);
    Deno.writeTextFileSync(path, "mtu=1300");
    assert.equal(inputs.readConfigFile(path)?.text, "mtu=1300");
    Deno.removeSync(path);
    assert.throws(() => inputs.readConfigFile(path), /slave\.toml" was there before, and is gone/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

async function makeFifo(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] }).output();
  assert(success);
}
