import assert from "node:assert/strict";
import fc from "fast-check";
import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { MultiplexerLink as Link } from "../../../src/multiplexer/multiplexer_link.ts";
import { Pinger } from "../../../src/multiplexer/pinger.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { PingFlag } from "../../../src/wire/ping.ts";
import { FakeLinkPort, type FakeLinkPortOptions } from "../../support/fake_link_port.ts";
import { measuredLink } from "../../support/measured_link.ts";

/** An end of a link. */
class End {
  readonly pinger: Pinger;
  readonly link: MultiplexerLink;
  readonly message = new Packet(200);

  constructor(isInitiator: boolean, rng: () => number = () => 0.5) {
    this.pinger = new Pinger(rng);
    this.link = new Link(new FakeLinkPort(1, { isInitiator }));
  }
}

/** Time from a ping to the next of a link. */
function intervalMs(
  link: MultiplexerLink,
  now: number,
  { isIdle = false, rng = (): number => 0.5 } = {},
): number {
  new Pinger(rng).craft(link, isIdle, new Packet(200), now);
  assert(link.nextPingMs <= now + 1_000, "asked again soon, should this one be lost");
  return link.askIntervalMs;
}

/** A link that is up and has been for a while. */
function steadyLink(options: FakeLinkPortOptions = {}): MultiplexerLink {
  const { link } = measuredLink(1, options, 1_000);
  link.echoes = 10;
  return link;
}

Deno.test("a ping and its answer tell the round trip without the time it was held, and what the way there took", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 400, noNaN: true }),
      fc.double({ min: 0.05, max: 400, noNaN: true }),
      fc.double({ min: 0, max: 2_000, noNaN: true }),
      fc.double({ min: 0, max: 2 ** 33, noNaN: true }),
      fc.double({ min: 0, max: 2 ** 33, noNaN: true }),
      (thereMs, backMs, heldMs, slaveMs, offsetMs) => {
        const slave = new End(true);
        const master = new End(false);
        const at = (now: number): number => now + offsetMs;
        slave.pinger.craft(slave.link, false, slave.message, slaveMs);
        const flags = master.pinger.handle(master.link, slave.message, at(slaveMs + thereMs));
        assert.equal(flags, PingFlag.WANTS_ANSWER, "there is nothing to echo yet");
        const answeredMs = slaveMs + thereMs + heldMs;
        master.pinger.craftAnswer(master.link, master.message, at(answeredMs));
        const result = slave.pinger.handle(slave.link, master.message, answeredMs + backMs);
        assert.equal(result, PingFlag.HAS_ECHO);
        assert(Math.abs(slave.link.rtt.srttMs - thereMs - backMs) < 0.01);
        const transitUs = Math.round((thereMs + offsetMs) * 1_000) % 2 ** 32;
        const errorUs = Math.abs(slave.pinger.echoedTransitUs - transitUs);
        assert(Math.min(errorUs, 2 ** 32 - errorUs) < 10, `${errorUs}`);
        assert.equal(slave.link.echoes, 1);
      },
    ),
  );
});

Deno.test("the next ping echoes the answer, so that the other end knows its round trip too", () => {
  const slave = new End(true);
  const master = new End(false);
  slave.pinger.craft(slave.link, false, slave.message, 0);
  master.pinger.handle(master.link, slave.message, 30);
  master.pinger.craftAnswer(master.link, master.message, 30);
  slave.pinger.handle(slave.link, master.message, 70);
  slave.pinger.craft(slave.link, false, slave.message, 170);
  const flags = master.pinger.handle(master.link, slave.message, 200);
  assert.equal(flags, PingFlag.WANTS_ANSWER | PingFlag.HAS_ECHO);
  assert(Math.abs(master.link.rtt.srttMs - 70) < 0.01);
});

