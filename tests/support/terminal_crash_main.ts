/**
 * Takes the terminal and ends as a program with a bug does: by an error that nobody catches.
 *
 * @module
 */

import { Terminal } from "../../src/top/terminal.ts";

new Terminal().take({ onDisturbed: () => {}, onStop: () => {} });
// Awaited by nobody.
Promise.reject(new Error("a bug"));
