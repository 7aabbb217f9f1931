/**
 * A sender over fake links, and the packets that it is given.
 *
 * @module
 */

import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Scheduler } from "../../../src/multiplexer/scheduler.ts";
import { Sender } from "../../../src/multiplexer/sender.ts";
import { SentState } from "../../../src/multiplexer/sent_log.ts";
import { IpProtocol } from "../../../src/wire/ip_payload.ts";
import type { Packet } from "../../../src/wire/packet.ts";
import { craftIp } from "../../support/craft_ip.ts";
import type { FakeLinkPort, FakeLinkPortOptions } from "../../support/fake_link_port.ts";
import { measuredLink, type Measurements } from "../../support/measured_link.ts";

const TCP_ACK = 0x10;

/** A packet of a TCP flow with data. @param mark of the packet: its last four bytes */
export function tcpPacket(flow: number, mark = 0, dataBytes = 1_360): Packet {
  const payload = new Uint8Array(20 + dataBytes);
  const view = new DataView(payload.buffer);
  view.setUint16(0, 10_000 + flow);
  view.setUint16(2, 443);
  view.setUint32(4, mark);
  payload[12] = 5 << 4;
  payload[13] = TCP_ACK;
  if (dataBytes >= 4) view.setUint32(payload.length - 4, mark);
  return craftIp({ protocol: IpProtocol.TCP, payload });
}

/** An acknowledgement of TCP without data. */
export function pureAck(flow: number): Packet {
  return tcpPacket(flow, 0, 0);
}

/** A packet of UDP. */
export function udpPacket(flow: number, dataBytes: number): Packet {
  const payload = new Uint8Array(8 + dataBytes);
  const view = new DataView(payload.buffer);
  view.setUint16(0, 20_000 + flow);
  view.setUint16(2, 4_000);
  return craftIp({ protocol: IpProtocol.UDP, payload });
}

/** The last four bytes of an inner packet. */
export function markOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(packet.length - 4);
}

/** Sender, scheduler and links under one clock. */
export class SenderRig {
  readonly pool: PacketPool;
  readonly scheduler = new Scheduler();
  readonly links: MultiplexerLink[] = [];
  readonly ports: FakeLinkPort[] = [];
  readonly groupSeqNos = new Uint32Array(256);
  readonly sender: Sender;
  now = 1_000;

  constructor(maxSlots?: number) {
    const { scheduler, links, groupSeqNos } = this;
    this.pool = new PacketPool(maxSlots);
    this.sender = new Sender({
      pool: this.pool,
      scheduler,
      links,
      seed: 12_345,
      groupSeqNos,
      usefulMtu: () => Infinity,
      onTooBig: () => false,
    });
  }

  add(options: Measurements & FakeLinkPortOptions = {}): MultiplexerLink {
    const { link, port } = measuredLink(this.links.length + 1, options, this.now);
    this.links.push(link);
    this.ports.push(port);
    this.scheduler.invalidate();
    return link;
  }

  send(packet: Packet): number {
    return this.sender.send(packet, this.now);
  }

  /** Lets time pass in steps of a ms, and what waits go when it may. */
  pass(durationMs: number): void {
    const endMs = this.now + durationMs;
    while (this.now < endMs) {
      this.now++;
      this.sender.pump(this.now);
    }
  }

  /** Places of what is in flight over a link. */
  inFlight({ sent }: MultiplexerLink): number[] {
    const places: number[] = [];
    for (let seqNo = sent.oldestSeqNo; seqNo < sent.endSeqNo; seqNo++) {
      const at = sent.find(seqNo);
      if (at >= 0 && sent.states[at] === SentState.IN_FLIGHT) places.push(at);
    }
    return places;
  }

  acknowledge(link: MultiplexerLink, places: readonly number[] = this.inFlight(link)): void {
    for (const at of places) {
      const slot = link.sent.settle(at, SentState.ACKED);
      if (slot !== null) this.sender.release(slot);
    }
    link.sent.advance();
    link.lastAckedMs = this.now;
  }

  /** All that is in flight over a link is lost. */
  lose(link: MultiplexerLink, places: readonly number[] = this.inFlight(link)): void {
    for (const at of places) this.sender.handleLost(link, at, false, this.now);
    link.sent.advance();
  }
}
