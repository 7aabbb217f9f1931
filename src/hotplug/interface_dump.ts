/**
 * All interfaces with their addresses and routes, as the kernel dumps them: three requests, one after the other, whose answers come in
 * pieces. News are no part of it: they only tell that a new dump is worth it, since the kernel does not tell everything (routes that go
 * with an interface, e.g.). Pure.
 *
 * @module
 */

import {
  type AddressFacts,
  type LinkFacts,
  type NetInterface,
  readAddress,
  readLink,
  readRoute,
  type RouteFacts,
} from "./net_interface.ts";
import {
  craftDumpRequest,
  DUMP_INTERRUPTED,
  type NetlinkMessage,
  NetlinkType,
} from "./netlink_message.ts";

const REQUESTS = [NetlinkType.GET_LINK, NetlinkType.GET_ADDRESS, NetlinkType.GET_ROUTE];

/** Most routes that are kept: a router may have a million, and those that count are a few. */
const MAX_ROUTES = 4_096;

/** An answer before, whose end was lost, is under way still; include/uapi/asm-generic/errno-base.h. */
const EBUSY = 16;

/** One dump under way. */
export class InterfaceDump {
  readonly #firstSeqNo: number;
  #step = 0;
  #isInterrupted = false;
  readonly #links: LinkFacts[] = [];
  readonly #addresses: AddressFacts[] = [];
  readonly #routes: RouteFacts[] = [];

  /** @param firstSeqNo it uses three numbers from this one on; none of them 0 */
  constructor(firstSeqNo: number) {
    this.#firstSeqNo = firstSeqNo;
  }

  /** The request to be sent now; null: it is done. */
  get request(): Uint8Array<ArrayBuffer> | null {
    const type = REQUESTS[this.#step];
    return type === undefined ? null : craftDumpRequest(type, this.#seqNo);
  }

  /** Whether something changed meanwhile, so that parts may not fit together. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  get #seqNo(): number {
    return this.#firstSeqNo + this.#step;
  }

  /**
   * Takes a message.
   * @returns "foreign": it is no answer to this; "more": others follow; "next": {@link request} is to be sent, or all is there.
   * @throws Error when the kernel refuses.
   */
  handle({ type, flags, seqNo, body }: NetlinkMessage): "foreign" | "more" | "next" {
    if (seqNo !== this.#seqNo || this.#step >= REQUESTS.length) return "foreign";
    if ((flags & DUMP_INTERRUPTED) !== 0) this.#isInterrupted = true;
    if (type === NetlinkType.ERROR) {
      const errno = -readI32(body);
      if (errno !== EBUSY) throw new Error(`The kernel does not list interfaces: error ${errno}`);
      this.#isInterrupted = true;
      this.#step = REQUESTS.length;
      return "next";
    }
    if (type === NetlinkType.DONE) {
      this.#step++;
      return "next";
    }
    this.#keep(type, body);
    return "more";
  }

  /** What there is. */
  get interfaces(): readonly NetInterface[] {
    return this.#links.map((link) => {
      const routes = this.#routes.filter(({ index }) => index === link.index);
      routes.sort((a, b) => Number(b.isDefault) - Number(a.isDefault) || a.metric - b.metric);
      return {
        ...link,
        addresses: this.#addresses.filter(({ index }) => index === link.index)
          .map(({ address, prefixBits }) => ({ address, prefixBits })),
        hasRoute: routes.length > 0,
        gateway: routes.find(({ gateway }) => gateway !== null)?.gateway ?? null,
      };
    });
  }

  #keep(type: number, body: Uint8Array): void {
    if (type === NetlinkType.NEW_LINK) {
      const link = readLink(body);
      if (link !== null) this.#links.push(link);
    } else if (type === NetlinkType.NEW_ADDRESS) {
      const address = readAddress(body);
      if (address !== null) this.#addresses.push(address);
    } else if (type === NetlinkType.NEW_ROUTE) {
      const room = MAX_ROUTES - this.#routes.length;
      this.#routes.push(...readRoute(body).slice(0, room));
    }
  }
}

function readI32(body: Uint8Array): number {
  if (body.length < 4) return 0;
  return new DataView(body.buffer, body.byteOffset, body.byteLength).getInt32(0, true);
}
