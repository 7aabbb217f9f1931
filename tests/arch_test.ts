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

/** Types, small values and helpers that any part outside the pure core may use. */
const SHARED = [
  "src/abortable_sleep.ts",
  "src/close_quietly.ts",
  "src/command_request.ts",
  "src/daemon_options.ts",
  "src/event_turn.ts",
  "src/human_units.ts",
  "src/kept_http_server.ts",
  "src/live_links.ts",
  "src/recent_events.ts",
  "src/reload_report.ts",
  "src/snapshot.ts",
  "src/ip_literal.ts",
  "src/ip_network.ts",
  "src/log.ts",
  "src/net_address.ts",
  "src/text_output.ts",
  "src/tun_limits.ts",
  "src/turn_end.ts",
  "src/usage_error.ts",
  "src/version.ts",
  "src/wake_pace.ts",
];

/** Layer -> layers, or single files, it may import besides itself. An import goes only right or down. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "mod.ts": [
    "src/main.ts",
    "shared",
    "src/cli",
    "src/run_daemon.ts",
    "src/linkmap",
    "src/multiplexer",
    "src/tundev",
    "src/wire",
    "src/metrics",
  ],
  "src/main.ts": [
    "src/cli",
    "src/commands",
    "src/state",
    "src/run_daemon.ts",
    "src/hang_ups.ts",
    "ffi/nonblocking_writer.ts",
    "shared",
  ],
  "src/cli": [
    "src/linkmap",
    "src/multiplexer/link_settings.ts",
    "src/peer",
    "src/state",
    "src/service/unit_text.ts",
    "shared",
  ],
  "src/commands": [
    "src/doctor",
    "src/top",
    "src/recording",
    "src/control",
    "src/state",
    "src/peer",
    "src/service",
    "shared",
  ],
  "src/recording": [
    "src/control/sample_report.ts",
    "src/multiplexer/windowed_min.ts",
    "src/state/state_error.ts",
    "shared",
  ],
  "src/doctor": [
    "src/control",
    "src/state",
    "src/tunnel",
    "src/crypto",
    "src/tundev",
    "src/linkmap",
    "src/multiplexer",
    "src/metrics/health.ts",
    "src/peer",
    "src/wire",
    "ffi",
    "shared",
  ],
  "src/top": [
    "src/control",
    "src/multiplexer/link_settings.ts",
    "shared",
  ],
  "src/run_daemon.ts": [
    "src/daemon.ts",
    "src/master_state.ts",
    "src/routing/open_routing.ts",
    "src/metrics",
    "src/tundev",
    "src/linkmap/io_engine.ts",
    "src/service/start_notifier.ts",
    "src/wire",
    "shared",
  ],
  "src/daemon.ts": [
    "src/master_state.ts",
    "src/watch_interfaces.ts",
    "src/open_tunnel.ts",
    "src/routing/routing.ts",
    "src/slave_control.ts",
    "src/control/sample_keeper.ts",
    "src/control/status_desk.ts",
    "src/open_reloader.ts",
    "src/reload/reloader.ts",
    "src/tunnel",
    "src/tundev/tundev.ts",
    "src/linkmap",
    "src/reactor.ts",
    "src/service/status_text.ts",
    "src/timer_delay.ts",
    "src/wait_loop.ts",
    "src/web_page.ts",
    "src/wire",
    "shared",
  ],
  "src/timer_delay.ts": ["shared"],
  "src/open_tunnel.ts": [
    "src/master_state.ts",
    "src/tunnel",
    "src/crypto",
    "src/linkmap",
    "src/multiplexer/packet_pool.ts",
    "src/routing/routing.ts",
    "shared",
  ],
  "src/hotplug": [
    "src/linkmap",
    "src/control/link_requests.ts",
    "src/multiplexer/link_settings.ts",
    "src/state",
    "src/reactor.ts",
    "ffi",
    "shared",
  ],
  "src/watch_interfaces.ts": ["src/hotplug", "src/tunnel", "src/linkmap", "shared"],
  "src/master_state.ts": ["src/control", "src/state", "shared"],
  "src/open_reloader.ts": ["src/reload", "src/tunnel", "shared"],
  "src/reload": ["src/linkmap/link_spec.ts", "src/multiplexer/link_settings.ts", "shared"],
  "src/routing": ["src/linkmap", "src/peer/address_pool.ts", "src/state", "shared"],
  "src/slave_control.ts": ["src/control", "src/state", "shared"],
  "src/control": [
    "src/linkmap/link_spec.ts",
    "src/multiplexer/link_settings.ts",
    "src/state",
    "shared",
  ],
  "src/budget": [],
  "src/tunnel": [
    "src/budget",
    "src/linkmap",
    "src/multiplexer",
    "src/peer",
    "src/state",
    "src/tundev/tundev.ts",
    "src/wire",
    "shared",
  ],
  "src/state": ["src/budget", "src/peer", "ffi", "shared"],
  "src/service": ["ffi/notify_socket.ts", "shared"],
  "src/crypto": ["src/peer", "ffi", "shared"],
  "src/tundev": ["src/reactor.ts", "src/wire", "ffi", "shared"],
  "src/linkmap": ["src/multiplexer", "src/reactor.ts", "src/wire", "ffi", "shared"],
  "src/reactor.ts": ["src/wait_loop.ts", "ffi", "shared"],
  "src/wait_loop.ts": ["ffi", "shared"],
  "src/hang_ups.ts": [],
  "src/peer": ["src/wire", "src/ip_literal.ts", "src/net_address.ts"],
  "src/multiplexer": ["src/wire"],
  "src/metrics": ["src/wire", "shared"],
  "src/web_page.ts": ["src/control", "src/web", "shared"],
  "src/web": ["src/control", "shared"],
  "src/wire": [],
  "ffi": [],
  "shared": ["src/linkmap/link_spec.ts", "src/multiplexer/link_settings.ts"],
};

/** Folders and files of the pure core: no clock, no randomness, no I/O, no system. */
const PURE = [
  "src/budget/",
  "src/cli/man_page.ts",
  "src/cli/original_spelling.ts",
  "src/cli/roff.ts",
  "src/control/link_requests.ts",
  "src/control/rate_meter.ts",
  "src/control/sample_report.ts",
  "src/control/settings_text.ts",
  "src/control/status_report.ts",
  "src/doctor/echo_request.ts",
  "src/doctor/finding.ts",
  "src/doctor/flood.ts",
  "src/doctor/judge_",
  "src/doctor/link_facts.ts",
  "src/doctor/link_measures.ts",
  "src/doctor/report_text.ts",
  "src/hotplug/auto_links.ts",
  "src/hotplug/device_choice.ts",
  "src/hotplug/interface_dump.ts",
  "src/hotplug/name_pattern.ts",
  "src/hotplug/net_interface.ts",
  "src/hotplug/netlink_message.ts",
  "src/multiplexer/",
  "src/peer/",
  "src/recording/link_",
  "src/recording/recording_format.ts",
  "src/recording/recording_reader.ts",
  "src/wire/",
  "src/tunnel/cipher_names.ts",
  "src/tunnel/refusal_text.ts",
  "src/tunnel/timer_wheel.ts",
  "src/tunnel/wake_detector.ts",
  "src/cli/similar_word.ts",
  "src/linkmap/backoff.ts",
  "src/linkmap/candidate_rotation.ts",
  "src/linkmap/tcp_admission.ts",
  "src/linkmap/tcp_framing.ts",
  "src/linkmap/tcp_send_buffer.ts",
  "src/ip_literal.ts",
  "src/ip_network.ts",
  "src/linkmap/socks5_address.ts",
  "src/linkmap/socks5_message.ts",
  "src/linkmap/socks5_relay.ts",
  "src/linkmap/socks5_udp_header.ts",
  "src/linkmap/socks_error.ts",
  "src/linkmap/token_bucket.ts",
  "src/metrics/bonding_metrics.ts",
  "src/metrics/budget_metrics.ts",
  "src/metrics/catalog.ts",
  "src/metrics/health.ts",
  "src/metrics/metric.ts",
  "src/routing/command.ts",
  "src/routing/command_error.ts",
  "src/routing/exit_plan.ts",
  "src/routing/kill_switch_rules.ts",
  "src/routing/route_plan.ts",
  "src/routing/rule_block.ts",
  "src/routing/way.ts",
  "src/service/status_text.ts",
  "src/service/unit_text.ts",
  "src/top/canvas.ts",
  "src/top/event_lines.ts",
  "src/top/foot_line.ts",
  "src/top/glyphs.ts",
  "src/top/item_",
  "src/top/key_",
  "src/top/link_",
  "src/top/painter.ts",
  "src/top/rate_",
  "src/top/screen",
  "src/top/styled_line.ts",
  "src/top/text_width.ts",
  "src/top/top_item.ts",
  "src/top/top_state.ts",
  "src/tun_limits.ts",
  "src/tundev/assigned_mtu.ts",
  "src/tundev/packet_check.ts",
  "src/tundev/stream_",
  "src/tundev/tcp_event_limiter.ts",
  "src/tundev/tun_errors.ts",
  "src/wake_pace.ts",
  "src/web/history.ts",
  "src/web/page_report.ts",
  "src/web/request_guard.ts",
];

