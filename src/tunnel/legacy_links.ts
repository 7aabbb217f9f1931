/**
 * The legacy tunnel's links, with the multiplexer that joins them.
 *
 * @module
 */

import { snapshotLegacyLink } from "../linkmap/link_status.ts";
import type { Logger } from "../log.ts";
import { LegacyMultiplexer } from "../multiplexer/legacy_multiplexer.ts";
import type { Packet } from "../wire/packet.ts";
import { BareLink } from "./bare_link.ts";
import type { LegacyCodec } from "./legacy_codec.ts";
import { PeerLinks } from "./peer_links.ts";

/** What {@link openLegacyLinks} works with. */
export interface LegacyLinksOptions {
  readonly codec: LegacyCodec;
  /** Hot. Takes a packet that came over the links. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** The machine's clock, ms since 1970. */
  readonly wallClock: () => number;
}

/** Links to the peer of a legacy tunnel. */
export type LegacyLinks = PeerLinks<BareLink, LegacyMultiplexer>;

/** Makes them; there is no link yet. */
export function openLegacyLinks(options: LegacyLinksOptions): LegacyLinks {
  const { codec, deliver, logger, rng, wallClock } = options;
  return new PeerLinks<BareLink, LegacyMultiplexer>({
    logger,
    slave: "",
    makeLink: (id) => new BareLink({ id, name: `link${id}`, isInitiator: false, codec }),
    join: (links) =>
      new LegacyMultiplexer({
        rng,
        deliver,
        // Seconds since 1970: one number is used up a second, so a restarted peer is ahead of itself.
        firstSeqNo: Math.floor(wallClock() / 1_000),
        onLinkChange: (link) => links.handleLinkChange(link),
      }),
    snapshotLink: (link, multiplexer, now) => {
      const known = multiplexer.getLink(link.id);
      return known === null ? null : snapshotLegacyLink(link, known, now);
    },
  });
}
