import assert from "node:assert/strict";
import fc from "fast-check";
import { Multiplexer } from "../../../src/multiplexer/multiplexer.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";
import {
  dropsOf,
  type JoinedLink,
  JoinedMultiplexers,
  type Side,
} from "../../support/joined_multiplexers.ts";
import { mulberry32 } from "../../support/rng.ts";
import { markOf, pureAck, tcpPacket } from "./sender_rig.ts";

/** Two ends that have known each other for a second. */
function acquainted(links: readonly JoinedLink[] = [{}, { delayMs: 40 }]): JoinedMultiplexers {
  const joined = new JoinedMultiplexers(links);
  joined.run(1_000);
  return joined;
}

/** Sends a packet each ms, of one flow; its mark is its number. */
function stream(joined: JoinedMultiplexers, from: Side, packets: number, firstMark = 0): void {
  let mark = firstMark;
  joined.run(packets, () => assert(joined.send(from, tcpPacket(1, mark++, 500)) > 0));
}

function marksOf(side: Side): number[] {
  return side.delivered.map(markOf);
}

function numbersTo(end: number): number[] {
  return Array.from({ length: end }, (_, i) => i);
}

/** All slots are back, at both ends. */
function assertNothingHeld(joined: JoinedMultiplexers): void {
  assert.deepEqual([joined.slave.pool.usedSlots, joined.master.pool.usedSlots], [0, 0]);
}

function bareMultiplexer(): Multiplexer {
  return new Multiplexer({
    rng: () => 0.5,
    pool: new PacketPool(),
    groupSeqNos: new Uint32Array(256),
    deliver: () => 0,
  });
}

Deno.test("two multiplexers greet each other, and know the round trip of each link within a second", () => {
  const joined = acquainted();
  for (const side of [joined.slave, joined.master]) {
    for (const [id, roundTripMs] of [[1, 40], [2, 80]] as const) {
      const link = side.multiplexer.getLink(id)!;
      assert.equal(link.isUsable, true);
      assert(Math.abs(link.rtt.srttMs - roundTripMs) < 3, `${side.role} ${link.rtt.srttMs}`);
      assert(Math.abs(link.rtt.minMs - roundTripMs) < 3);
    }
    const [first, second] = [1, 2].map((id) => side.multiplexer.getLink(id)!.delay.baseMs);
    assert(
      Math.abs(second! - first! - 20) < 3,
      `${side.role}: links differ by ${second! - first!}`,
    );
    assert.deepEqual(side.changes, [[1, true], [2, true]]);
    assert.equal(dropsOf(side), 0);
  }
});

Deno.test("the first packet goes a round trip after the start", () => {
  const joined = new JoinedMultiplexers([{ delayMs: 20 }]);
  assert.equal(joined.send(joined.slave, tcpPacket(1)), DropReason.NO_LINK);
  joined.run(45);
  assert(joined.send(joined.slave, tcpPacket(1)) > 0);
  joined.run(25);
  assert.equal(joined.master.delivered.length, 1);
});

Deno.test("a master learns what the user says of a link, and the slave that it was heard", () => {
  const settings = { mode: "backup", isMetered: true, capDownBps: 3e6 } as const;
  const joined = acquainted([{ settings }, {}]);
  assert.deepEqual(joined.master.notices.slice(0, 2), ["link1", "link2"]);
  const { mode, isMetered, capDownBps } = joined.master.ports.get(1)!.settings;
  assert.deepEqual({ mode, isMetered, capDownBps }, settings);
  assert.equal(joined.master.multiplexer.getLink(1)!.rate.capBps, 3e6);
  assert.equal(joined.slave.multiplexer.getLink(1)!.isNoticeHeard, true);
  const before = joined.sent.length;
  joined.run(5_000);
  const notices = joined.sent.slice(before).filter(({ kind }) => kind === InnerKind.LINK);
  assert.equal(notices.length, 0, "it is not said again");
});

Deno.test("a notice that is lost is said again", () => {
  const joined = new JoinedMultiplexers([{}]);
  let lost = 0;
  joined.isLost = ({ kind }) => kind === InnerKind.LINK && lost++ < 3;
  joined.run(2_000);
  assert.equal(joined.slave.multiplexer.getLink(1)!.isNoticeHeard, true);
});

Deno.test("packets pass both ways, whole and in order, and all slots are back soon after", () => {
  const joined = acquainted();
  const { slave, master } = joined;
  let mark = 0;
  joined.run(500, () => {
    joined.send(slave, tcpPacket(1, mark));
    joined.send(master, tcpPacket(2, mark++));
  });
  joined.run(500);
  assert.deepEqual(marksOf(master), numbersTo(500));
  assert.deepEqual(marksOf(slave), numbersTo(500));
  assert.deepEqual(master.delivered[7], tcpPacket(1, 7).toBytes().slice());
  assertNothingHeld(joined);
  for (const side of [slave, master]) {
    assert.equal(dropsOf(side), 0);
    for (const link of side.multiplexer.links) {
      assert.equal(link.sent.inFlightPkts, 0);
      assert.equal(link.lostPkts, 0);
    }
  }
});

