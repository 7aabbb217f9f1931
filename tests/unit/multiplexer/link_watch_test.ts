import assert from "node:assert/strict";
import { LinkWatch } from "../../../src/multiplexer/link_watch.ts";
import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import type { FakeLinkPortOptions } from "../../support/fake_link_port.ts";
import type { Measurements } from "../../support/measured_link.ts";
import { markOf, SenderRig, tcpPacket } from "./sender_rig.ts";

/** A watch over fake links of which something valid was heard. */
class Rig extends SenderRig {
  /** What was announced. */
  readonly changes: {
    readonly id: number;
    readonly isAlive: boolean;
    readonly isSuspect: boolean;
  }[] = [];
  readonly watch = new LinkWatch(
    this.sender,
    this.scheduler,
    ({ port, isAlive, isSuspect }) => this.changes.push({ id: port.id, isAlive, isSuspect }),
  );

  up(options: Measurements & FakeLinkPortOptions = {}): MultiplexerLink {
    const link = this.add({ capacityBps: 100e6, ...options });
    link.isAlive = false;
    this.watch.revive(link, this.now);
    link.lastHeardMs = this.now;
    this.changes.length = 0;
    this.pass(10);
    return link;
  }

  /**
   * Lets time pass, a check every 5 ms. What of `acked` is in flight is acknowledged all the time; all but `silent` are heard.
   * Stops when `until` holds.
   */
  live(
    durationMs: number,
    { acked = [], silent = [], until = (): boolean => false }: {
      readonly acked?: readonly MultiplexerLink[];
      readonly silent?: readonly MultiplexerLink[];
      readonly until?: () => boolean;
    },
  ): void {
    const endMs = this.now + durationMs;
    while (this.now < endMs && !until()) {
      this.pass(5);
      for (const link of this.links) if (!silent.includes(link)) link.lastHeardMs = this.now;
      for (const link of acked) {
        this.watch.feedbackMs = this.now;
        this.acknowledge(link);
        this.watch.handleAcknowledged(link, this.now);
      }
      this.watch.check(this.links, this.now);
    }
  }

  sendMany(packets: number): void {
    for (let i = 0; i < packets; i++) this.send(tcpPacket(1, i));
    this.pass(2);
  }

  marks(port: number): number[] {
    return this.ports[port]!.sentData().map(({ packet }) => markOf(packet));
  }
}

Deno.test("LinkWatch revives a link of which something was heard: it is tried anew, and asked", () => {
  const rig = new Rig();
  const link = rig.add();
  link.isAlive = false;
  assert.equal(rig.watch.hasLiveLink, false);
  const before = link.capacity.capacityBps;
  rig.watch.revive(link, rig.now);
  assert.equal(rig.watch.hasLiveLink, true);
  assert.equal(link.isUsable, true);
  assert(link.nextPingMs <= rig.now);
  assert(link.capacity.capacityBps <= before);
  assert.deepEqual(rig.changes, [{ id: 1, isAlive: true, isSuspect: false }]);
});

Deno.test("LinkWatch buries a link that is silent for some seconds, and not before", () => {
  const rig = new Rig();
  const link = rig.up();
  rig.live(2_000, { silent: [link] });
  assert.equal(link.isAlive, true);
  rig.live(3_000, { silent: [link] });
  assert.equal(link.isAlive, false);
  assert.equal(rig.watch.hasLiveLink, false);
  assert.deepEqual(rig.changes, [{ id: 1, isAlive: false, isSuspect: false }]);
});

Deno.test("LinkWatch does not wait longer for a peer that said to ask each second", () => {
  const rig = new Rig();
  const link = rig.up();
  link.peerIntervalMs = 1_000;
  rig.live(3_100, { silent: [link] });
  assert.equal(link.isAlive, false);
});

Deno.test("LinkWatch waits for a peer that said to ask rarely", () => {
  const rig = new Rig();
  const link = rig.up();
  link.peerIntervalMs = 25_000;
  rig.live(29_000, { silent: [link] });
  assert.equal(link.isAlive, true);
  rig.live(2_000, { silent: [link] });
  assert.equal(link.isAlive, false);
});

Deno.test("LinkWatch suspects a link that acknowledges nothing while another does, within 250 ms", () => {
  const rig = new Rig();
  const dying = rig.up({ transitMs: 20 });
  const other = rig.up({ transitMs: 40 });
  rig.sendMany(10);
  assert.equal(dying.sent.inFlightPkts, 10);
  const startMs = rig.now;
  rig.live(1_000, { acked: [other], until: () => dying.isSuspect });
  assert(rig.now - startMs <= 250, `${rig.now - startMs} ms`);
  assert.deepEqual(rig.changes, [{ id: 1, isAlive: true, isSuspect: true }]);
  assert(dying.nextPingMs <= rig.now, "it is asked at once");
});

Deno.test("LinkWatch sends over another link what was in flight over a suspect one", () => {
  const rig = new Rig();
  const dying = rig.up({ transitMs: 20 });
  const other = rig.up({ transitMs: 40 });
  rig.sendMany(10);
  rig.live(400, { acked: [other], until: () => dying.isSuspect });
  rig.live(50, { acked: [other] });
  assert.equal(dying.sent.inFlightPkts, 0);
  assert.deepEqual([...new Set(rig.marks(1))].sort((a, b) => a - b), [
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
  ]);
  const before = rig.marks(0).length;
  rig.sendMany(5);
  assert.equal(rig.marks(0).length, before, "nothing new goes over it");
});

