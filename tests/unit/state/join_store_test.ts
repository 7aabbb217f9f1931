import assert from "node:assert/strict";
import { keepOldJoin, readStoredJoin, writeStoredJoin } from "../../../src/state/join_store.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

const JOIN = { token: "TOKEN", options: { proxy: ["a:1", "b:2"], metrics: ["off"] } };

Deno.test("readStoredJoin gives back what writeStoredJoin stored", () => {
  using folder = new TempDir();
  const stateDir = `${folder.path}/state`;
  assert.equal(readStoredJoin(stateDir), null);
  assert.deepEqual(writeStoredJoin(stateDir, JOIN), []);
  assert.deepEqual(readStoredJoin(stateDir), JOIN);
  assert.equal(Deno.statSync(`${stateDir}/slave.json`).mode! & 0o7777, 0o600);
});

Deno.test("keepOldJoin keeps a private copy beside", () => {
  using folder = new TempDir();
  writeStoredJoin(folder.path, JOIN);
  const path = keepOldJoin(folder.path, { ...JOIN, token: "OLD" });
  assert.equal(path, `${folder.path}/slave.json.old`);
  assert.equal(JSON.parse(Deno.readTextFileSync(path)).token, "OLD");
  assert.equal(Deno.statSync(path).mode! & 0o7777, 0o600);
  assert.deepEqual(readStoredJoin(folder.path), JOIN);
});

Deno.test("readStoredJoin refuses a file that is damaged, newer or malformed, and says which", () => {
  using folder = new TempDir();
  const path = `${folder.path}/slave.json`;
  const head = '"format":"bindlink slave"';
  for (
    const [text, reason] of [
      ["{", /damaged or cut off/],
      [`{${head},"version":2}`, /newer bindlink/],
      [`{${head},"version":1,"options":{}}`, /"token" must be a text/],
      [`{${head},"version":1,"token":"x"}`, /"options" must be an object/],
      [
        `{${head},"version":1,"token":"x","options":{"proxy":"a"}}`,
        /"options.proxy" must be a list/,
      ],
      [`{${head},"version":1,"token":"x","options":{"p":[1]}}`, /"options.p\[0\]" must be a text/],
      ['{"format":"bindlink master","version":1}', /"format" must be "bindlink slave"/],
    ] as const
  ) {
    Deno.writeTextFileSync(path, text);
    assert.throws(
      () => readStoredJoin(folder.path),
      (error: unknown) =>
        error instanceof StateError && reason.test(error.message) && error.message.includes(path),
    );
  }
});
