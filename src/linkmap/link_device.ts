/**
 * The network interface that a link is bound to. It may not be there yet, go, and come back under the same name: a phone that is
 * plugged out and in again is a new interface to the kernel, and a socket bound to the old one hears nothing any more.
 *
 * @module
 */

import { interfaceIndex } from "../../ffi/netif.ts";
import { describeError } from "../log.ts";

/** Looks for an interface. @returns its index, or null when there is none of that name. */
export type InterfaceFinder = (name: string) => number | null;

/** One link's interface. */
export class LinkDevice {
  readonly name: string;
  readonly #find: InterfaceFinder;
  #boundIndex: number | null = null;

  /** @param find another one is for tests */
  constructor(name: string, find: InterfaceFinder = interfaceIndex) {
    this.name = name;
    this.#find = find;
  }

  /** A socket is about to be bound to it. @throws Error when it is not there. */
  noteBound(): void {
    this.#boundIndex = null;
    try {
      this.#boundIndex = this.#find(this.name);
    } catch (error) {
      throw new Error(`Cannot look for interface ${this.name}: ${describeError(error)}`);
    }
    if (this.#boundIndex === null) throw new Error(`There is no interface ${this.name}`);
  }

  /** Whether it was not there when a socket was to be bound. */
  get isMissing(): boolean {
    return this.#boundIndex === null;
  }

  /** Whether what the socket was bound to is gone, though another one may have its name by now. */
  get isGone(): boolean {
    try {
      return this.#find(this.name) !== this.#boundIndex;
    } catch {
      return false; // out of descriptors, e.g.: that says nothing of the interface
    }
  }
}

/**
 * Whether the kernel may drop what comes in by an interface because it would answer by another one (`rp_filter` 1, strict reverse path;
 * ip-sysctl in the kernel's documentation). @returns the remedy, or null.
 */
export function reversePathProblem(
  name: string,
  readSetting: (conf: string) => number = readReversePathFilter,
): string | null {
  if (Math.max(readSetting("all"), readSetting(name)) !== STRICT) return null;
  return `This machine may drop what comes in by ${name}: type ` +
    `sysctl -w net.ipv4.conf.${name.replaceAll(".", "/")}.rp_filter=2`;
}

/** The larger of an interface's setting and of `all` counts. 0: no check, 2: by whichever interface it might come. */
const STRICT = 1;

function readReversePathFilter(conf: string): number {
  try {
    return Number(Deno.readTextFileSync(`/proc/sys/net/ipv4/conf/${conf}/rp_filter`));
  } catch {
    return 0; // no such interface now, or no such system
  }
}
