/**
 * The emulated relay as a process of its own, for network namespaces:
 *
 * ```
 * deno run -A --unstable-net tests/support/emulated_relay_main.ts \
 *   --listen 10.1.0.1:5000 --target 10.2.0.2:4000 \
 *   --up '{"rateBps":8e6,"delayMs":60}' --down '{"rateBps":20e6,"delayMs":60}'
 * ```
 *
 * Prints JSON, a line each: `{"listening":"10.1.0.1:5000"}` first, then `{"stats":{...}}` every
 * `--stats-ms` and after each command. Commands come as JSON lines on stdin, in the form of
 * `RelayControl`: `{"up":{"rateBps":1e6},"cut":true}`; `{}` just asks for the stats; a bad one is
 * answered by `{"error":"..."}`. The process ends when its stdin does, so that it never outlives
 * whoever started it.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { formatAddress, type NetAddress } from "../../src/net_address.ts";
import { EmulatedRelay } from "./emulated_relay.ts";
import { type LinkProfile, linkProfile } from "./link_profile.ts";
import { readLines } from "./read_lines.ts";

const encoder = new TextEncoder();

if (import.meta.main) await main(Deno.args);

/** Runs the relay until stdin ends. @throws when an argument makes no sense. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      listen: { type: "string", default: "127.0.0.1:0" },
      target: { type: "string" },
      up: { type: "string", default: "{}" },
      down: { type: "string", default: "{}" },
      bind: { type: "string" },
      seed: { type: "string", default: "1" },
      "stats-ms": { type: "string", default: "0" },
      spin: { type: "boolean", default: false },
    },
  });
  if (values.target === undefined) throw new Error("Cannot start relay: --target is missing");
  await using relay = new EmulatedRelay({
    listen: parseAddress(values.listen),
    target: parseAddress(values.target),
    up: parseProfile(values.up),
    down: parseProfile(values.down),
    seed: Number(values.seed),
    wakeUp: values.spin ? "spin" : "timer",
    ...(values.bind === undefined ? {} : { bind: values.bind }),
  });
  print({ listening: formatAddress(relay.address) });
  const statsMs = Number(values["stats-ms"]);
  const timer = statsMs > 0 ? setInterval(() => print({ stats: relay.stats() }), statsMs) : null;
  await obeyStdin(relay);
  if (timer !== null) clearInterval(timer);
}

async function obeyStdin(relay: EmulatedRelay): Promise<void> {
  for await (const line of readLines(Deno.stdin.readable)) {
    if (line.trim() === "") continue;
    try {
      relay.control(JSON.parse(line));
      print({ stats: relay.stats() });
    } catch (error) {
      print({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** `192.0.2.1:80` or `[2001:db8::1]:80`. */
function parseAddress(text: string): NetAddress {
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d+)$/i.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined) throw new Error(`Cannot use address "${text}": not IP:PORT`);
  return { hostname, port: Number(match?.[3]) };
}

function parseProfile(json: string): LinkProfile {
  return linkProfile(JSON.parse(json));
}

/** One line; written whole at once, so that lines never mix. */
function print(value: unknown): void {
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(value) + "\n"));
}