Deno.test("LinkWatch does not suspect a link of which all is acknowledged, or that has nothing in flight", () => {
  const rig = new Rig();
  const first = rig.up({ transitMs: 20 });
  const second = rig.up({ transitMs: 40 });
  for (let i = 0; i < 20; i++) {
    rig.sendMany(10);
    rig.live(50, { acked: [first, second] });
  }
  assert.deepEqual(rig.changes, []);
});

Deno.test("LinkWatch does not suspect the only link: it sends a few packets again and waits", () => {
  const rig = new Rig();
  const only = rig.up({ transitMs: 20 });
  rig.sendMany(30);
  rig.live(500, {});
  assert.equal(only.isSuspect, false);
  const again = rig.marks(0).length - 30;
  assert(again >= 1, "it tries");
  assert(again < 100, `${again}: but does not flood a link that may only be slow`);
});

Deno.test("LinkWatch does not take a packet or two that are lost for a link's death", () => {
  const rig = new Rig();
  const first = rig.up({ transitMs: 20 });
  const other = rig.up({ transitMs: 40 });
  rig.sendMany(2);
  rig.live(150, { acked: [other] });
  assert.equal(first.isSuspect, false);
  assert.equal(first.sent.inFlightPkts + rig.sender.resends.count < 2 + 2, true);
  assert(rig.marks(0).length + rig.marks(1).length >= 4, "they are sent again");
});

Deno.test("LinkWatch suspects a link that also does not acknowledge what was sent after a doubt", () => {
  const rig = new Rig();
  const first = rig.up({ transitMs: 20 });
  const other = rig.up({ transitMs: 40 });
  for (let i = 0; i < 40 && !first.isSuspect; i++) {
    rig.sendMany(1);
    rig.live(50, { acked: [other] });
  }
  assert.equal(first.isSuspect, true);
});

Deno.test("LinkWatch uses a suspect link again once it acknowledges something, and only then", () => {
  const rig = new Rig();
  const link = rig.up({ transitMs: 20 });
  const other = rig.up({ transitMs: 40 });
  rig.sendMany(10);
  rig.live(500, { acked: [other], until: () => link.isSuspect });
  rig.now += 20;
  rig.watch.handleAcknowledged(link, rig.now); // the peer tells of it, but nothing new
  assert.equal(link.isSuspect, true);
  rig.changes.length = 0;
  for (const isBack of [false, true]) {
    rig.now += 10;
    link.lastAckedMs = rig.now;
    rig.watch.handleAcknowledged(link, rig.now);
    assert.equal(link.isUsable, isBack, "one late answer is no proof");
  }
  assert.deepEqual(rig.changes, [{ id: 1, isAlive: true, isSuspect: false }]);
});

Deno.test("LinkWatch buries a suspect link that stays silent sooner than another", () => {
  const rig = new Rig();
  const dying = rig.up({ transitMs: 20 });
  const other = rig.up({ transitMs: 40 });
  rig.sendMany(10);
  const startMs = rig.now;
  rig.live(5_000, { acked: [other], silent: [dying], until: () => !dying.isAlive });
  assert(rig.now - startMs < 2_800, `${rig.now - startMs}`);
  assert.equal(rig.watch.hasLiveLink, true);
});

Deno.test("LinkWatch is more patient with a link over TCP, which sends again by itself", () => {
  const suspectedMs = (isReliable: boolean): number => {
    const rig = new Rig();
    const dying = rig.up({ transitMs: 40, isReliable });
    const other = rig.up({ transitMs: 60 });
    rig.sendMany(10);
    const startMs = rig.now;
    rig.live(5_000, { acked: [other], until: () => dying.isSuspect });
    return rig.now - startMs;
  };
  assert(suspectedMs(true) > 2 * suspectedMs(false));
});

Deno.test("LinkWatch moves what was in flight over a link whose socket is gone", () => {
  const rig = new Rig();
  const gone = rig.up({ transitMs: 20 });
  rig.up({ transitMs: 40 });
  rig.sendMany(5);
  rig.watch.close(gone, rig.now);
  rig.pass(5);
  assert.equal(gone.isAlive, false);
  assert.deepEqual(rig.marks(1), [0, 1, 2, 3, 4]);
  rig.watch.close(gone, rig.now); // and nothing the second time
  assert.equal(rig.watch.hasLiveLink, true);
});

Deno.test("LinkWatch keeps nothing for later when the last link goes", () => {
  const rig = new Rig();
  const last = rig.up();
  rig.sendMany(300);
  rig.watch.close(last, rig.now);
  assert.equal(rig.watch.hasLiveLink, false);
  assert.equal(rig.pool.usedSlots, 0);
  assert.equal(last.sent.inFlightPkts, 0);
});

Deno.test("LinkWatch knows which link was heard last", () => {
  const rig = new Rig();
  assert.equal(rig.watch.lastHeard(rig.links), null);
  const first = rig.up();
  const second = rig.up();
  first.lastHeardMs = 5;
  second.lastHeardMs = 6;
  first.isAlive = second.isAlive = false;
  assert.equal(rig.watch.lastHeard(rig.links), second);
});
