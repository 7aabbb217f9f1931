/**
 * The options about the web page, as data: a part of the table of options.
 *
 * @module
 */

import type { CommandName } from "./command_table.ts";
import type { OptionSpec } from "./option_spec.ts";

const DAEMON: readonly CommandName[] = ["master", "slave", "join"];

/** Where `--http` alone serves: near the metrics, and no default of a service that is common beside a tunnel. */
export const DEFAULT_HTTP = "127.0.0.1:8090";

/** The options, in the order of the help. */
export const WEB_OPTIONS: readonly OptionSpec[] = [
  {
    name: "http",
    metavar: "[HOST:]PORT",
    valueWhenAlone: DEFAULT_HTTP,
    commands: DAEMON,
    protocol: "secure",
    help:
      "Serve a web page that shows what status shows, over time, and switches a slave's links. " +
      `--http alone is ${DEFAULT_HTTP}; without HOST, on 127.0.0.1. On any other address it wants ` +
      "a token, and is not encrypted: give one with --http-token, or take the one that the log " +
      "shows at start.",
  },
  {
    name: "http-token",
    metavar: "TOKEN",
    commands: DAEMON,
    protocol: "secure",
    help: "What the web page asks for, 16 to 256 letters, digits, and . _ ~ + / = -. Other users " +
      "of this machine can see a command line: better give it in the environment variable.",
  },
];
