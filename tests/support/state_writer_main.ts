/**
 * Writes a state file again and again, for tests that kill it meanwhile or fill the disk.
 *
 *   state_writer_main.ts PATH PADDING_BYTES COUNT
 *
 * After each write a line on stdout: `wrote SERIAL`, or `failed MESSAGE`.
 *
 * @module
 */

import { StateError } from "../../src/state/state_error.ts";
import { writeStateFile } from "../../src/state/state_file.ts";
import { writeText } from "../../src/text_output.ts";

const [path = "", paddingBytes = "0", count = "1"] = Deno.args;

for (let serial = 1; serial <= Number(count); serial++) {
  let line = `wrote ${serial}`;
  try {
    writeStateFile(path, { format: "test", version: 1 }, {
      serial,
      padding: "x".repeat(Number(paddingBytes)),
    });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    line = `failed ${error.message}`;
  }
  writeText(Deno.stdout, `${line}\n`, 1_000);
}
