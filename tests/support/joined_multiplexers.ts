/**
 * Two multiplexers, a slave's and a master's, whose links are joined in memory: what one sends the other receives a fixed
 * time later, in order, unless the test takes it away. Time goes in steps of a ms.
 *
 * @module
 */

import type { LinkPort } from "../../src/multiplexer/link_port.ts";
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from "../../src/multiplexer/link_settings.ts";
import { Multiplexer } from "../../src/multiplexer/multiplexer.ts";
import { settingsOf } from "../../src/multiplexer/noticed_settings.ts";
import { PacketPool } from "../../src/multiplexer/packet_pool.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { readInnerKind } from "../../src/wire/inner_message.ts";
import { Packet } from "../../src/wire/packet.ts";
import { SEAL_OVERHEAD_BYTES } from "./fake_link_port.ts";
import { mulberry32 } from "./rng.ts";

/** A message on its way. */
export interface Flight {
  readonly from: Side;
  readonly linkId: number;
  readonly seqNo: number;
  /** One of InnerKind. */
  readonly kind: number;
  readonly bytes: Uint8Array;
  readonly atMs: number;
}

/** A link between the two. */
export interface JoinedLink {
  /** One way. */
  readonly delayMs?: number;
  readonly settings?: Partial<LinkSettings>;
}

/** A link's end. */
class JoinedPort implements LinkPort {
  readonly id: number;
  readonly name: string;
  readonly isInitiator: boolean;
  readonly isReliable = false;
  readonly maxDatagramBytes = 1_472;
  readonly canProbeMtu = false;
  settings: LinkSettings;
  lastSeqNo = -1;
  readonly #send: (port: JoinedPort, message: Packet) => number;

  constructor(
    id: number,
    isInitiator: boolean,
    settings: Partial<LinkSettings>,
    send: (port: JoinedPort, message: Packet) => number,
  ) {
    this.id = id;
    this.name = isInitiator ? `link${id}` : "";
    this.isInitiator = isInitiator;
    this.settings = { ...DEFAULT_LINK_SETTINGS, ...settings };
    this.#send = send;
  }

  send(message: Packet): number {
    return this.#send(this, message);
  }
}

/** One end. */
export class Side {
  readonly role: "slave" | "master";
  readonly pool = new PacketPool();
  readonly groupSeqNos = new Uint32Array(256);
  readonly ports = new Map<number, JoinedPort>();
  /** Inner packets that arrived. */
  readonly delivered: Uint8Array[] = [];
  /** Of each of them: whether its checksum is left to this end's kernel. */
  readonly deliveredPartial: boolean[] = [];
  /** Link ids and whether they were usable, as announced. */
  readonly changes: (readonly [linkId: number, isUsable: boolean])[] = [];
  /** Names that notices told. */
  readonly notices: string[] = [];
  readonly drops = new Map<number, number>();
  /** Calls of handleTimeout. */
  wakeUps = 0;
  multiplexer: Multiplexer;
  readonly #clockOffsetMs: number;

  constructor(role: "slave" | "master", seed: number) {
    this.role = role;
    this.#clockOffsetMs = role === "slave" ? 5_000 : 4_290_000;
    this.multiplexer = this.#make(seed);
  }

  /** What this end's clock shows. */
  clock(now: number): number {
    return now + this.#clockOffsetMs;
  }

  /** The process is started anew: it knows nothing any more. */
  restart(seed: number): void {
    this.ports.clear();
    this.groupSeqNos.fill(0);
    this.multiplexer = this.#make(seed);
  }

  #make(seed: number): Multiplexer {
    return new Multiplexer({
      rng: mulberry32(seed),
      pool: this.pool,
      groupSeqNos: this.groupSeqNos,
      deliver: (packet) => {
        this.delivered.push(packet.toBytes().slice());
        this.deliveredPartial.push(packet.isPartial);
        return 0;
      },
      onLinkChange: (link) => this.changes.push([link.port.id, link.isUsable]),
      onLinkNotice: (linkId, notice) => {
        this.notices.push(notice.name);
        this.ports.get(linkId)!.settings = settingsOf(notice);
      },
    });
  }
}

