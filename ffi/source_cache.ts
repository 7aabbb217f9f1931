/**
 * The sources of datagrams as text, made once for each.
 *
 * @module
 */

import { BytesCache } from "./bytes_cache.ts";
import { sockaddrHostname, sockaddrPort } from "./socket_address.ts";

/** Where datagrams came from: an IP literal (IPv4-mapped shown as IPv4) and a port. */
export interface DatagramSource {
  readonly hostname: string;
  readonly port: number;
}

/** What {@link SourceCache} has where nothing is; also the source of nothing. */
export const NO_SOURCE: DatagramSource = { hostname: "", port: 0 };

/** `struct sockaddr_in6` in words of 32 bits. */
const SOURCE_WORDS = 7;

/** More than a small master's links; 7 KiB of words for each socket. */
const SLOTS = 256;

/** Remembers sources by the kernel's bytes. */
export class SourceCache {
  readonly #cache = new BytesCache<DatagramSource>(SOURCE_WORDS, {
    slots: SLOTS,
    nothing: NO_SOURCE,
    create: (view) => {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      return { hostname: sockaddrHostname(bytes), port: sockaddrPort(bytes) };
    },
  });

  /**
   * Hot. The source in a `struct sockaddr_in` or `sockaddr_in6`, which a zeroed `view` of 28 bytes holds:
   * the same object while the source stays the same.
   */
  find(view: DataView<ArrayBuffer>): DatagramSource {
    return this.#cache.find(view, 0);
  }
}
