/**
 * The C library, loaded when first asked for and kept until the process ends.
 *
 * It is never loaded at import: `bindlink --help` and the TCP stand-in work where there is none.
 *
 * @module
 */

import { LIBC_SYMBOLS } from "./symbols.ts";

/** The functions of `symbols.ts`, callable. */
export type Libc = {
  readonly [K in keyof Symbols]: WithNumbers<Symbols[K]>;
};

type Symbols = Deno.DynamicLibrary<typeof LIBC_SYMBOLS>["symbols"];

/** Deno's types say `bigint` for a `u64`; what it takes is `number | bigint`, and a number is not allocated. */
type WithNumbers<F> = F extends (...args: infer A) => infer R
  ? (...args: { [K in keyof A]: A[K] extends bigint ? number : A[K] }) => R
  : never;

/**
 * glibc's name on every architecture, then musl's: Alpine has the loader's name (`ld-musl-*.so.1` is
 * the C library itself), and `libc.so` where the development files are installed.
 */
const LIBC_NAMES: readonly string[] = [
  "libc.so.6",
  "ld-musl-x86_64.so.1",
  "ld-musl-aarch64.so.1",
  "libc.musl-x86_64.so.1",
  "libc.musl-aarch64.so.1",
  "libc.so",
];

let loaded: Libc | null = null;
let errnoView: Deno.UnsafePointerView | null = null;

/**
 * The C library.
 *
 * A test with `sanitizeResources` calls this once at module level: the library stays open, and would
 * otherwise count as a leak of whichever test came first.
 * @throws Error when none can be loaded, listing what was tried.
 */
export function loadLibc(): Libc {
  if (loaded !== null) return loaded;
  const libc = openLibc(LIBC_NAMES);
  // The place of errno is this thread's own and stays where it is, so it is asked for once, and now:
  // an isolate never changes its thread, and a worker has its own copy of this module.
  const location = libc.errnoLocation();
  if (location === null) throw new Error("Invariant: __errno_location returned NULL");
  errnoView = new Deno.UnsafePointerView(location);
  return loaded = libc;
}

/**
 * Hot. The errno of the synchronous call that has just failed on this thread: read it before
 * anything else is called.
 */
export function lastErrno(): number {
  if (errnoView === null) throw new Error("Invariant: errno read before any call");
  return errnoView.getInt32();
}

/**
 * Loads the first library of `names` that can be had. For {@link loadLibc}, and for the test of its error.
 * @throws Error when none can be loaded, listing what was tried.
 */
export function openLibc(names: readonly string[]): Libc {
  if (Deno.build.os !== "linux" || !SUPPORTED_ARCHS.includes(Deno.build.arch)) {
    // Layouts and numbers in this folder are those of Linux on these two; see also symbols.ts.
    throw new Error(
      `Cannot load the C library: ${Deno.build.os} on ${Deno.build.arch} is not supported ` +
        "(Linux on x86-64 or arm64 is)",
    );
  }
  const failures: string[] = [];
  for (const name of names) {
    try {
      return Deno.dlopen(name, LIBC_SYMBOLS).symbols as unknown as Libc;
    } catch (error) {
      // Not found, or no permission to use FFI: both belong into the list.
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`Cannot load the C library, tried ${failures.join("; ")}`);
}

const SUPPORTED_ARCHS: readonly string[] = ["x86_64", "aarch64"];
