/**
 * Which program this is, and which runtime carries it.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };

/** Version of bindlink, e.g. `0.1.0`; written once, in deno.json. */
export const VERSION: string = manifest.version;

/** The Deno release that bindlink is made for and released with. scripts/compile.ts takes it from here. */
export const PINNED_DENO_VERSION = "2.9.6";

/** What carries this process; the defaults are this process's own. */
export interface Runtime {
  readonly deno: string;
  readonly v8: string;
  readonly target: string;
  /** True in a program made by `deno compile`. */
  readonly isCompiled: boolean;
}

/** This process's runtime. */
export function currentRuntime(): Runtime {
  return {
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    target: Deno.build.target,
    isCompiled: Deno.build.standalone,
  };
}

/** What `--version` prints; ends with a newline. */
export function versionText(runtime: Runtime): string {
  const lines = [
    `bindlink ${VERSION}`,
    `deno ${runtime.deno} (${runtime.target}${runtime.isCompiled ? ", compiled in" : ""})`,
    `v8 ${runtime.v8}`,
  ];
  if (runtime.deno !== PINNED_DENO_VERSION) {
    lines.push(
      runtime.isCompiled
        ? `fallback runtime: for trying, not for release (made for deno ${PINNED_DENO_VERSION})`
        : `note: made for deno ${PINNED_DENO_VERSION}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