/** The one place that knows a dependency; everything else takes what that place offers. */
const DEPENDENCIES: Readonly<Record<string, string>> = {
  "@logtape/logtape": "src/log.ts",
  "@noble/ciphers": "src/peer/primitives.ts",
  "@noble/curves": "src/peer/primitives.ts",
  "@noble/hashes": "src/peer/primitives.ts",
  "hash-wasm": "src/crypto/mac1.ts",
  "libsodium-wrappers": "src/crypto/sodium_aead.ts",
  "qr": "src/commands/qr_text.ts",
  "string-width": "src/top/text_width.ts",
  "@optique/core": "src/cli/",
  "prom-client": "src/metrics/exposition.ts",
  "toml-eslint-parser": "src/cli/toml_document.ts",
  "uplot": "src/web/assets.ts",
};

/** What the pure core must not mention. */
const IMPURE =
  /\bDeno\.|\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b|\bperformance\.|\bDate\.now\b|\bnew Date\b|\bMath\.random\b|\bcrypto\.(getRandomValues|randomUUID)\b|\bconsole\.|\bfetch\(/;

/** A file longer than this most likely holds a second noun. */
const MAX_LINES = 300;

/** Scripts, styles and markup that a browser gets. */
const PAGE = "src/web/page";

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

/** What a file imports, as it is written there. */
function specifiersOf(path: string): string[] {
  return [...code(path).matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\s]+)["']/g)].map((m) =>
    m[1]!
  );
}

