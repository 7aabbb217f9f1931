/**
 * Logs to stderr as the daemon does: as many lines as its argument says, and then one for each line on
 * stdin. Says on stdout what it has done.
 *
 * @module
 */

import { setUpLog } from "../../src/log.ts";
import { openLogWriter } from "../../src/main.ts";
import { readLines } from "./read_lines.ts";

const logger = setUpLog({
  level: "info",
  format: "text",
  hasColors: false,
  writer: await openLogWriter(),
});
const say = (text: string): void => {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
};

for (let i = 0; i < Number(Deno.args[0]); i++) logger.info("Line of a flood", { line: i });
say("flooded");
for await (const _ of readLines(Deno.stdin.readable)) {
  logger.info("Line of a request");
  say("answered");
}
