import assert from "node:assert/strict";
import { complaint, DEFAULT_STATE_DIR, request } from "./judge.ts";

const DEFAULTS = {
  kind: "record",
  daemon: { stateDir: DEFAULT_STATE_DIR, name: null },
  path: "out.jsonl",
  seconds: null,
  intervalMs: 100,
  hidesNames: false,
  isForced: false,
};

Deno.test("record takes a file, a time, an interval", async () => {
  assert.deepEqual(await request("record out.jsonl"), DEFAULTS);
  const line = "record out.jsonl --for 60 --every 1000 --hide-names --force --daemon bind1";
  assert.deepEqual(await request(line), {
    ...DEFAULTS,
    daemon: { stateDir: DEFAULT_STATE_DIR, name: "bind1" },
    seconds: 60,
    intervalMs: 1_000,
    hidesNames: true,
    isForced: true,
  });
});

Deno.test("record refuses times that make no sense, and a line without a file", async () => {
  assert.match(
    await complaint("record x --for 0"),
    /^--for "0": type a number of seconds from 1 to/,
  );
  assert.match(
    await complaint("record x --every 50"),
    /^--every "50": type a number of milliseconds from 100 to 60000/,
  );
  assert.match(await complaint("record"), /FILE/);
});