/** See the module. */
export class JoinedMultiplexers {
  readonly slave: Side;
  readonly master: Side;
  now = 0;
  /** Whether a message is lost on its way. */
  isLost: (flight: Flight) => boolean = () => false;
  /** All that was sent, what was lost included. */
  readonly sent: Flight[] = [];
  readonly #links: readonly JoinedLink[];
  #flights: Flight[] = [];
  readonly #message = new Packet(2_048);

  /** The slave's links get ids from 1 on. */
  constructor(links: readonly JoinedLink[], seed = 1) {
    this.#links = links;
    this.slave = new Side("slave", seed);
    this.master = new Side("master", seed + 1);
    for (let id = 1; id <= links.length; id++) this.#addLink(this.slave, id);
  }

  /** Both links' ends are new, as after a handshake with a peer that was restarted: numbers begin at 0. */
  restartMaster(): void {
    this.#flights = [];
    this.master.restart(77);
    for (const port of this.slave.ports.values()) port.lastSeqNo = -1;
    const { multiplexer } = this.slave;
    multiplexer.handlePeerRestart();
    for (const id of this.slave.ports.keys()) {
      multiplexer.handleSession(id, this.slave.clock(this.now));
    }
  }

  run(durationMs: number, everyMs: () => void = (): void => {}): void {
    const endMs = this.now + durationMs;
    while (this.now < endMs) {
      this.now++;
      this.#deliver();
      everyMs();
      for (const side of [this.slave, this.master]) this.#wake(side);
    }
  }

  send(from: Side, packet: Packet): number {
    return from.multiplexer.send(packet, from.clock(this.now));
  }

  /** Hands a message to one end as if it had come over a link. */
  inject(to: Side, linkId: number, seqNo: number, bytes: Uint8Array): number {
    this.#message.fill(bytes);
    const datagramBytes = bytes.length + SEAL_OVERHEAD_BYTES;
    return to.multiplexer.received(linkId, seqNo, this.#message, datagramBytes, to.clock(this.now));
  }

  #addLink(side: Side, id: number): void {
    const isInitiator = side.role === "slave";
    const { settings = {} } = this.#links[id - 1]!;
    const port = new JoinedPort(id, isInitiator, isInitiator ? settings : {}, (from, message) => {
      const flight: Flight = {
        from: side,
        linkId: id,
        seqNo: ++from.lastSeqNo,
        kind: readInnerKind(message),
        bytes: message.toBytes().slice(),
        atMs: this.now + (this.#links[id - 1]!.delayMs ?? 20),
      };
      this.sent.push(flight);
      if (!this.isLost(flight)) this.#flights.push(flight);
      return message.length + SEAL_OVERHEAD_BYTES;
    });
    side.ports.set(id, port);
    side.multiplexer.addLink(port, side.clock(this.now));
  }

  #deliver(): void {
    const due = this.#flights.filter(({ atMs }) => atMs <= this.now);
    this.#flights = this.#flights.filter(({ atMs }) => atMs > this.now);
    for (const { from, linkId, seqNo, bytes } of due) {
      const to = from === this.slave ? this.master : this.slave;
      // The master learns a link from its first message.
      if (to.multiplexer.getLink(linkId) === null) {
        if (to === this.slave) continue;
        this.#addLink(to, linkId);
      }
      const result = this.inject(to, linkId, seqNo, bytes);
      if (result < 0) to.drops.set(result, (to.drops.get(result) ?? 0) + 1);
    }
  }

  #wake(side: Side): void {
    const now = side.clock(this.now);
    if (side.multiplexer.nextTimeout() > now) return;
    side.wakeUps++;
    side.multiplexer.handleTimeout(now);
  }
}

/** Duplicates are no fault of the receiver's. */
export function dropsOf(side: Side): number {
  let drops = 0;
  for (const [reason, count] of side.drops) if (reason !== DropReason.DUPLICATE) drops += count;
  return drops;
}
