/** What commands do to the links of a running slave, as both ends see it. */

import assert from "node:assert/strict";
import type { LinkOutcome, LiveLinks, NewLink } from "../../../src/live_links.ts";
import { InterfaceLinks } from "../../../src/tunnel/interface_links.ts";
import { assertCarries } from "../../support/assert_carries.ts";
import { innerPacket, markOf } from "../../support/inner_packets.ts";
import { type SlaveEnd, TunnelWorld } from "../../support/tunnel_world.ts";

const DIRECT: NewLink = { name: null, proxy: null, targets: [], settings: {} };

/** A world with a slave whose links phone1 and phone2 are up. */
class Rig implements AsyncDisposable {
  readonly world: TunnelWorld;
  readonly slave: SlaveEnd;

  private constructor(world: TunnelWorld, slave: SlaveEnd) {
    this.world = world;
    this.slave = slave;
  }

  static async create(links = 2): Promise<Rig> {
    const world = await TunnelWorld.create(["laptop"]);
    const slave = await world.join("laptop", { links });
    await world.runFor(2_000);
    return new Rig(world, slave);
  }

  get links(): LiveLinks {
    return this.slave.tunnel.links;
  }

  /** Id and state of each link, at the slave. */
  get states(): string[] {
    return this.slave.links.map(({ id, state }) => `${id} ${state}`);
  }

  /** Ids of links, as the master has them. */
  get masterIds(): number[] {
    return this.world.master.links.map(({ id }) => id);
  }

  /** What a hand-over comes to, and how long it takes. */
  async await(outcome: Promise<LinkOutcome>): Promise<LinkOutcome & { readonly tookMs: number }> {
    let done: LinkOutcome | null = null;
    void outcome.then((it) => done = it);
    const tookMs = await this.world.runUntil(() => done !== null, 10_000, "the hand-over ends");
    return { ...await outcome, tookMs };
  }