Deno.test("a ping says when the next one comes", () => {
  const slave = new End(true);
  const master = new End(false);
  slave.pinger.craft(slave.link, false, slave.message, 0);
  master.pinger.handle(master.link, slave.message, 30);
  assert(master.link.peerIntervalMs >= slave.link.nextPingMs);
  assert(master.link.peerIntervalMs < slave.link.nextPingMs + 200);
});

Deno.test("round trips of a link with data in flight come from its feedback", () => {
  const slave = new End(true);
  const master = new End(false);
  slave.link.rtt.handleSample(500, 0);
  slave.link.sent.add(0, 100, 0);
  slave.pinger.craft(slave.link, false, slave.message, 0);
  master.pinger.handle(master.link, slave.message, 10);
  master.pinger.craftAnswer(master.link, master.message, 10);
  slave.pinger.handle(slave.link, master.message, 20);
  assert.equal(slave.link.rtt.srttMs, 500);
});

Deno.test("an answer to what was asked since clears a suspect link, an older one does not", () => {
  for (const [askedMs, isProof] of [[900, false], [1_100, true]] as const) {
    const slave = new End(true);
    const master = new End(false);
    slave.link.isAlive = true;
    slave.pinger.craft(slave.link, false, slave.message, askedMs);
    slave.link.isSuspect = true;
    slave.link.suspectSinceMs = 1_000;
    slave.link.lastAckedMs = 500;
    master.pinger.handle(master.link, slave.message, askedMs + 50);
    master.pinger.craftAnswer(master.link, master.message, askedMs + 50);
    slave.pinger.handle(slave.link, master.message, 1_300);
    assert.equal(slave.link.lastAckedMs >= slave.link.suspectSinceMs, isProof);
  }
});

Deno.test("Pinger asks often at first, rarely once a link is known, and more rarely without data", () => {
  const young = steadyLink();
  young.echoes = 0;
  const greetingMs = intervalMs(young, 1_000);
  const activeMs = intervalMs(steadyLink(), 1_000);
  const idleMs = intervalMs(steadyLink(), 1_000, { isIdle: true });
  assert(greetingMs <= 200);
  assert(activeMs > greetingMs && activeMs <= 1_000, "a link that returns is used within a second");
  assert(idleMs > activeMs);
});

Deno.test("Pinger only keeps a link open that carries nothing, and not at a regular beat", () => {
  const soonest = intervalMs(steadyLink(), 1_000, { isIdle: true, rng: () => 0 });
  const latest = intervalMs(steadyLink(), 1_000, { isIdle: true, rng: () => 0.999 });
  assert(soonest >= 15_000 && latest <= 25_000 && latest > soonest + 5_000);
});

Deno.test("Pinger asks a suspect link at once and again, and one that is down often at first, then less", () => {
  const suspect = steadyLink();
  suspect.isSuspect = true;
  assert(intervalMs(suspect, 1_000) <= 100);
  const down = steadyLink();
  down.isAlive = false;
  down.lastHeardMs = 1_000;
  const freshMs = intervalMs(down, 2_000);
  const longMs = intervalMs(down, 200_000);
  assert(freshMs <= 500 && longMs > freshMs && longMs <= 1_000);
});

Deno.test("Pinger drops what is no ping, whatever it is", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
    const end = new End(true);
    const message = new Packet(64);
    message.fill(bytes);
    const result = end.pinger.handle(end.link, message, 1_000);
    const isPing = bytes.length >= 32 && bytes[0] === 5;
    assert.equal(result >= 0, isPing);
    if (!isPing) assert.equal(result, DropReason.BAD_CONTROL);
  }));
});

Deno.test("Pinger does not believe an echo from the future", () => {
  const slave = new End(true);
  const master = new End(false);
  slave.pinger.craft(slave.link, false, slave.message, 5_000);
  master.pinger.handle(master.link, slave.message, 5_000);
  master.pinger.craftAnswer(master.link, master.message, 5_000);
  slave.pinger.handle(slave.link, master.message, 4_000);
  assert.equal(slave.link.rtt.hasSample, false);
});
