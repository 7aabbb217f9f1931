import assert from "node:assert/strict";
import { LinkUse, type MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { LinkNews } from "../../../src/tunnel/link_news.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { measuredLink } from "../../support/measured_link.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";

/** Links that are looked at under a clock; what is told. */
class Rig {
  readonly news = new LinkNews();
  readonly links: MultiplexerLink[];
  readonly told: string[] = [];
  now = 1_000;

  constructor(count = 1) {
    this.links = Array.from({ length: count }, (_, i) => measuredLink(i + 1).link);
    for (const link of this.links) link.use = LinkUse.CARRYING;
  }

  /** Lets a link be used so, and time pass: a look every second, asked for more often. */
  runFor(ms: number, use?: number): void {
    if (use !== undefined) this.links[0]!.use = use;
    for (const endMs = this.now + ms; this.now < endMs; this.now += 250) {
      this.news.look(this.links, this.now, ({ linkId, level, message, why }) => {
        this.told.push(`${level} ${message} ${linkId}: ${why}`);
      });
    }
  }

  /** What was told since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }
}

Deno.test("LinkNews tells at the second look what a link does, with numbers, and once", () => {
  const rig = new Rig();
  rig.links[0]!.laterMs = 310;
  rig.runFor(1_000, LinkUse.LATE);
  assert.deepEqual(rig.take(), []);
  rig.runFor(1_000);
  assert.deepEqual(rig.take(), [
    "info Link held out 1: held out: 310 ms later than the best, budget 200 ms",
  ]);
  rig.runFor(60_000);
  assert.deepEqual(rig.take(), []);
});

Deno.test("LinkNews tells each state in words of its own, the ordinary ones only to those who look closely", () => {
  const said: [number, RegExp][] = [
    [LinkUse.CARRYING, /^debug Link idle 1: idle: nothing to carry$/],
    [LinkUse.SPARE, /^debug Link idle 1: idle: the faster links suffice$/],
    [LinkUse.LATE, /^info Link held out 1: held out: .* later than the best/],
    [LinkUse.LITTLE, /^info Link held out 1: held out: would add/],
    [LinkUse.LOSSY, /^info Link held out 1: held out: .*loses/],
    [LinkUse.BACKUP, /^info Link kept as backup 1: backup: another link is up$/],
    [LinkUse.COSTLY, /^info Link spared 1: idle: metered/],
    [LinkUse.LEAVING, /^info Link leaving 1: leaving/],
  ];
  const rig = new Rig();
  for (const [use, words] of said) {
    rig.runFor(20_000, use);
    const lines = rig.take();
    assert.equal(lines.length, 1, `${lines}`);
    assert.match(lines[0]!, words);
  }
});

Deno.test("LinkNews tells that a link is held back by the user's cap", () => {
  const rig = new Rig();
  const link = rig.links[0]!;
  link.rate.capBps = 1e6;
  for (let i = 0; i < 4_000; i++) {
    link.countSent(122, rig.now);
    rig.news.look(
      rig.links,
      rig.now,
      (it) => rig.told.push(`${it.level} ${it.message}: ${it.why}`),
    );
    rig.now++;
  }
  assert.deepEqual(rig.take(), ["info Link capped: capped by user at 1.0 Mbit/s"]);
});

Deno.test("LinkNews does not tell what lasts for one look only", () => {
  const rig = new Rig();
  rig.runFor(20_000, LinkUse.CARRYING);
  rig.take();
  for (let i = 0; i < 30; i++) {
    rig.runFor(1_000, LinkUse.LATE);
    rig.runFor(1_000, LinkUse.CARRYING);
  }
  assert.deepEqual(rig.take(), []);
});

Deno.test("LinkNews tells at most one thing of a link in 10 s, and then what it does by then", () => {
  const rig = new Rig();
  rig.runFor(2_000, LinkUse.LATE);
  assert.equal(rig.take().length, 1);
  rig.runFor(3_000, LinkUse.BACKUP);
  rig.runFor(3_000, LinkUse.LITTLE);
  assert.deepEqual(rig.take(), []);
  rig.runFor(20_000);
  assert.match(rig.take().join(), /^info Link held out 1: held out: would add [^,]*$/);
  for (let i = 0; i < 20; i++) {
    rig.runFor(3_000, LinkUse.BACKUP);
    rig.runFor(3_000, LinkUse.LATE);
  }
  const lines = rig.take().length;
  assert(lines > 0 && lines <= 12, `${lines} in 120 s`);
});

Deno.test("LinkNews leaves a suspect or silent link to others, and tells of it anew when it was silent", () => {
  const rig = new Rig();
  const link = rig.links[0]!;
  rig.runFor(20_000, LinkUse.BACKUP);
  assert.equal(rig.take().length, 1);
  link.isSuspect = true;
  rig.runFor(20_000);
  link.isSuspect = false;
  rig.runFor(20_000);
  assert.deepEqual(rig.take(), []);
  link.isAlive = false;
  rig.runFor(20_000);
  assert.deepEqual(rig.take(), []);
  link.isAlive = true;
  rig.runFor(2_000);
  assert.deepEqual(rig.take(), ["info Link kept as backup 1: backup: another link is up"]);
});

Deno.test("LinkNews counts each link for itself", () => {
  const rig = new Rig(3);
  for (const link of rig.links) link.use = LinkUse.BACKUP;
  rig.runFor(2_000);
  assert.equal(rig.take().length, 3);
});

Deno.test("Secure tunnels log and show at both ends what links are kept for", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { settings: { mode: "backup" } });
  for (let i = 0; i < 50; i++) {
    slave.send(innerPacket(2, 1, i));
    world.master.send(innerPacket(1, 2, i));
    await world.runFor(100);
  }
  for (const { links, logger } of [slave, world.master]) {
    const told = logger.events.filter(({ text }) => text === "info Link kept as backup");
    assert.deepEqual(told.map(({ properties: { id, why } }) => [id, why]), [
      [2, "backup: another link is up"],
    ]);
    assert.equal(links[1]!.doing, "backup");
    assert.equal(links[1]!.reason, "backup: another link is up");
    assert.match(links[0]!.reason, /^(carrying|idle)/);
  }
});