  /** Packets of one flow in both directions, one a ms. @returns the marks that did not arrive at slave and master. */
  async carry(durationMs: number): Promise<{ missing: number }> {
    const { world, slave } = this;
    const before = [world.master.tundev.delivered.length, slave.tundev.delivered.length] as const;
    for (let mark = 0; mark < durationMs; mark++) {
      assert(slave.send(innerPacket(2, 1, mark)) > 0);
      assert(world.master.send(innerPacket(1, 2, mark)) > 0);
      await world.runFor(1);
    }
    await world.runFor(1_000);
    const arrived = [
      ...world.master.tundev.delivered.slice(before[0]),
      ...slave.tundev.delivered.slice(before[1]),
    ];
    return {
      missing: 2 * durationMs - new Set(arrived.map((it) => `${it[19]} ${markOf(it)}`)).size,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }
}

Deno.test("SlaveLinks.add opens links by what the slave knows; they carry data like the others", async () => {
  await using rig = await Rig.create();
  const added = rig.links.add([{ ...DIRECT, name: "phone3" }, DIRECT, DIRECT]);
  assert.deepEqual(added, ["phone3", "master:4321", "master:4321#2"]);
  await rig.world.runUntil(() => rig.slave.upIds.length === 5, 2_000, "all are up");
  assert.deepEqual(rig.world.master.upIds, [1, 2, 3, 4, 5]);
  assert.deepEqual(
    rig.slave.links.slice(2).map(({ kind, address, name }) => [kind, address, name]),
    [
      ["direct", "master:4321", "phone3"],
      ["direct", "master:4321", "master:4321"],
      ["direct", "master:4321", "master:4321#2"],
    ],
  );
  await assertCarries(rig.world, rig.slave);
});

Deno.test("SlaveLinks.add adds none when one name is taken, or there would be too many", async () => {
  await using rig = await Rig.create();
  assert.throws(
    () => rig.links.add([DIRECT, { ...DIRECT, name: "phone1" }]),
    /^UsageError: Another link is called "phone1": choose another name$/,
  );
  assert.throws(
    () => rig.links.add(Array.from({ length: 254 }, () => DIRECT)),
    /^UsageError: A slave has at most 255 links, and this one has 2/,
  );
  assert.deepEqual(rig.states, ["1 up", "2 up"]);
});

Deno.test("SlaveLinks.remove hands over under load: no packet is lost, and both ends forget the link", async () => {
  await using rig = await Rig.create();
  const load = rig.carry(1_500);
  await rig.world.settle();
  const removal = rig.links.remove("phone1");
  assert.deepEqual(await load, { missing: 0 });
  assert.deepEqual(await removal, { name: "phone1", isChanged: true, isLast: false });
  assert.deepEqual(rig.states, ["2 up"]);
  await rig.world.runFor(12_000);
  assert.deepEqual(rig.masterIds, [2]);
  const { logger } = rig.world.master;
  assert.deepEqual([logger.count("info Link left"), logger.count("warn Link silent")], [1, 0]);
});

Deno.test("SlaveLinks.remove of the last link says so, and one that is added later carries", async () => {
  await using rig = await Rig.create(1);
  const { isLast } = await rig.await(rig.links.remove("phone1"));
  assert.equal(isLast, true);
  assert.deepEqual(rig.slave.links, []);
  rig.links.add([{ ...DIRECT, name: "again" }]);
  await rig.world.runUntil(() => rig.slave.upIds.length === 1, 5_000, "it is up");
  assert.deepEqual(rig.slave.upIds, [2], "the id is not the one that the master still knows");
  await assertCarries(rig.world, rig.slave);
});

Deno.test("SlaveLinks.switchOff closes a link and keeps it; switchOn opens it again", async () => {
  await using rig = await Rig.create();
  const off = await rig.await(rig.links.switchOff("phone2"));
  assert(off.isChanged && !off.isLast && off.tookMs <= 400, `${off.tookMs} ms`);
  assert.deepEqual(rig.states, ["1 up", "2 off"]);
  assert.equal(rig.slave.links[1]!.reason, "switched off");
  assert.equal((await rig.links.switchOff("phone2")).isChanged, false);
  const opened = rig.slave.sockets.length;
  await rig.world.runFor(70_000);
  assert.equal(rig.slave.sockets.length, opened, "it is not opened by itself");
  await assertCarries(rig.world, rig.slave);
  assert.equal(rig.links.switchOn("phone2").isChanged, true);
  assert.equal(rig.links.switchOn("phone2").isChanged, false);
  await rig.world.runUntil(() => rig.world.master.upIds.length === 2, 2_000, "it is up");
  await rig.world.runFor(1_000);
  assert.deepEqual(rig.states, ["1 up", "2 up"]);
  assert(rig.world.master.links.every(({ doing }) => doing !== "leaving"), "the master uses it");
});

Deno.test("SlaveLinks.switchOff of the last link that is on says so", async () => {
  await using rig = await Rig.create();
  await rig.await(rig.links.switchOff("phone1"));
  assert.equal((await rig.await(rig.links.switchOff("phone2"))).isLast, true);
  rig.links.switchOn("phone1");
  await rig.world.runUntil(() => rig.slave.upIds.length === 1, 15_000, "it is up");
  await assertCarries(rig.world, rig.slave);
});

Deno.test("SlaveLinks hand over within some seconds when the master hears nothing", async () => {
  await using rig = await Rig.create();
  const { port } = rig.slave.sockets[0]!.localAddress;
  rig.world.network.isLost = ({ source, dst }) => source.port === port || dst.port === port;
  const { tookMs } = await rig.await(rig.links.switchOff("phone1"));
  assert(tookMs <= 3_100, `${tookMs} ms`);
  assert.deepEqual(rig.states, ["1 off", "2 up"]);
});

Deno.test("SlaveLinks.switchOn during the hand-over keeps the link open, and the master uses it", async () => {
  await using rig = await Rig.create();
  const off = rig.links.switchOff("phone1");
  await rig.world.settle();
  assert.equal(rig.links.switchOn("phone1").isChanged, true);
  assert.equal((await rig.await(off)).isChanged, false);
  const opened = rig.slave.sockets.length;
  await rig.world.runFor(2_000);
  assert.equal(rig.slave.sockets.length, opened);
  assert.deepEqual(rig.states, ["1 up", "2 up"]);
  for (const end of [rig.slave, rig.world.master]) {
    assert(end.links.every(({ doing }) => doing !== "leaving"));
  }
});

Deno.test("SlaveLinks.change holds at both ends, and what is not named stays", async () => {
  await using rig = await Rig.create();
  rig.links.change("phone1", { isMetered: true, capUpBps: 2e6, capDownBps: 3e6 });
  rig.links.change("phone1", { capUpBps: Infinity });
  await rig.world.runFor(100);
  const [own] = rig.slave.links;
  const [known] = rig.world.master.links;
  assert.deepEqual([own!.isMetered, own!.capUpBps, own!.capDownBps], [true, Infinity, 3e6]);
  assert.deepEqual([known!.isMetered, known!.capDownBps], [true, 3e6]);
});

Deno.test("SlaveLinks.setMode changes the links that do not say it themselves", async () => {
  await using rig = await Rig.create();
  rig.links.change("phone1", { mode: "backup" });
  rig.links.setMode("cheapest");
  rig.links.add([DIRECT, { ...DIRECT, settings: { mode: "speed" } }]);
  await rig.world.runFor(2_000);
  const modes = ["backup", "cheapest", "cheapest", "speed"];
  assert.deepEqual(rig.slave.links.map(({ mode }) => mode), modes);
  assert.deepEqual(rig.world.master.links.map(({ mode }) => mode), modes);
  rig.links.change("phone1", { mode: null });
  rig.links.setMode("redundant");
  assert.deepEqual(rig.slave.links.map(({ mode }) => mode), [
    "redundant",
    "redundant",
    "redundant",
    "speed",
  ]);
  assert.equal(rig.links.mode, "redundant");
});

Deno.test("InterfaceLinks.drop forgets a link at once: what is in flight goes over the others", async () => {
  await using rig = await Rig.create();
  const links = new InterfaceLinks(rig.slave.tunnel.links);
  assert.deepEqual([links.stateOf("phone1"), links.stateOf("phone9")], ["up", "off"]);
  links.drop("phone1", "its interface is gone");
  links.drop("phone1", "again");
  assert.deepEqual(links.specs.map(({ name }) => name), ["phone2"]);
  assert.deepEqual(rig.states, ["2 up"]);
  assert.deepEqual(await rig.carry(300), { missing: 0 });
});

Deno.test("InterfaceLinks.drop ends a hand-over that is under way", async () => {
  await using rig = await Rig.create();
  const removed = rig.links.remove("phone1");
  new InterfaceLinks(rig.slave.tunnel.links).drop("phone1", "its interface is gone");
  const { isChanged, tookMs } = await rig.await(removed);
  assert.equal(isChanged, false, "it was not the command that removed it");
  assert(tookMs <= 100, `${tookMs} ms`);
});

Deno.test("SlaveLinks.onChange is told what a command changes", async () => {
  await using rig = await Rig.create();
  const told: unknown[] = [];
  rig.slave.tunnel.links.onChange = (name, change) => void told.push([name, change]);
  rig.links.change("phone1", { isMetered: true });
  assert.deepEqual(told, [["phone1", { isMetered: true }]]);
});

Deno.test("SlaveLinks list the links there are when one is not known", async () => {
  await using rig = await Rig.create();
  const said = /^UsageError: There is no link "phone": there is phone1, phone2$/;
  assert.throws(() => rig.links.change("phone", {}), said);
  assert.throws(() => rig.links.switchOn("phone"), said);
  await assert.rejects(rig.links.switchOff("phone"), said);
  await assert.rejects(rig.links.remove("phone"), said);
});

Deno.test("SlaveLinks open nothing once another machine has the slave's place", async () => {
  await using rig = await Rig.create();
  await rig.world.join("laptop");
  await rig.world.runFor(1_000);
  assert.deepEqual(rig.slave.upIds, []);
  assert.throws(() => rig.links.add([DIRECT]), /^UsageError: This slave opens no links any more/);
  assert.throws(() => rig.links.switchOn("phone1"), /opens no links any more/);
});

Deno.test("SlaveLinks.rename calls a link something else at both ends, and takes nobody's name", async () => {
  await using rig = await Rig.create();
  rig.links.rename("phone1", "pixel");
  await rig.world.runFor(1_000);
  assert.deepEqual(rig.slave.links.map(({ name }) => name), ["pixel", "phone2"]);
  assert.deepEqual(rig.world.master.links.map(({ name }) => name), ["pixel", "phone2"]);
  assert.deepEqual(rig.links.specs.map(({ name }) => name), ["pixel", "phone2"]);
  assert.throws(() => rig.links.rename("pixel", "phone2"), /^UsageError: Another link is called/);
  assert.throws(() => rig.links.rename("phone1", "x"), /There is no link "phone1"/);
  assert.deepEqual(rig.links.add([{ ...DIRECT, name: "phone1" }]), ["phone1"]);
  assert.equal((await rig.carry(200)).missing, 0);
});

Deno.test("SlaveLinks.setDefaults holds for links that are added from then on", async () => {
  await using rig = await Rig.create();
  const elsewhere = [{ host: "other", port: 1 }];
  const defaults = { mode: "speed", proxyTargets: elsewhere, allowsTcp: true } as const;
  rig.links.setDefaults({ ...defaults, endpoints: elsewhere });
  assert.deepEqual(rig.links.add([DIRECT]), ["other:1"]);
  assert.deepEqual(rig.links.specs.at(-1)?.targets, elsewhere);
});

Deno.test("SlaveLinks.specs has the settings that hold now", async () => {
  await using rig = await Rig.create();
  rig.links.change("phone1", { isMetered: true, mode: "backup" });
  rig.links.setMode("cheapest");
  assert.deepEqual(
    rig.links.specs.map(({ settings, hasOwnMode }) => [
      settings.isMetered,
      settings.mode,
      hasOwnMode,
    ]),
    [[true, "backup", true], [false, "cheapest", undefined]],
  );
});
