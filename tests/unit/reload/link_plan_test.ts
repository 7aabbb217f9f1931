import assert from "node:assert/strict";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import { type LinkPlan, planLinks } from "../../../src/reload/link_plan.ts";
import { slave, TOKEN } from "../cli/judge.ts";

/** The links of a slave whose file says this. */
async function links(...lines: string[]): Promise<readonly LinkSpec[]> {
  const text = [`token = "${TOKEN}"`, ...lines].join("\n");
  return (await slave("", { configs: { "/etc/bindlink/slave.toml": text } })).links;
}

const A = '[links.a]\nproxy = "192.0.2.1:1080"';
const B = '[links.b]\ntarget = "192.0.2.2:4321"';

/** What is not empty of a plan. */
function short(plan: LinkPlan): Partial<LinkPlan> {
  const { words: _, ...parts } = plan;
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value.length > 0));
}

async function plan(
  before: readonly LinkSpec[],
  after: readonly LinkSpec[],
  running = before,
): Promise<[Partial<LinkPlan>, readonly string[]]> {
  const made = planLinks({ before, after, running });
  return await Promise.resolve([short(made), made.words]);
}

Deno.test("planLinks leaves alone what has not changed, also what commands have changed", async () => {
  const file = await links(A, B);
  assert.deepEqual(await plan(file, file), [{}, []]);
  const running = await links(A, "cap = '5mbit'", '[links.c]\ninterface = "usb0"');
  assert.deepEqual(await plan(file, file, running), [{}, []]);
  const removed = await plan(file, await links(A), running);
  assert.deepEqual(removed, [{}, []]);
});

/** What is said of a link of which nothing is said, but for its mode. */
const { mode: _, ...unsaid } = DEFAULT_LINK_SETTINGS;

Deno.test("planLinks adds, removes and changes", async () => {
  const [parts, words] = await plan(
    await links(A, "metered = true", B),
    await links(A, "cap = '5mbit'\nmode = 'backup'", '[links.c]\ninterface = "usb0"'),
  );
  assert.deepEqual(parts, {
    changes: [{
      name: "a",
      change: { isMetered: false, capUpBps: 5e6, capDownBps: 5e6, mode: "backup" },
    }],
    adds: [{
      name: "c",
      proxy: null,
      targets: [{ host: "203.0.113.5", port: 4321 }, { host: "2001:db8::5", port: 4321 }],
      device: "usb0",
      settings: unsaid,
    }],
    removes: ["b"],
  });
  assert.deepEqual(words, ["Removed b", "Changed a", "Added c"]);
});

Deno.test("planLinks has a link that loses its own mode follow the others again", async () => {
  const own = await links(A, 'mode = "backup"');
  assert.deepEqual((await plan(own, await links(A)))[0], {
    changes: [{ name: "a", change: { mode: null } }],
  });
  assert.deepEqual(await plan(await links('mode = "cheapest"', A), await links(A)), [{}, []]);
});

Deno.test("planLinks renames a link that only its name is new of", async () => {
  const renamed = A.replace("links.a", "links.phone");
  const [parts, words] = await plan(await links(A, B), await links(renamed, "cap = '1mbit'", B));
  assert.deepEqual(parts, {
    renames: [{ from: "a", to: "phone" }],
    changes: [{ name: "phone", change: { capUpBps: 1e6, capDownBps: 1e6 } }],
  });
  assert.deepEqual(words, ["Renamed a to phone", "Changed phone"]);
});

Deno.test("planLinks does not guess which of two that lead the same way was renamed", async () => {
  const twins = (one: string, other: string): Promise<readonly LinkSpec[]> =>
    links(`[links.${one}]\ntarget = "h:1"`, `[links.${other}]\ntarget = "h:1"`);
  const [, words] = await plan(await twins("a", "b"), await twins("c", "d"));
  assert.deepEqual(words, ["Removed a", "Removed b", "Added c", "Added d"]);
});

Deno.test("planLinks replaces a link that leads elsewhere: the new one is there before the old one goes", async () => {
  const [parts, words] = await plan(await links(A, B), await links(A.replace("1080", "1081"), B));
  assert.deepEqual(parts.renames, [{ from: "a", to: "a#old" }]);
  assert.deepEqual(parts.adds?.map(({ name, proxy }) => [name, proxy?.port]), [["a", 1081]]);
  assert.deepEqual(parts.removes, ["a#old"]);
  assert.deepEqual(words, ["Replaced a"]);
});

Deno.test("planLinks gives a name that the file takes to the file's link", async () => {
  const file = await links(A);
  const running = await links(A, '[links.b]\ntarget = "203.0.113.9:1"');
  // A command has added another b.
  const [parts] = await plan(file, await links(A, B), running);
  assert.deepEqual(parts.renames, [{ from: "b", to: "b#old" }]);
  assert.deepEqual([parts.adds?.map(({ name }) => name), parts.removes], [["b"], ["b#old"]]);
  // Or the same one.
  const same = await plan(file, await links(A, B, "metered = true"), await links(A, B));
  assert.deepEqual(same[0], { changes: [{ name: "b", change: { isMetered: true } }] });
  // Or the name that a link is to have from now on.
  const renamed = await plan(file, await links(A.replace("links.a", "links.b")), running);
  assert.deepEqual(renamed[0], {
    renames: [{ from: "b", to: "b#old" }, { from: "a", to: "b" }],
    removes: ["b#old"],
  });
});

Deno.test("planLinks brings a removed link back when the file says something new of it", async () => {
  const [parts] = await plan(await links(A, B), await links(A, B, "backup = true"), await links(A));
  assert.deepEqual(parts.adds?.map(({ name, settings }) => [name, settings.mode]), [[
    "b",
    "backup",
  ]]);
});
