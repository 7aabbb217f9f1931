import assert from "node:assert/strict";
import { LinkUse, type MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { REORDER_BUDGET_MS, Scheduler } from "../../../src/multiplexer/scheduler.ts";
import { measuredLink, type Measurements } from "../../support/measured_link.ts";
import type { FakeLinkPortOptions } from "../../support/fake_link_port.ts";

const PACKET_BYTES = 1_450;
/** Packets wait: all links that help are wanted. */
const BACKLOG = { backlogMs: 50, demandBps: 1e9 };
/** There is next to nothing to send. */
const TRICKLE = { backlogMs: 0, demandBps: 50_000 };

type Load = typeof BACKLOG;

/** Scheduler and links under one clock. */
class Rig {
  readonly scheduler = new Scheduler();
  readonly links: MultiplexerLink[] = [];
  now = 1_000;

  add(measurements: Measurements & FakeLinkPortOptions): MultiplexerLink {
    const { link } = measuredLink(this.links.length + 1, measurements, this.now);
    this.links.push(link);
    return link;
  }

  /** Lets the scheduler decide anew. */
  decide(load: Load = BACKLOG, afterMs = 20): void {
    this.now += afterMs;
    this.scheduler.refresh(this.links, load.backlogMs, load.demandBps, this.now);
  }

  /** The links that take bulk packets now, by id: each as long as it has credit. */
  drain(): number[] {
    const ids: number[] = [];
    for (;;) {
      const link = this.scheduler.pickBulk(this.now);
      if (link === null) return ids;
      if (ids.at(-1) !== link.port.id) ids.push(link.port.id);
      link.pacer.take(PACKET_BYTES, this.now);
    }
  }

  idOfFirst(): number | undefined {
    return this.scheduler.pickFirst()?.port.id;
  }
}

/** Makes a link lose a share of its packets for some seconds. */
function lose(rig: Rig, link: MultiplexerLink, share: number, durationMs: number): void {
  const endMs = rig.now + durationMs;
  for (; rig.now < endMs; rig.now += 100) {
    link.loss.handle(100 * (1 - share), 100 * share, rig.now);
  }
}

Deno.test("Scheduler without a link that is alive picks none", () => {
  const rig = new Rig();
  rig.add({}).isAlive = false;
  rig.decide();
  const { scheduler } = rig;
  assert.equal(scheduler.pickBulk(rig.now), null);
  assert.equal(scheduler.pickFirst(), null);
  assert.equal(scheduler.pickSecond(), null);
  assert.equal(scheduler.pickOther(), null);
  assert.equal(scheduler.pickResend(rig.links[0]!, rig.now), null);
  assert.equal(scheduler.nextCreditMs(rig.now), Infinity);
});

Deno.test("Scheduler takes the link over which a packet arrives first, then the next when its credit is used up", () => {
  const rig = new Rig();
  rig.add({ transitMs: 60 });
  rig.add({ transitMs: 20 });
  rig.add({ transitMs: 40 });
  rig.decide();
  assert.deepEqual(rig.drain(), [2, 3, 1]);
  assert.equal(rig.scheduler.pickBulk(rig.now), null);
  assert.equal(rig.idOfFirst(), 2);
  assert.equal(rig.scheduler.pickSecond()!.port.id, 3);
});

Deno.test("Scheduler counts a queue on a link as part of its way", () => {
  const rig = new Rig();
  const near = rig.add({ transitMs: 20 });
  rig.add({ transitMs: 40 });
  for (let i = 0; i < 30; i++) near.delay.handleSample(70, 70, 0, rig.now + i * 20);
  rig.now += 600;
  rig.decide();
  assert.deepEqual(rig.drain(), [2, 1]);
});

Deno.test("Scheduler has credit again at the time it names", () => {
  const rig = new Rig();
  rig.add({ transitMs: 20 });
  rig.add({ transitMs: 30 });
  rig.decide();
  rig.drain();
  const nextMs = rig.scheduler.nextCreditMs(rig.now);
  assert(nextMs > rig.now && nextMs < rig.now + 10, `${nextMs - rig.now}`);
  rig.now = nextMs + 0.01;
  rig.scheduler.refresh(rig.links, BACKLOG.backlogMs, BACKLOG.demandBps, rig.now);
  assert.notEqual(rig.scheduler.pickBulk(rig.now), null);
});

Deno.test("Scheduler gives no more to a link than may be in flight over it", () => {
  const rig = new Rig();
  const link = rig.add({ transitMs: 20 });
  const lastSeqNo = 10_000;
  for (let i = 0; i < lastSeqNo && link.inFlightRoomBytes() > 0; i++) {
    link.sent.add(i, PACKET_BYTES, rig.now);
  }
  rig.decide();
  assert.equal(rig.scheduler.pickBulk(rig.now), null);
  assert.equal(rig.scheduler.nextCreditMs(rig.now), Infinity);
  assert.equal(rig.idOfFirst(), 1, "a thin packet goes all the same");
});

Deno.test("Scheduler notes which links could have sent more", () => {
  const rig = new Rig();
  const near = rig.add({ transitMs: 20 });
  const far = rig.add({ transitMs: 60 });
  rig.decide();
  rig.scheduler.pickBulk(rig.now);
  assert.equal(near.limitedMs, -Infinity);
  rig.drain();
  assert.deepEqual([near.limitedMs, far.limitedMs], [rig.now, rig.now]);
});

Deno.test("Scheduler gives no bulk to a link that is later than others are willing to wait", () => {
  for (const [laterMs, use] of [[201, LinkUse.LATE], [150, LinkUse.CARRYING]] as const) {
    assert(laterMs > REORDER_BUDGET_MS === (use === LinkUse.LATE));
    const rig = new Rig();
    rig.add({ transitMs: 20 });
    const late = rig.add({ transitMs: 20 + laterMs });
    rig.decide();
    assert.equal(late.use, use, `${laterMs} ms`);
    assert.deepEqual(rig.drain(), use === LinkUse.LATE ? [1] : [1, 2]);
  }
});

Deno.test("Scheduler gives no bulk to a link that adds too little for the time it costs", () => {
  const rig = new Rig();
  rig.add({ transitMs: 20, capacityBps: 50e6 });
  const slow = rig.add({ transitMs: 120, capacityBps: 500_000 });
  const near = rig.add({ transitMs: 25, capacityBps: 2e6 });
  rig.decide();
  assert.equal(slow.use, LinkUse.LITTLE);
  assert.equal(near.use, LinkUse.CARRYING);
  assert.equal(rig.drain().includes(2), false);
});

Deno.test("Scheduler leaves slower links alone while the fastest suffices", () => {
  const rig = new Rig();
  rig.add({ transitMs: 20 });
  const spare = rig.add({ transitMs: 30 });
  rig.decide(TRICKLE);
  assert.equal(spare.use, LinkUse.SPARE);
  assert.deepEqual(rig.drain(), [1]);
});

Deno.test("Scheduler takes slower links when packets wait, or when nearly all is used", () => {
  for (const load of [{ backlogMs: 30, demandBps: 0 }, { backlogMs: 0, demandBps: 9.8e6 }]) {
    const rig = new Rig();
    rig.add({ transitMs: 20, capacityBps: 10e6 });
    rig.add({ transitMs: 30, capacityBps: 10e6 });
    rig.decide(load);
    assert.deepEqual(rig.drain(), [1, 2]);
  }
});

Deno.test("Scheduler sends a link that is needed no more home, though not at the first lull", () => {
  const rig = new Rig();
  rig.add({ transitMs: 20 });
  const second = rig.add({ transitMs: 30 });
  rig.decide(BACKLOG);
  assert.equal(second.use, LinkUse.CARRYING);
  for (let i = 0; i < 10; i++) rig.decide(TRICKLE);
  assert.equal(second.use, LinkUse.CARRYING);
  rig.decide(BACKLOG);
  for (let i = 0; i < 200; i++) rig.decide(TRICKLE);
  assert.equal(second.use, LinkUse.SPARE);
});

Deno.test("Scheduler does not wake slower links while the faster one is still being found out", () => {
  const rig = new Rig();
  const fast = rig.add({ transitMs: 20 });
  Object.defineProperty(fast.rate, "isStartingUp", { value: true });
  const far = rig.add({ transitMs: 120 });
  const near = rig.add({ transitMs: 22 });
  rig.decide();
  assert.deepEqual([far.use, near.use], [LinkUse.SPARE, LinkUse.CARRYING]);
});

Deno.test("Scheduler uses a backup only when nothing else is alive, the first one named before others", () => {
  const rig = new Rig();
  const backup = { settings: { mode: "backup" } } as const;
  const main = rig.add({ transitMs: 80 });
  const first = rig.add({ transitMs: 40, ...backup });
  const second = rig.add({ transitMs: 20, ...backup });
  rig.decide();
  assert.deepEqual(rig.drain(), [1]);
  assert.deepEqual([first.use, second.use], [LinkUse.BACKUP, LinkUse.BACKUP]);
  main.isAlive = false;
  rig.decide();
  assert.deepEqual(rig.drain(), [2]);
  first.isAlive = false;
  rig.decide();
  assert.deepEqual(rig.drain(), [3]);
  main.isAlive = true;
  rig.decide();
  assert.deepEqual(rig.drain(), [1]);
});

Deno.test("Scheduler uses a costly link only when those that cost nothing do not suffice", () => {
  const rig = new Rig();
  const cheap = rig.add({ transitMs: 80, settings: { mode: "cheapest" } });
  const costly = rig.add({ transitMs: 20, settings: { mode: "cheapest", isMetered: true } });
  rig.decide(TRICKLE);
  assert.deepEqual([cheap.use, costly.use], [LinkUse.CARRYING, LinkUse.COSTLY]);
  assert.deepEqual(rig.drain(), [1]);
  rig.decide(BACKLOG);
  assert.deepEqual(rig.drain(), [1, 2], "the cheap one first, though it is slower");
  cheap.isAlive = false;
  rig.decide(TRICKLE);
  assert.deepEqual(rig.drain(), [2], "alone it is used whatever it costs");
});

Deno.test("Scheduler takes costly links by price, those of an unknown price last, whatever their delay", () => {
  const rig = new Rig();
  const costly = { mode: "cheapest", isMetered: true } as const;
  rig.add({ transitMs: 20, settings: costly });
  rig.add({ transitMs: 30, settings: { ...costly, pricePerGb: 2.5 } });
  const cheaper = rig.add({ transitMs: 60, settings: { ...costly, pricePerGb: 0.4 } });
  const free = rig.add({ transitMs: 90, settings: { mode: "cheapest", pricePerGb: 9 } });
  rig.decide(TRICKLE);
  assert.deepEqual(rig.drain(), [4], "what is not metered costs nothing");
  rig.decide(BACKLOG);
  assert.deepEqual(rig.drain(), [4, 3, 2, 1]);
  free.isAlive = false;
  rig.decide(TRICKLE, 2_000);
  rig.decide(TRICKLE, 2_000);
  assert.deepEqual(rig.drain(), [3]);
  cheaper.isAlive = false;
  rig.decide(TRICKLE);
  rig.decide(TRICKLE, 2_000);
  assert.deepEqual(rig.drain(), [2]);
});

Deno.test("Scheduler uses a link whose budget is used up only when no other is up, backups included", () => {
  const rig = new Rig();
  const spent = rig.add({ transitMs: 20, settings: { isMetered: true, isSpent: true } });
  const backup = rig.add({ transitMs: 60, settings: { mode: "backup" } });
  const main = rig.add({ transitMs: 80 });
  rig.decide();
  assert.deepEqual(rig.drain(), [3]);
  assert.deepEqual([spent.use, backup.use], [LinkUse.SPENT, LinkUse.BACKUP]);
  main.isAlive = false;
  rig.decide();
  assert.deepEqual(rig.drain(), [2]);
  backup.isAlive = false;
  rig.decide();
  assert.deepEqual(rig.drain(), [1]);
});

Deno.test("Scheduler tries a costly link that was lossy only when there is a need", () => {
  const rig = new Rig();
  rig.add({ transitMs: 30, settings: { mode: "cheapest" } });
  const costly = rig.add({ transitMs: 20, settings: { mode: "cheapest", isMetered: true } });
  costly.loss.handle(60, 40, rig.now);
  rig.decide(TRICKLE);
  assert.equal(costly.use, LinkUse.LOSSY);
  assert.equal(rig.scheduler.lossy, null);
  rig.decide(BACKLOG);
  assert.equal(rig.scheduler.lossy, costly);
});

Deno.test("Scheduler.pickOther leaves out metered links that carry nothing", () => {
  const rig = new Rig();
  rig.add({ transitMs: 20, settings: { mode: "cheapest" } });
  const costly = rig.add({ transitMs: 20, settings: { mode: "cheapest", isMetered: true } });
  const others = (): Set<number> =>
    new Set(Array.from({ length: 8 }, () => rig.scheduler.pickOther()?.port.id ?? 0));
  rig.decide(TRICKLE);
  assert.deepEqual(others(), new Set([0]));
  rig.decide(BACKLOG);
  assert.equal(costly.use, LinkUse.CARRYING);
  assert.deepEqual(others(), new Set([0, 2]));
});

Deno.test("Scheduler uses a metered link of another mode as any", () => {
  const rig = new Rig();
  rig.add({ transitMs: 80 });
  rig.add({ transitMs: 20, settings: { isMetered: true } });
  rig.decide(TRICKLE);
  assert.deepEqual(rig.drain(), [2]);
});

Deno.test("Scheduler holds a lossy link out while there is another, until it loses less", () => {
  const rig = new Rig();
  const lossy = rig.add({ transitMs: 20 });
  const sound = rig.add({ transitMs: 60 });
  lose(rig, lossy, 0.3, 5_000);
  rig.decide();
  assert.equal(lossy.use, LinkUse.LOSSY);
  assert.deepEqual(rig.drain(), [2]);
  sound.isAlive = false;
  rig.decide();
  assert.deepEqual(rig.drain(), [1], "alone it is used");
  sound.isAlive = true;
  rig.decide();
  assert.equal(lossy.use, LinkUse.LOSSY);
  assert.equal(rig.scheduler.lossy, lossy, "it is tried");
  lose(rig, lossy, 0, 12_000);
  rig.decide();
  rig.decide();
  assert.deepEqual(rig.drain(), [1, 2]);
});

Deno.test("Scheduler uses links that all are lossy", () => {
  const rig = new Rig();
  for (const transitMs of [20, 30]) rig.add({ transitMs });
  for (const link of rig.links) lose(rig, link, 0.3, 5_000);
  rig.decide();
  assert.deepEqual(rig.drain(), [1]);
});

Deno.test("Scheduler uses a link that is about to go last of all, after backups", () => {
  const rig = new Rig();
  const leaving = rig.add({ transitMs: 20 });
  const backup = rig.add({ transitMs: 50, settings: { mode: "backup" } });
  leaving.isLeaving = true;
  rig.decide();
  assert.deepEqual(rig.drain(), [2]);
  assert.equal(leaving.use, LinkUse.LEAVING);
  backup.isAlive = false;
  rig.decide();
  assert.deepEqual(rig.drain(), [1]);
});

Deno.test("Scheduler leaves a suspect link out; of none but suspect ones it takes the least bad", () => {
  const rig = new Rig();
  const near = rig.add({ transitMs: 20 });
  const far = rig.add({ transitMs: 60 });
  near.isSuspect = true;
  rig.decide();
  assert.deepEqual(rig.drain(), [2]);
  assert.equal(rig.idOfFirst(), 2);
  far.isSuspect = true;
  near.lastAckedMs = rig.now - 500;
  far.lastAckedMs = rig.now - 900;
  rig.decide();
  assert.deepEqual(rig.drain(), [1]);
});

Deno.test("Scheduler sees at once what cannot wait", () => {
  const rig = new Rig();
  const near = rig.add({ transitMs: 20 });
  rig.add({ transitMs: 60 });
  rig.decide();
  near.isAlive = false;
  rig.scheduler.invalidate();
  rig.decide(BACKLOG, 0);
  assert.equal(rig.idOfFirst(), 2);
});

Deno.test("Scheduler sends a lost packet over another link than one that is in trouble", () => {
  const rig = new Rig();
  const near = rig.add({ transitMs: 20 });
  rig.add({ transitMs: 60 });
  rig.decide();
  near.lastAckedMs = rig.now;
  assert.equal(
    rig.scheduler.pickResend(near, rig.now)!.port.id,
    1,
    "one that only lost a packet may be best",
  );
  near.isSuspect = true;
  assert.equal(rig.scheduler.pickResend(near, rig.now)!.port.id, 2);
});

Deno.test("Scheduler.pickOther is every second time one of the others, each in turn", () => {
  const rig = new Rig();
  for (const transitMs of [20, 30, 40]) rig.add({ transitMs });
  rig.decide();
  const ids = Array.from({ length: 40 }, () => rig.scheduler.pickOther()?.port.id ?? 0);
  assert.equal(ids.filter((id) => id === 0).length, 20);
  assert.equal(ids.includes(1), false);
  for (const id of [2, 3]) assert.equal(ids.filter((it) => it === id).length, 10, `${id}`);
});
