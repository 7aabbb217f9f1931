/**
 * OpenSSL's libcrypto, loaded when first asked for and kept until the process ends.
 *
 * It is an option, not a need: where there is none, the packets are sealed by libsodium, at a fifth of the speed. So
 * a failure to load it is an error that says what was tried, for the caller to write down and go on.
 *
 * @module
 */

import { Arena } from "./arena.ts";
import { LIBCRYPTO_SYMBOLS } from "./crypto_symbols.ts";

/** The functions of `crypto_symbols.ts`, callable, and whose they are. */
export interface Libcrypto {
  /** For ffi/ alone: it takes and gives addresses. */
  readonly symbols: LibcryptoFunctions;
  /** For the log: `libcrypto.so.3 (OpenSSL 3.0.15)`. */
  readonly label: string;
}

/** Addresses are BigInts: evp_aead.ts says how they are passed without making one. */
export type LibcryptoFunctions = Deno.DynamicLibrary<typeof LIBCRYPTO_SYMBOLS>["symbols"];

let loaded: Libcrypto | null = null;

/**
 * The library.
 *
 * A test with `sanitizeResources` calls this once at module level: the library stays open, and would otherwise count
 * as a leak of whichever test came first.
 * @throws Error when none can be loaded, listing what was tried. It is tried anew on the next call.
 */
export function loadLibcrypto(): Libcrypto {
  return loaded ??= openLibcrypto(Deno.build.os === "darwin" ? MACOS_PATHS : SONAMES);
}

/**
 * Loads the first library of `names` that can be had. For {@link loadLibcrypto}, and for the test of its error.
 * @throws Error when none can be loaded, listing what was tried.
 */
export function openLibcrypto(names: readonly string[]): Libcrypto {
  if (!LITTLE_ENDIAN_64_BIT_ARCHS.includes(Deno.build.arch)) {
    throw new Error(`Cannot load libcrypto: ${Deno.build.arch} is not supported`);
  }
  const failures: string[] = [];
  for (const name of names) {
    try {
      const symbols = Deno.dlopen(name, LIBCRYPTO_SYMBOLS).symbols;
      return { symbols, label: `${name} (${readVersion(symbols)})` };
    } catch (error) {
      // Not found, a function missing (OpenSSL 1.0, LibreSSL), or no permission to use FFI: all belong into the list.
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(`Cannot load libcrypto, tried ${failures.join("; ")}`);
}

/**
 * Why the call before this one failed, from this thread's queue of errors, which is emptied: ` (error:...)`, or
 * nothing when it says nothing. For the message of an error.
 */
export function describeCryptoError(symbols: LibcryptoFunctions): string {
  let newest = 0n;
  for (let code = symbols.takeError(); code !== 0n; code = symbols.takeError()) newest = code;
  if (newest === 0n) return "";
  using arena = new Arena(ERROR_TEXT_BYTES);
  const text = arena.take(ERROR_TEXT_BYTES);
  symbols.errorString(newest, BigInt(text.address), BigInt(ERROR_TEXT_BYTES));
  return ` (${new TextDecoder().decode(text.bytes.subarray(0, text.bytes.indexOf(0)))})`;
}

/** `OpenSSL 3.0.15` of `OpenSSL 3.0.15 3 Sep 2024 (Library: ...)`. */
function readVersion(symbols: LibcryptoFunctions): string {
  const text = symbols.openSslVersion(OPENSSL_VERSION);
  if (text === null) return "unknown version";
  return Deno.UnsafePointerView.getCString(text).split(" ").slice(0, 2).join(" ");
}

/** Debian 12 and later have 3, Debian 11 and RHEL 8 have 1.1; the plain name is there with development files only. */
const SONAMES: readonly string[] = [
  "libcrypto.so.3",
  "libcrypto.so.1.1",
  "libcrypto.so.4",
  "libcrypto.so",
];

/**
 * Homebrew's, on Apple's and on Intel's processors, and MacPorts'. Whole paths only: dyld looks for a bare name in the
 * working directory too, where anybody may have put one, and the system's own `libcrypto.dylib` aborts the process
 * that loads it ("loading libcrypto in an unsafe way").
 */
const MACOS_PATHS: readonly string[] = ["/opt/homebrew/opt", "/usr/local/opt"].flatMap((folder) => [
  `${folder}/openssl@3/lib/libcrypto.3.dylib`,
  `${folder}/openssl@1.1/lib/libcrypto.1.1.dylib`,
]).concat("/opt/local/lib/libcrypto.3.dylib");

/** Addresses are numbers below 2^53, a C `int` is read little-endian. */
const LITTLE_ENDIAN_64_BIT_ARCHS: readonly string[] = ["x86_64", "aarch64"];

/** `OPENSSL_VERSION`: the name, the version, the date; include/openssl/crypto.h. */
const OPENSSL_VERSION = 0;

/** ERR_error_string(3) asks for 256. */
const ERROR_TEXT_BYTES = 256;