/** The project's files that a file imports. */
function importsOf(path: string): string[] {
  return specifiersOf(path).filter((it) => it.startsWith("."))
    .map((it) => relative(ROOT, normalize(join(ROOT, dirname(path), it))));
}

function isPure(path: string): boolean {
  return PURE.some((pure) => path.startsWith(pure));
}

function moduleDocOf(path: string): string {
  return /^\/\*\*[\s\S]*?\*\//.exec(Deno.readTextFileSync(join(ROOT, path)))?.[0] ?? "";
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
      if (![layer, ...allowed].some((it) => it === targetLayer || it === target)) {
        wrong.push(`${path} -> ${target}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: the core is pure", () => {
  const wrong: string[] = [];
  for (const path of sourceFiles().filter(isPure)) {
    const found = code(path).match(IMPURE);
    if (found) wrong.push(`${path}: ${found[0]}`);
    for (const specifier of specifiersOf(path)) {
      // Computation only; the one file that may know each is named above.
      const isAllowed = /^(\.|@noble\/|string-width$)/.test(specifier);
      if (!isAllowed) wrong.push(`${path}: ${specifier}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: what calls itself pure is held to it", () => {
  const wrong = sourceFiles().filter((path) => /\bPure\b/.test(moduleDocOf(path)) && !isPure(path));
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: a dependency is known in one place", () => {
  const wrong: string[] = [];
  for (const path of sourceFiles()) {
    for (const specifier of specifiersOf(path)) {
      if (specifier.startsWith(".") || specifier.startsWith("node:")) continue;
      const name = Object.keys(DEPENDENCIES).find((it) => `${specifier}/`.startsWith(`${it}/`));
      if (name === undefined || !path.startsWith(DEPENDENCIES[name]!)) {
        wrong.push(`${path}: ${specifier}`);
      }
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
    if (path !== "mod.ts" && /^export (type )?(\*( as \w+)?|\{[^}]*\}) from/m.test(text)) {
      wrong.push(`${path}: barrel`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("architecture: a file is one noun", () => {
  const wrong: string[] = [];
  const pages = [...Deno.readDirSync(join(ROOT, PAGE))].map(({ name }) => `${PAGE}/${name}`);
  for (const path of [...sourceFiles(), ...pages]) {
    const lines = Deno.readTextFileSync(join(ROOT, path)).split("\n").length;
    if (lines > MAX_LINES) wrong.push(`${path}: ${lines} lines`);
  }
  assert.deepEqual(wrong, []);
});
