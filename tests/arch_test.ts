/**
 * Holds the architecture: which folder may import which, what the pure core must not touch, where
 * FFI lives, and how large a file may grow (docs/architecture.md).
 *
 * @module
 */

import assert from "node:assert/strict";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Types and small values that any part outside the pure core may use: they import nothing that runs. */
const SHARED = [
  "src/daemon_options.ts",
  "src/snapshot.ts",
  "src/log.ts",
  "src/net_address.ts",
  "src/text_output.ts",
  "src/usage_error.ts",
  "src/version.ts",
];

/** Layer -> layers it may import besides itself. An import goes only right or down. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": [
    "src/main.ts",
    "shared",
    "src/cli",
    "src/daemon.ts",
    "src/linkmap",
    "src/multiplexer",
    "src/tundev",
    "src/wire",
    "src/metrics",
  ],
  "src/main.ts": ["src/cli", "src/daemon.ts", "shared"],
  "src/cli": ["src/linkmap", "shared"],
  "src/daemon.ts": [
    "src/tundev",
    "src/linkmap",
    "src/multiplexer",
    "src/metrics",
    "src/wire",
    "shared",
  ],
  "src/tundev": ["src/wire", "ffi", "shared"],
  "src/linkmap": ["src/multiplexer", "src/wire", "ffi", "shared"],
  "src/multiplexer": ["src/wire"],
  "src/metrics": ["src/wire", "shared"],
  "src/wire": [],
  "ffi": [],
  "shared": ["src/linkmap"],
};

/** Folders and files of the pure core: no clock, no randomness, no I/O, no system. */
const PURE = [
  "src/multiplexer/",
  "src/wire/",
  "src/linkmap/backoff.ts",
  "src/linkmap/ip_literal.ts",
  "src/linkmap/socks5_address.ts",
  "src/linkmap/socks5_message.ts",
  "src/linkmap/socks5_relay.ts",
  "src/linkmap/socks5_udp_header.ts",
  "src/linkmap/socks_error.ts",
  "src/linkmap/token_bucket.ts",
  "src/metrics/catalog.ts",
  "src/metrics/health.ts",
  "src/tundev/stream_",
];

/** What the pure core must not mention. */
const IMPURE =
  /\bDeno\.|\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b|\bperformance\.|\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bcrypto\.(getRandomValues|randomUUID)\b|\bconsole\.|\bfetch\(/;

/** A file longer than this most likely holds a second noun. */
const MAX_LINES = 300;

function sourceFiles(): string[] {
  const files: string[] = ["mod.ts"];
  const walk = (folder: string): void => {
    for (const entry of Deno.readDirSync(join(ROOT, folder))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory) walk(path);
      else if (path.endsWith(".ts")) files.push(path);
    }
  };
  walk("src");
  walk("ffi");
  return files.sort();
}

function layerOf(path: string): string {
  if (SHARED.includes(path)) return "shared";
  const [top, second] = path.split("/");
  if (top === "ffi" || top === "mod.ts") return top;
  return `${top}/${second}`;
}

/** Source without comments, so that prose may say `Deno.` or "performance." */
function code(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path))
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

function importsOf(path: string): string[] {
  const specifiers = [...code(path).matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((m) =>
    m[1]!
  );
  return specifiers.map((it) => relative(ROOT, normalize(join(ROOT, dirname(path), it))));
}

Deno.test("architecture: imports follow the arrows", () => {
  const wrong: string[] = [];
  for (const path of sourceFiles()) {
    const layer = layerOf(path);
    const allowed = ARROWS[layer];
    assert(allowed, `${path} belongs to no layer: add it to docs/architecture.md and to this test`);
    for (const target of importsOf(path)) {
      if (target === "deno.json") continue;
      const targetLayer = layerOf(target);
      if (targetLayer !== layer && !allowed.includes(targetLayer)) {
        wrong.push(`${path} -> ${target}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: the core is pure", () => {
  const wrong: string[] = [];
  for (const path of sourceFiles().filter((path) => PURE.some((pure) => path.startsWith(pure)))) {
    const found = code(path).match(IMPURE);
    if (found) wrong.push(`${path}: ${found[0]}`);
    for (const [, specifier] of code(path).matchAll(/from\s+"(node:[^"]+|npm:[^"]+)"/g)) {
      wrong.push(`${path}: ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: every pure pattern names files that exist", () => {
  const files = sourceFiles();
  const dangling = PURE.filter((pure) => !files.some((path) => path.startsWith(pure)));
  assert.deepEqual(dangling, []);
});

Deno.test("architecture: only ffi/ opens libraries and holds pointers", () => {
  const wrong = sourceFiles().filter((path) =>
    !path.startsWith("ffi/") &&
    /\bDeno\.(dlopen|UnsafePointer|UnsafeCallback|UnsafeFnPointer)/.test(code(path))
  );
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: no default exports, no enums, no barrels", () => {
  const wrong: string[] = [];
  for (const path of sourceFiles()) {
    const text = code(path);
    if (/^export default\b/m.test(text)) wrong.push(`${path}: default export`);
    if (/^(export )?(const )?enum\b/m.test(text)) wrong.push(`${path}: enum`);
    if (path !== "mod.ts" && /^export (\*|\{[^}]*\}) from/m.test(text)) {
      wrong.push(`${path}: barrel`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: a file is one noun", () => {
  const wrong: string[] = [];
  for (const path of sourceFiles()) {
    const lines = Deno.readTextFileSync(join(ROOT, path)).split("\n").length;
    if (lines > MAX_LINES) wrong.push(`${path}: ${lines} lines`);
  }
  assert.deepEqual(wrong, []);
});
