/**
 * Both directions of an emulated link in real time, and what may be changed of them at run time.
 *
 * @module
 */

import type { LinkCounters } from "./link_emulator.ts";
import type { LinkProfile } from "./link_profile.ts";
import { RealtimeLink, type RealtimeLinkOptions } from "./realtime_link.ts";

/** What a duplex link is made of; for the rest see {@link RealtimeLinkOptions}. */
export interface DuplexLinkOptions extends Omit<RealtimeLinkOptions, "profile"> {
  readonly up: LinkProfile;
  readonly down: LinkProfile;
}

/** A change at run time. */
export interface DuplexControl {
  readonly up?: Partial<LinkProfile>;
  readonly down?: Partial<LinkProfile>;
  /** true: the link loses what it holds and passes nothing; false: it works again. */
  readonly cut?: boolean;
}

/** Counts since the start. */
export interface DuplexStats {
  readonly up: Readonly<LinkCounters>;
  readonly down: Readonly<LinkCounters>;
  readonly isCut: boolean;
  /** Datagrams that arrived and that the system refused to send on. */
  readonly sendErrors: number;
}

/** A link with two directions. */
export class DuplexLink implements Disposable {
  readonly up: RealtimeLink;
  readonly down: RealtimeLink;

  constructor(options: DuplexLinkOptions) {
    const { up, down, ...shared } = options;
    const seed = options.seed ?? 1;
    this.up = new RealtimeLink({ ...shared, profile: up, seed });
    this.down = new RealtimeLink({ ...shared, profile: down, seed: ~seed });
  }

  /** Changes the link. @throws RangeError when a figure makes no sense. */
  control(change: DuplexControl): void {
    if (change.up !== undefined) this.up.configure(change.up);
    if (change.down !== undefined) this.down.configure(change.down);
    if (change.cut === undefined) return;
    this.up.setUp(!change.cut);
    this.down.setUp(!change.cut);
  }

  /** A copy of the counters as they are now. */
  stats(): DuplexStats {
    return {
      up: { ...this.up.counters },
      down: { ...this.down.counters },
      isCut: !this.up.isUp,
      sendErrors: this.up.deliveryErrors + this.down.deliveryErrors,
    };
  }

  /** Loses what is under way and stops the timers. Idempotent. */
  close(): void {
    this.up.close();
    this.down.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