Deno.test("a flow that one capped link does not carry goes over both, and is in order all the same", () => {
  const cap = { capUpBps: 4e6 };
  const joined = acquainted([{ settings: cap }, { delayMs: 50, settings: cap }]);
  stream(joined, joined.slave, 2_000);
  joined.run(2_000);
  const marks = marksOf(joined.master);
  assert(marks.length === 2_000, `${marks.length} of 2000: both together carry 8 Mbit/s`);
  assert.deepEqual(marks, numbersTo(2_000));
  const data = joined.sent.filter(({ kind }) => kind === InnerKind.DATA);
  for (const id of [1, 2]) {
    assert(data.filter(({ linkId }) => linkId === id).length > 200, `link ${id}`);
  }
  assertNothingHeld(joined);
});

Deno.test("every packet of a flow arrives once though one in twenty is lost", () => {
  const joined = acquainted();
  const rng = mulberry32(5);
  joined.isLost = () => rng() < 0.05;
  stream(joined, joined.slave, 3_000);
  joined.isLost = () => false;
  joined.run(1_000);
  const marks = marksOf(joined.master);
  assert.equal(new Set(marks).size, marks.length, "none twice");
  assert(marks.length >= 2_995, `${marks.length} of 3000`);
  assert.equal(joined.slave.multiplexer.getLink(1)!.isUsable, true);
  assertNothingHeld(joined);
});

Deno.test("packets of a link that is cut go over the other one within 250 ms", () => {
  const joined = acquainted([{ delayMs: 20 }, { delayMs: 30 }]);
  stream(joined, joined.slave, 1_000);
  joined.isLost = ({ linkId }) => linkId === 1;
  const arrivals: number[] = [];
  let mark = 1_000;
  let seen = joined.master.delivered.length;
  let lastMs = joined.now;
  let longestMs = 0;
  joined.run(3_000, () => {
    joined.send(joined.slave, tcpPacket(1, mark++, 500));
    if (joined.master.delivered.length === seen) return;
    seen = joined.master.delivered.length;
    longestMs = Math.max(longestMs, joined.now - lastMs);
    lastMs = joined.now;
    arrivals.push(joined.now);
  });
  joined.run(500);
  assert(longestMs <= 250, `${longestMs} ms`);
  assert.deepEqual(marksOf(joined.master), numbersTo(4_000));
  assert.equal(joined.slave.multiplexer.getLink(1)!.isUsable, false);
  // And it is used again within a second when it is back.
  joined.isLost = () => false;
  joined.run(1_000);
  assert.equal(joined.slave.multiplexer.getLink(1)!.isUsable, true);
  assert.equal(joined.master.multiplexer.getLink(1)!.isUsable, true);
});

Deno.test("Multiplexer sends nothing while no link is alive, and keeps nothing", () => {
  const joined = acquainted([{}]);
  stream(joined, joined.slave, 100);
  joined.isLost = () => true;
  joined.run(20_000);
  assert.equal(joined.send(joined.slave, tcpPacket(1)), DropReason.NO_LINK);
  assert.equal(joined.send(joined.slave, new Packet(10)), DropReason.EMPTY);
  assertNothingHeld(joined);
  assert.deepEqual(joined.slave.changes.at(-1), [1, false]);
  joined.isLost = () => false;
  joined.run(1_500);
  assert(joined.send(joined.slave, tcpPacket(1)) > 0);
});

Deno.test("Multiplexer counts kinds that it does not know, and messages of links that it does not have", () => {
  const joined = acquainted([{}]);
  const message = new Uint8Array(40);
  for (const kind of [0, 2, InnerKind.NOTICE, 8, 255]) {
    message[0] = kind;
    assert.equal(joined.inject(joined.slave, 1, 1_000 + kind, message), DropReason.UNKNOWN_KIND);
  }
  assert.equal(joined.inject(joined.slave, 1, 2_000, new Uint8Array(0)), DropReason.UNKNOWN_KIND);
  message[0] = InnerKind.PING;
  assert.equal(joined.inject(joined.slave, 9, 0, message), DropReason.BAD_LINK_ID);
});

