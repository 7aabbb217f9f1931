/**
 * The fields of a state file: checked one by one, since people edit files and disks forget; every refusal names
 * file and field, and shows nothing of the content.
 *
 * @module
 */

import { parseIp } from "../ip_literal.ts";
import type { HostPort } from "../net_address.ts";
import { decodeKey } from "./key_text.ts";
import { StateError } from "./state_error.ts";

/** The fields of one JSON object of a state file. */
export class StateFields {
  readonly #path: string;
  readonly #where: string;
  readonly #values: ReadonlyMap<string, unknown>;

  /**
   * @param where the object's place in the file, e.g. `slaves[2].`; empty for the whole.
   * @throws StateError when the value is no object.
   */
  constructor(path: string, where: string, value: unknown) {
    this.#path = path;
    this.#where = where;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.error("", "must be an object");
    }
    this.#values = new Map(Object.entries(value));
  }

  /** The error about a field. @param demand e.g. `must be a number`. */
  error(key: string, demand: string): StateError {
    const field = `${this.#where}${key}`.replace(/\.$/, "");
    const subject = field === "" ? "it" : JSON.stringify(field);
    return new StateError(
      `Cannot read state file ${JSON.stringify(this.#path)}: ${subject} ${demand} ` +
        "(restore the file from a backup, or correct it)",
    );
  }

  /** Names of all fields, in the file's order. */
  keys(): readonly string[] {
    return [...this.#values.keys()];
  }

  /** A value as it stands there, for who checks it himself. */
  value(key: string): unknown {
    return this.#values.get(key);
  }

  /** A text. @throws StateError */
  text(key: string): string {
    const value = this.#values.get(key);
    if (typeof value !== "string") throw this.error(key, "must be a text");
    return value;
  }

  /** A whole number. @throws StateError */
  integer(key: string, min: number, max: number): number {
    const value = this.#values.get(key);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
      throw this.error(key, `must be a whole number from ${min} to ${max}`);
    }
    return value;
  }

  /** 32 bytes in base64. @throws StateError */
  key(key: string): Uint8Array<ArrayBuffer> {
    const value = this.#values.get(key);
    const bytes = typeof value === "string" ? decodeKey(value) : null;
    if (bytes === null) throw this.error(key, "must be a key: 32 bytes in base64");
    return bytes;
  }

  /** An IPv4 literal. @throws StateError */
  ipv4(key: string): string {
    const address = this.text(key);
    if (parseIp(address)?.length !== 4) throw this.error(key, "must be an IPv4 address");
    return address;
  }

  /** A time, ISO 8601 in UTC. @throws StateError */
  time(key: string): string {
    const value = this.#values.get(key);
    if (typeof value !== "string" || !ISO_TIME.test(value) || Number.isNaN(Date.parse(value))) {
      throw this.error(key, 'must be a time such as "2026-01-31T12:00:00.000Z"');
    }
    return value;
  }

  /** As {@link StateFields.time}, or null. @throws StateError */
  timeOrNull(key: string): string | null {
    return this.#values.get(key) === null ? null : this.time(key);
  }

  /** Whether the field is there and not null. */
  has(key: string): boolean {
    return (this.#values.get(key) ?? null) !== null;
  }

  /** An object. @throws StateError */
  object(key: string): StateFields {
    return new StateFields(this.#path, `${this.#where}${key}.`, this.#values.get(key));
  }

  /** A list of objects. @throws StateError */
  objects(key: string): readonly StateFields[] {
    return this.#list(key).map((value, i) =>
      new StateFields(this.#path, `${this.#where}${key}[${i}].`, value)
    );
  }

  /** A list of texts. @throws StateError */
  texts(key: string): readonly string[] {
    return this.#list(key).map((value, i) => {
      if (typeof value !== "string") throw this.error(`${key}[${i}]`, "must be a text");
      return value;
    });
  }

  /** A list of hosts with ports. @throws StateError */
  hostPorts(key: string): readonly HostPort[] {
    return this.objects(key).map((fields) => {
      const host = fields.text("host");
      if (host === "") throw fields.error("host", "must not be empty");
      return { host, port: fields.integer("port", 1, 65_535) };
    });
  }

  #list(key: string): readonly unknown[] {
    const value = this.#values.get(key);
    if (!Array.isArray(value)) throw this.error(key, "must be a list");
    return value;
  }
}

/** What `Date.toISOString` writes for the years 0 to 9999. */
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
