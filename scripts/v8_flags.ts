/**
 * What V8 is told when the program is started: the compiled one has it built in, tests and benchmarks pass it to the one
 * that runs from source, so that both are measured alike. A program cannot tell V8 itself: Deno's
 * `node:v8` setFlagsFromString does nothing.
 *
 * @module
 */

/**
 * V8 doubles the space for young objects up to 64 MiB, and seldom gives it back: that was 25 MB of resident memory after
 * seconds of load. A packet makes next to no objects, so a small space does (docs/performance.md, "Memory"). It must
 * not be too small: what lives longer than the space lasts goes to the old one, which is collected seldom.
 */
export const V8_FLAGS = "--v8-flags=--max-semi-space-size=2";