Deno.test("Multiplexer never throws, whatever its peer says, and carries packets after it", () => {
  const messages = fc.array(
    fc.record({
      kind: fc.constantFrom(1, 1, 4, 4, 5, 6, 7, 7, 0, 3, 99),
      rest: fc.uint8Array({ maxLength: 120, size: "max" }),
      seqNo: fc.oneof(fc.nat({ max: 200 }), fc.constantFrom(2 ** 32, 2 ** 48 - 1, 2 ** 53 - 1)),
      linkId: fc.constantFrom(1, 2),
    }),
    { maxLength: 25 },
  );
  fc.assert(
    fc.property(messages, (list) => {
      const joined = acquainted();
      stream(joined, joined.slave, 20);
      for (const { kind, rest, seqNo, linkId } of list) {
        const result = joined.inject(joined.slave, linkId, seqNo, Uint8Array.of(kind, ...rest));
        assert(Number.isInteger(result));
        joined.send(joined.slave, tcpPacket(1, 1, 100));
        joined.run(3);
      }
      joined.run(500);
      for (const link of joined.slave.multiplexer.links) {
        assert(link.rate.rateBps > 0 && link.rate.rateBps < Infinity, `${link.rate.rateBps}`);
        assert(
          !Number.isNaN(link.rtt.srttMs) && !Number.isNaN(link.pacer.nextCreditMs(joined.now)),
        );
      }
      const before = joined.master.delivered.length;
      joined.run(3_000);
      joined.send(joined.slave, tcpPacket(3, 1, 100));
      joined.send(joined.slave, pureAck(3));
      joined.run(1_000);
      assert(joined.master.delivered.length >= before + 2, "it still works");
    }),
    { numRuns: 25 },
  );
});

Deno.test("Multiplexer goes on after its peer was restarted: numbers begin anew, old packets are forgotten", () => {
  const joined = acquainted();
  stream(joined, joined.slave, 300);
  joined.restartMaster();
  assert.equal(joined.slave.pool.usedSlots, 0, "nothing is kept for the one that is gone");
  joined.master.delivered.length = 0;
  joined.run(1_500);
  stream(joined, joined.slave, 300, 1_000);
  let mark = 0;
  joined.run(300, () => joined.send(joined.master, tcpPacket(5, mark++)));
  joined.run(600);
  assert.deepEqual(marksOf(joined.master), numbersTo(300).map((it) => it + 1_000));
  assert.deepEqual(joined.slave.delivered.map(markOf), numbersTo(300));
  for (const link of joined.slave.multiplexer.links) {
    assert.equal(link.lostPkts, 0);
    assert.equal(link.sent.inFlightPkts, 0);
  }
  assert.equal(joined.slave.pool.usedSlots, 0);
});

Deno.test("a peer that was restarted knows all links and what is wanted of them within a second", () => {
  const joined = acquainted([{ settings: { capDownBps: 3e6 } }, { delayMs: 40 }]);
  joined.restartMaster();
  let mark = 0;
  joined.run(1_000, () => joined.send(joined.slave, tcpPacket(1, mark++, 100)));
  for (const id of [1, 2]) {
    const link = joined.slave.multiplexer.getLink(id)!;
    assert(link.delay.hasSample, `link ${id} is not measured anew`);
    assert(link.isNoticeHeard, `the settings of link ${id} are not told anew`);
  }
  assert.equal(joined.master.multiplexer.getLink(1)!.rate.capBps, 3e6);
});

Deno.test("Multiplexer.leave: neither end sends data over the link any more while there is another", () => {
  const joined = acquainted([{ delayMs: 20 }, { delayMs: 60 }]);
  stream(joined, joined.slave, 200);
  joined.slave.multiplexer.leave(1, joined.slave.clock(joined.now));
  joined.run(50);
  assert.equal(joined.master.multiplexer.getLink(1)!.isLeaving, true);
  const before = joined.sent.length;
  let mark = 0;
  joined.run(500, () => {
    joined.send(joined.slave, tcpPacket(7, mark));
    joined.send(joined.master, tcpPacket(8, mark++));
  });
  joined.run(500);
  const data = joined.sent.slice(before).filter(({ kind }) => kind === InnerKind.DATA);
  assert.equal(data.filter(({ linkId }) => linkId === 1).length, 0);
  assert.equal(joined.slave.delivered.length, 500);
  assert.equal(joined.slave.multiplexer.getLink(1)!.isNoticeHeard, true);
  joined.slave.multiplexer.leave(99, joined.now); // there is none
});

Deno.test("Multiplexer.removeLink sends what was in flight over another, and forgets the link", () => {
  const joined = acquainted([{ delayMs: 20 }, { delayMs: 60 }]);
  joined.isLost = ({ linkId }) => linkId === 1;
  joined.run(20, () => joined.send(joined.slave, tcpPacket(1, joined.now, 500)));
  joined.slave.multiplexer.removeLink(1, joined.slave.clock(joined.now));
  assert.equal(joined.slave.multiplexer.getLink(1), null);
  assert.deepEqual(joined.slave.multiplexer.links.map(({ port }) => port.id), [2]);
  joined.run(400);
  assert.equal(new Set(marksOf(joined.master)).size, 20);
  assert.equal(joined.slave.pool.usedSlots, 0);
  joined.slave.multiplexer.removeLink(1, 0); // and nothing the second time
});

