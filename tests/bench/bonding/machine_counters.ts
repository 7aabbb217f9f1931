/**
 * What kernel and processors counted during a measurement: the inner TCP's retransmissions and
 * reordering, datagrams lost in socket buffers, processor time.
 *
 * @module
 */

import type { Namespace } from "../../support/namespace.ts";

/**
 * Counters of a namespace, by the names of /proc/net/snmp and /proc/net/netstat: `Tcp.RetransSegs`; and
 * `dropped.IN`/`dropped.OUT`, the packets its devices dropped (a tun that is not drained in time: OUT).
 */
export type KernelCounters = ReadonlyMap<string, number>;

/** Reads them. */
export async function readKernelCounters(namespace: Namespace): Promise<KernelCounters> {
  const [text, devices] = await Promise.all([
    namespace.run(["cat", "/proc/net/snmp", "/proc/net/netstat"]),
    namespace.run(["cat", "/proc/net/dev"]),
  ]);
  const counters = new Map<string, number>();
  const lines = text.split("\n");
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [table = "", ...names] = lines[i]!.split(" ");
    const values = lines[i + 1]!.split(" ").slice(1);
    names.forEach((name, at) => counters.set(`${table.slice(0, -1)}.${name}`, Number(values[at])));
  }
  // proc_net_dev: two lines of heads, then eight receive and eight transmit figures; drop is the fourth.
  const rows = devices.split("\n").slice(2).map((line) => line.split(":")[1]?.trim().split(/\s+/));
  const sumOf = (at: number): number => rows.reduce((sum, row) => sum + Number(row?.[at] ?? 0), 0);
  counters.set("dropped.IN", sumOf(3));
  counters.set("dropped.OUT", sumOf(11));
  return counters;
}

/** How much a counter grew. */
export function growth(before: KernelCounters, after: KernelCounters, name: string): number {
  return (after.get(name) ?? NaN) - (before.get(name) ?? NaN);
}
