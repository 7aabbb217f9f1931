/**
 * `bindlink doctor` with shorter silences than a user's: prints its findings as JSON. The first word is the silences in ms, separated by
 * commas; the rest a command line of the doctor.
 *
 * @module
 */

import { readCommandLine } from "../../src/cli/command_line.ts";
import { systemInputs } from "../../src/cli/system_inputs.ts";
import { examine } from "../../src/doctor/examine.ts";

const [silences = "", ...args] = Deno.args;
const result = await readCommandLine(["doctor", ...args], {
  environment: () => undefined,
  versionText: "",
  hasColors: false,
  columns: 100,
  openInputs: () => Promise.resolve(systemInputs()),
});
if (result.kind !== "command" || result.request.kind !== "doctor") {
  throw new Error("This is no command line of the doctor");
}
const findings = await examine(result.request, () => {}, silences.split(",").map(Number));
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(findings)));