Deno.test("Multiplexer.clear gives all slots back and counts on", () => {
  const joined = acquainted();
  joined.isLost = ({ from }) => from === joined.master;
  stream(joined, joined.slave, 100);
  assert(joined.slave.pool.usedSlots > 0);
  joined.slave.multiplexer.clear();
  assert.equal(joined.slave.pool.usedSlots, 0);
  assert.equal(joined.slave.multiplexer.links.length, 2);
});

Deno.test("Multiplexer that has nothing to do sleeps", () => {
  const joined = acquainted();
  stream(joined, joined.slave, 200);
  joined.run(40_000);
  joined.slave.wakeUps = joined.master.wakeUps = 0;
  const before = joined.sent.length;
  joined.run(60_000);
  assert(joined.slave.wakeUps < 150, `slave: ${joined.slave.wakeUps}`);
  assert(joined.master.wakeUps < 150, `master: ${joined.master.wakeUps}`);
  const messages = joined.sent.length - before;
  assert(messages > 0 && messages < 100, `${messages} messages in a minute`);
  assert.equal(joined.slave.multiplexer.getLink(1)!.isUsable, true);
});

Deno.test("Multiplexer tells when its next timeout has become earlier", () => {
  let wakes = 0;
  const multiplexer = new Multiplexer({
    rng: () => 0.5,
    pool: new PacketPool(),
    groupSeqNos: new Uint32Array(256),
    deliver: () => 0,
    onWake: () => wakes++,
  });
  multiplexer.handleTimeout(0);
  assert.equal(multiplexer.nextTimeout(), Infinity);
  multiplexer.addLink(new FakeLinkPort(1), 10);
  assert.equal(wakes, 1);
  assert(multiplexer.nextTimeout() < 1_000);
});

Deno.test("Multiplexer refuses a link whose id is taken or none", () => {
  const multiplexer = bareMultiplexer();
  multiplexer.addLink(new FakeLinkPort(255), 0);
  for (const id of [0, -1, 1.5, 256, 255]) {
    assert.throws(() => multiplexer.addLink(new FakeLinkPort(id), 0), /^Error: Invariant: /);
  }
  assert.equal(multiplexer.links.length, 1);
});

Deno.test("Multiplexer asks over a link of its own at once, and not over one that the peer opened", () => {
  const multiplexer = bareMultiplexer();
  const own = new FakeLinkPort(1);
  const other = new FakeLinkPort(2, { isInitiator: false });
  multiplexer.addLink(own, 0);
  multiplexer.addLink(other, 0);
  assert.equal(own.sentOf(InnerKind.PING).length, 1);
  for (let now = 0; now < 3_000; now += 10) multiplexer.handleTimeout(now);
  assert(own.sentOf(InnerKind.PING).length > 5);
  assert.equal(other.sent.length, 0);
});

Deno.test("Multiplexer.handleSettings: what the user says anew holds at once at both ends, also when its word is lost", () => {
  const joined = acquainted();
  const port = joined.slave.ports.get(1)!;
  let lost = 0;
  joined.isLost = ({ kind }) => kind === InnerKind.LINK && lost++ < 2;
  port.settings = { ...port.settings, capUpBps: 1e6, capDownBps: 2e6, mode: "backup" };
  joined.slave.multiplexer.handleSettings(1, joined.slave.clock(joined.now));
  const own = joined.slave.multiplexer.getLink(1)!;
  assert.equal(own.isNoticeHeard, false);
  assert(own.rate.rateBps <= 1e6 && own.pacer.rateBps <= 1e6, "before anything is measured");
  joined.run(2_000);
  assert.equal(own.isNoticeHeard, true);
  const known = joined.master.multiplexer.getLink(1)!;
  assert(known.rate.rateBps <= 2e6 && known.pacer.rateBps <= 2e6);
  assert.deepEqual([known.rate.capBps, known.port.settings.mode], [2e6, "backup"]);
  joined.slave.multiplexer.handleSettings(99, joined.now); // there is none
});

Deno.test("Multiplexer.handleSettings: a cap that is taken away lets the link grow again", () => {
  const joined = acquainted([{ settings: { capUpBps: 100_000 } }]);
  const port = joined.slave.ports.get(1)!;
  port.settings = { ...port.settings, capUpBps: Infinity };
  joined.slave.multiplexer.handleSettings(1, joined.slave.clock(joined.now));
  stream(joined, joined.slave, 3_000);
  joined.run(1_000);
  assert(joined.slave.multiplexer.getLink(1)!.rate.rateBps > 2e6);
});
