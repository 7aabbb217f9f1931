/**
 * What runs at the laptop in the demo, beside the slave: counts the data that arrives, and observes.
 * `laptop_main.ts DATA_PORT METRICS_PORT ECHO_HOST:PORT PROXY_HOST:PORT...`; prints a report as a
 * JSON line a few times a second.
 *
 * @module
 */

import type { NetAddress } from "../../src/net_address.ts";
import { say, serveStdin } from "./agent.ts";
import { GoodputMeter } from "./goodput_meter.ts";
import { Observer } from "./observer.ts";
import { UdpSink } from "./udp_stream.ts";

if (import.meta.main) {
  const [dataPort = "", metricsPort = "", echo = "", ...proxies] = Deno.args;
  const meter = new GoodputMeter(performance.now());
  await using _sink = new UdpSink(Number(dataPort), meter);
  await using _observer = new Observer({
    meter,
    metricsPort: Number(metricsPort),
    echo: parseAddress(echo),
    proxies: proxies.map(parseAddress),
    onReport: (report) => say(JSON.stringify(report)),
  });
  await serveStdin();
}

/** IPv4 only: the demo's addresses are its own. */
function parseAddress(text: string): NetAddress {
  const [hostname = "", port = ""] = text.split(":");
  return { hostname, port: Number(port) };
}
