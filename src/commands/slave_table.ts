/**
 * The list of slaves as a table for people.
 *
 * @module
 */

import type { SlaveListing } from "../state/master_admin.ts";
import { formatAgo, formatBytes } from "../human_units.ts";
import { tableLines } from "./text_table.ts";

/** The table, a line for each slave, with a head. @param nowMs milliseconds since 1970. */
export function slaveTable(slaves: readonly SlaveListing[], nowMs: number): string {
  const rows = [
    ["NAME", "ADDRESSES", "STATE", "LINKS", "LAST SEEN", "RECEIVED", "SENT"],
    ...slaves.map((slave) => [
      slave.name,
      slave.addresses.join(",") || "-",
      slave.state,
      slave.state === "connected" ? String(slave.linksUp) : "-",
      slave.lastSeenAt === null ? "never" : formatAgo(nowMs - Date.parse(slave.lastSeenAt)),
      formatBytes(slave.receivedBytes),
      formatBytes(slave.sentBytes),
    ]),
  ];
  return `${tableLines(rows, RIGHT_ALIGNED).join("\n")}\n`;
}

/** Numbers: links, received, sent. */
const RIGHT_ALIGNED: ReadonlySet<number> = new Set([3, 5, 6]);
