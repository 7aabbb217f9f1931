import assert from "node:assert/strict";
import { runCommand } from "../../../src/commands/run_command.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";

// RFC 7748 §6.1, in base64: Alice's key pair.
const ALICE_SECRET = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
const ALICE_PUBLIC = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";

Deno.test("keygen prints a clamped key, a new one each time", async () => {
  const keys = new Set<string>();
  for (let i = 0; i < 3; i++) {
    const io = new FakeCommandIo();
    assert.equal(await runCommand({ kind: "keygen" }, io), 0);
    assert.match(io.stdout.text, /^[A-Za-z0-9+/]{43}=\n$/);
    const bytes = Uint8Array.from(atob(io.stdout.text.trim()), (char) => char.charCodeAt(0));
    assert.deepEqual([bytes[0]! & 7, bytes[31]! & 0xc0], [0, 0x40]);
    keys.add(io.stdout.text);
  }
  assert.equal(keys.size, 3);
});

Deno.test("pubkey prints the public key of RFC 7748's example, however stdin is cut", async () => {
  const inputs = [[ALICE_SECRET], [`\n  ${ALICE_SECRET} \r\n`], [...`${ALICE_SECRET}\nmore`]];
  for (const pieces of inputs) {
    const io = new FakeCommandIo(...pieces);
    assert.equal(await runCommand({ kind: "pubkey" }, io), 0);
    assert.equal(io.stdout.text, `${ALICE_PUBLIC}\n`);
    assert.equal(io.stderr.text, "");
  }
});

Deno.test("pubkey refuses what is no key, and does not show it", async () => {
  const nonsense = [
    "geheim",
    ALICE_SECRET.slice(1),
    `${ALICE_SECRET}x`,
    "g".repeat(10_000),
    "\0\xff",
  ];
  for (const text of nonsense) {
    const io = new FakeCommandIo(text);
    await assert.rejects(
      runCommand({ kind: "pubkey" }, io),
      (error: unknown) =>
        error instanceof UsageError && /not a secret key.*keygen/.test(error.message) &&
        !error.message.includes(text.slice(0, 6)),
    );
    assert.equal(io.stdout.text, "");
  }
});

Deno.test("pubkey says what to type when stdin is empty", async () => {
  for (const pieces of [[], [""], [" \n \n"]]) {
    await assert.rejects(
      runCommand({ kind: "pubkey" }, new FakeCommandIo(...pieces)),
      (error: unknown) =>
        error instanceof UsageError && /bindlink pubkey < FILE/.test(error.message),
    );
  }
});

Deno.test("pubkey tells a person at a terminal what is awaited", async () => {
  const io = new FakeCommandIo(`${ALICE_SECRET}\n`);
  io.stdin.isTerminal = true;
  await runCommand({ kind: "pubkey" }, io);
  assert.match(io.stderr.text, /Paste the secret key and press Enter/);
  assert.equal(io.stdout.text, `${ALICE_PUBLIC}\n`);
});

Deno.test("keygen fails when nobody reads the key", async () => {
  const io = Object.assign(new FakeCommandIo(), {
    stdout: {
      writeSync(): number {
        throw new Deno.errors.BrokenPipe("Broken pipe");
      },
    },
  });
  await assert.rejects(
    (async () => await runCommand({ kind: "keygen" }, io))(),
    /Cannot write the result to stdout/,
  );
});
