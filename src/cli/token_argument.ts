/**
 * The join token as a word of a command line.
 *
 * @module
 */

import type { ArgumentSpec } from "./command_table.ts";

/** It may also be an option, a file, or stored. */
export const TOKEN_ARGUMENT: ArgumentSpec = {
  metavar: "TOKEN",
  help: "The join token; - reads it from stdin.",
  isRequired: false,
};
