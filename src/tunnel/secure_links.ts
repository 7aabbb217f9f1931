/**
 * The links to one peer of the secure tunnel, with the multiplexer that joins them.
 *
 * @module
 */

import { snapshotLink } from "../linkmap/link_status.ts";
import type { Logger } from "../log.ts";
import type { TooBigHandler } from "../multiplexer/link_fit.ts";
import { DEFAULT_LINK_SETTINGS } from "../multiplexer/link_settings.ts";
import { Multiplexer } from "../multiplexer/multiplexer.ts";
import { settingsOf } from "../multiplexer/noticed_settings.ts";
import type { PacketPool } from "../multiplexer/packet_pool.ts";
import type { Packet } from "../wire/packet.ts";
import { LinkNews, type LinkNewsItem } from "./link_news.ts";
import { PeerLinks } from "./peer_links.ts";
import { SealedLink } from "./sealed_link.ts";
import type { SecureCodec } from "./secure_codec.ts";

/** What {@link openSecureLinks} works with. */
export interface SecureLinksOptions {
  readonly codec: SecureCodec;
  /** Hot. Takes a packet that came over the links. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** Slots of all peers of this end. */
  readonly pool: PacketPool;
  /** Next number of each order group (256): the peer's, for as long as the program runs. */
  readonly groupSeqNos: Uint32Array;
  /** The peer's name at a master, else empty. */
  readonly slave: string;
  /** Hot. The multiplexer has something to do at that time, monotonic ms: earlier than it said before. */
  readonly onWake: (atMs: number) => void;
  /** A packet is larger than every link takes. */
  readonly onTooBig: TooBigHandler;
  /** Hot. Something was sent that the peer answers if it is there. */
  readonly onAsk?: (now: number) => void;
}

/** Links to one peer, that also tell what the multiplexer makes of them. */
export class SecureLinks extends PeerLinks<SealedLink, Multiplexer> {
  readonly #news = new LinkNews();
  readonly #tell = ({ level, message, linkId, why }: LinkNewsItem): void =>
    this.tell(level, message, linkId, { why });

  /** Tells what links do now if that is something else than before; looks once a second, however often it is called. */
  tellNews(now: number): void {
    this.#news.look(this.multiplexer.links, now, this.#tell);
  }
}

/** Makes them; there is no link yet. */
export function openSecureLinks(options: SecureLinksOptions): SecureLinks {
  const { codec, logger, slave } = options;
  return new SecureLinks({
    logger,
    slave,
    makeLink: (id) =>
      new SealedLink({
        id,
        name: `link${id}`,
        isInitiator: false,
        settings: DEFAULT_LINK_SETTINGS,
        codec,
      }),
    join: (links) => createMultiplexer(options, links),
    snapshotLink: (link, multiplexer, now) => {
      const known = multiplexer.getLink(link.id);
      return known === null ? null : snapshotLink(link, known, { slave, now });
    },
  });
}

function createMultiplexer(
  options: SecureLinksOptions,
  links: PeerLinks<SealedLink, Multiplexer>,
): Multiplexer {
  const { rng, deliver, pool, groupSeqNos, onWake, onAsk, onTooBig } = options;
  return new Multiplexer({
    rng,
    deliver,
    pool,
    groupSeqNos,
    onTooBig,
    onLinkChange: (link) => links.handleLinkChange(link),
    onWake: () => onWake(links.multiplexer.nextTimeout()),
    ...(onAsk === undefined ? {} : { onAsk }),
    onLinkNotice: (linkId, notice) => {
      const link = links.get(linkId);
      if (link === null) return;
      link.settings = settingsOf(notice);
      if (notice.name !== "") link.name = notice.name;
    },
  });
}
