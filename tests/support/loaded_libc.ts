/**
 * Loads the C library before the first test of a file: it stays open, and would count as a leak of whichever test
 * first opens a UDP socket. Import it for that.
 *
 * @module
 */

import { loadLibc } from "../../ffi/libc.ts";

if (Deno.build.os === "linux") loadLibc();
