import assert from "node:assert/strict";
import { type SyncWriter, writeText } from "../../src/text_output.ts";

/** Takes at most `stepBytes` a call, after throwing what it is told to throw. */
class FakeWriter implements SyncWriter {
  readonly #bytes: number[] = [];
  readonly #stepBytes: number;
  readonly #errors: Error[];

  constructor(stepBytes: number, errors: readonly Error[] = []) {
    this.#stepBytes = stepBytes;
    this.#errors = [...errors];
  }

  writeSync(bytes: Uint8Array): number {
    const error = this.#errors.shift();
    if (error !== undefined) throw error;
    const taken = bytes.subarray(0, this.#stepBytes);
    this.#bytes.push(...taken);
    return taken.length;
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.#bytes));
  }
}

Deno.test("writeText writes all of a text in as many calls as it takes", () => {
  const writer = new FakeWriter(3);
  assert.equal(writeText(writer, "grüße an alle\n", 0), true);
  assert.equal(writer.text, "grüße an alle\n");
});

Deno.test("writeText survives a reader that went away", () => {
  assert.equal(writeText(new FakeWriter(9, [new Deno.errors.BrokenPipe()]), "text", 1000), false);
});

Deno.test("writeText waits for a slow reader as long as it may", () => {
  const full = (times: number): Error[] => Array(times).fill(new Deno.errors.WouldBlock());
  const patient = new FakeWriter(9, full(2));
  assert.equal(writeText(patient, "text", 1000), true);
  assert.equal(patient.text, "text");
  assert.equal(writeText(new FakeWriter(9, full(5)), "text", 10), false);
});

Deno.test("writeText without patience gives up on a full pipe at once", () => {
  assert.equal(writeText(new FakeWriter(9, [new Deno.errors.WouldBlock()]), "text", 0), false);
});
