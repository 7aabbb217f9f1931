/**
 * A slave as it stands in its master's state file, and the rule for its name.
 *
 * @module
 */

import { encodeKey } from "./key_text.ts";
import type { SlaveRecord } from "./master_store.ts";
import type { StateFields } from "./state_fields.ts";

/** What is said of a name that breaks the rule. */
export const SLAVE_NAME_RULE =
  "1 to 32 letters, digits, dots, hyphens and underscores, the first a letter or digit";

/** Whether a slave may be called that: names stand in logs, metrics, tables and on command lines. */
export function isSlaveName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text);
}

/** A slave's fields for the file. */
export function slaveToFields(record: SlaveRecord): Record<string, unknown> {
  return {
    name: record.name,
    publicKey: encodeKey(record.publicKey),
    psk: encodeKey(record.psk),
    hostNumber: record.hostNumber,
    invitedAt: record.invitedAt,
    revokedAt: record.revokedAt,
  };
}

/** The slaves of a file. @throws StateError also when two that are let in share a name, a key or a number. */
export function slavesFromFields(list: readonly StateFields[]): SlaveRecord[] {
  const taken = new Set<string>();
  return list.map((fields) => {
    const record = slaveFromFields(fields);
    if (record.revokedAt !== null) return record;
    for (
      const [key, value] of [
        ["name", record.name],
        ["publicKey", encodeKey(record.publicKey)],
        ["hostNumber", record.hostNumber],
      ] as const
    ) {
      const claim = `${key} ${value}`;
      if (taken.has(claim)) throw fields.error(key, "is that of another slave");
      taken.add(claim);
    }
    return record;
  });
}

function slaveFromFields(fields: StateFields): SlaveRecord {
  const name = fields.text("name");
  if (!isSlaveName(name)) throw fields.error("name", `must be ${SLAVE_NAME_RULE}`);
  return {
    name,
    publicKey: fields.key("publicKey"),
    psk: fields.key("psk"),
    hostNumber: fields.integer("hostNumber", FIRST_HOST_NUMBER, MAX_HOST_NUMBER),
    invitedAt: fields.time("invitedAt"),
    revokedAt: fields.timeOrNull("revokedAt"),
  };
}

/** After the network's 0 and the master's 1. */
const FIRST_HOST_NUMBER = 2;

/** Beyond every pool: 2^24 addresses are in the largest, a /8. */
const MAX_HOST_NUMBER = 2 ** 24;
