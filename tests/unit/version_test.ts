import assert from "node:assert/strict";
import { currentRuntime, PINNED_DENO_VERSION, VERSION, versionText } from "../../src/version.ts";

const RUNTIME = {
  deno: PINNED_DENO_VERSION,
  v8: "1.2.3",
  target: "x86_64-unknown-linux-gnu",
  isCompiled: true,
};

Deno.test("versionText names program, runtime, V8 and target", () => {
  assert.equal(
    versionText(RUNTIME),
    `bindlink ${VERSION}\ndeno ${PINNED_DENO_VERSION} (x86_64-unknown-linux-gnu, compiled in)\n` +
      "v8 1.2.3\n",
  );
  assert.match(VERSION, /^\d+\.\d+\.\d+/);
});

Deno.test("versionText says that a binary with another runtime is not for release", () => {
  assert.match(
    versionText({ ...RUNTIME, deno: "2.6.10" }),
    /\nfallback runtime: for trying, not for release/,
  );
});

Deno.test("versionText notes another Deno without calling it a fallback", () => {
  const text = versionText({ ...RUNTIME, deno: "2.6.10", isCompiled: false });
  assert.match(text, new RegExp(`note: made for deno ${PINNED_DENO_VERSION}`));
  assert.doesNotMatch(text, /fallback/);
});

Deno.test("currentRuntime tells this process", () => {
  const runtime = currentRuntime();
  assert.equal(runtime.deno, Deno.version.deno);
  assert.equal(runtime.isCompiled, false);
});
