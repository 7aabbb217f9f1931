/**
 * Reads a daemon's links from its `/metrics`, as Prometheus would.
 *
 * @module
 */

import { get } from "node:http";
import type { LinkState } from "../../src/snapshot.ts";
import { parsePrometheusText } from "../../tests/support/prometheus_text.ts";
import type { LinkReading } from "./report.ts";

const STATE = "bindlink_link_state";
const RECEIVED = "bindlink_link_received_bytes_total";

/** Longer than this no answer is waited for, in ms. */
const PATIENCE_MS = 1_000;

/** The links of the daemon that serves this port of 127.0.0.1, by id; none when nobody answers. */
export async function scrapeLinks(port: number): Promise<LinkReading[]> {
  try {
    return parseLinks(await fetchText(port));
  } catch {
    return []; // the daemon is not there yet, or not any more
  }
}

/** The links in a Prometheus text, by id. @throws Error when it is no such text. */
export function parseLinks(text: string): LinkReading[] {
  const samples = parsePrometheusText(text);
  return samples.filter(({ name, value }) => name === STATE && value === 1)
    .map(({ labels }) => {
      const id = labels.get("id");
      const counter = samples.find((it) => it.name === RECEIVED && it.labels.get("id") === id);
      return {
        id: Number(id),
        state: labels.get("state") as LinkState,
        receivedBytes: counter?.value ?? 0,
      };
    })
    .sort((a, b) => a.id - b.id);
}

/** Not `fetch`: that goes through the proxy that the environment may name. */
function fetchText(port: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { host: "127.0.0.1", port, path: "/metrics", agent: false, timeout: PATIENCE_MS };
  const request = get(options, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => text += chunk);
    response.on("end", () => resolve(text));
    response.on("error", reject);
  });
  request.on("timeout", () => request.destroy(new Error("timed out")));
  request.on("error", reject);
  return promise;
}
