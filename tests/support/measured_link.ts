/**
 * A multiplexer's link of which everything is known, as after some seconds of traffic.
 *
 * @module
 */

import { MultiplexerLink } from "../../src/multiplexer/multiplexer_link.ts";
import { FakeLinkPort, type FakeLinkPortOptions } from "./fake_link_port.ts";

/** What was measured. */
export interface Measurements {
  /** One way, without a queue; half of the round trip. */
  readonly transitMs?: number;
  readonly capacityBps?: number;
}

/** A link that is up, and its fake port. */
export interface MeasuredLink {
  readonly link: MultiplexerLink;
  readonly port: FakeLinkPort;
}

/** Makes such a link. @param id 1..255 */
export function measuredLink(
  id: number,
  measurements: Measurements & FakeLinkPortOptions = {},
  now = 0,
): MeasuredLink {
  const port = new FakeLinkPort(id, measurements);
  const link = new MultiplexerLink(port);
  measure(link, measurements, now);
  return { link, port };
}

/** Makes a link know what it is. */
export function measure(link: MultiplexerLink, measurements: Measurements, now: number): void {
  const { transitMs = 20, capacityBps = 10e6 } = measurements;
  link.isAlive = true;
  link.lastHeardMs = now;
  link.lastAckedMs = now;
  for (let i = 0; i < 100; i++) {
    link.rtt.handleSample(2 * transitMs, now);
    link.delay.handleSample(transitMs, transitMs, 0, now);
  }
  link.capacity.capacityBps = capacityBps;
  // It is not on the way up any more.
  Object.defineProperty(link.rate, "isStartingUp", { value: false, configurable: true });
  link.rate.update(false, true, false, now);
  link.pacer.setRate(link.rate.rateBps, now);
}
