/**
 * What an attacker on the way does with what it sees: sends it again, from elsewhere, changed, cut off, back
 * to whom it came from. Nothing of it is taken, and the tunnel is none the worse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import {
  isOfType,
  isPing,
  isUpward,
  kindsOf,
  type LinkEnds,
  linkEndsIn,
  linkOf,
  MASTER_PORT,
  sessionIndices,
  WireType,
} from "../support/eavesdropped_datagrams.ts";
import { EavesdroppedTunnel } from "../support/eavesdropped_tunnel.ts";
import { printFigures } from "../support/figures.ts";
import { fromElsewhere, spoil } from "../support/hostile_copies.ts";
import { endStateOf, Injection } from "../support/injection.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import type { UdpDatagram } from "../support/pcap_file.ts";
import { ping } from "../support/ping.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import { acceptSpoofed, sendSpoofed } from "../support/spoofed_sender.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

Deno.test({
  name: "what was captured is taken by nobody when it is sent again, changed, cut off or reflected",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    const seed = testSeed();
    const random = mulberry32(seed);
    await using tunnel = await EavesdroppedTunnel.create();
    const { network: { laptop, server }, delivered, heldBack } = tunnel;
    await acceptSpoofed(laptop, "up1", "up2");
    await acceptSpoofed(server, "in1", "in2");
    printFigures(`attack, seed ${seed}`, {
      captured: kindsOf(delivered),
      "held back": kindsOf(heldBack),
    });
    for (const type of Object.values(WireType)) assert(delivered.some(isOfType(type)), `${type}`);
    const ends = linkEndsIn(delivered);
    const [spoiledUp, spoiledDown] = [true, false].map((isUp) =>
      [delivered, heldBack].flatMap((all) =>
        spoil(all.filter((it) => isUpward(it) === isUp), random)
      )
    );

    await t.step("at the master", () => attack(tunnel, ends, spoiledUp!, AT_MASTER));
    await t.step("at the slave", () => attack(tunnel, ends, spoiledDown!, AT_SLAVE));
    await t.step("afterwards the session is the one before", async () => {
      const { sent, received } = await ping(laptop, INNER_MASTER, 20);
      assert.equal(received, sent);
      const known = new Set(
        [...delivered, ...heldBack, ...spoiledUp!, ...spoiledDown!].map(({ payload }) =>
          payload.toHex()
        ),
      );
      const used = await awaitCondition("these to be captured", async () => {
        const fresh = (await tunnel.passedSince([])).filter(({ payload }) =>
          !known.has(payload.toHex())
        );
        const [up = [], down = []] = bothWays(fresh);
        return up.length > 0 && down.length > 0 && [up, down];
      });
      assert.deepEqual(used, bothWays(delivered).map((indices) => indices.slice(-1)));
    });
    await t.step("what was held back is good once, and moves no link", () => deliverLate(tunnel));
    await t.step("a link moves by a newer packet, and back by none", () => moveLink(tunnel, ends));
  },
});

/** Whom an attack is aimed at. */
const AT_MASTER = true;
const AT_SLAVE = false;

/** All of it at one end, while pings go through the tunnel. @param spoiled of what goes to that end. */
async function attack(
  tunnel: EavesdroppedTunnel,
  ends: ReadonlyMap<number, LinkEnds>,
  spoiled: readonly UdpDatagram[],
  isAtMaster: boolean,
): Promise<void> {
  const { network: { laptop, server }, master, slave, delivered } = tunnel;
  const aim = (each: UdpDatagram): UdpDatagram => aimed(each, ends, isAtMaster);
  const again = delivered.filter((each) => isUpward(each) === isAtMaster).map(aim);
  const reflected = delivered.filter((each) => isUpward(each) !== isAtMaster).map(aim);

  const mark = await tunnel.mark();
  const atMaster = await Injection.begin(master);
  const atSlave = await Injection.begin(slave);
  await using pings = SteadyPing.start(laptop, INNER_MASTER);
  const [victim, from] = isAtMaster ? [atMaster, laptop] : [atSlave, server];
  for (const wave of [again, again.map(fromElsewhere), spoiled.map(aim), reflected]) {
    await victim.inject(from, wave);
  }
  const { sent, received } = await pings.finish();
  assert.equal(received, sent, "pings during the attack");

  // A master answers handshakes it has seen, to where they seem to come from; a slave answers nothing.
  const countAnswers = async (): Promise<number> =>
    (await tunnel.passedSince(mark)).filter((each) => isAnswer(each, ends)).length;
  const byMaster = await atMaster.finish(sent);
  const bySlave = isAtMaster
    ? await atSlave.finish(sent, countAnswers)
    : await atSlave.finish(sent);
  for (const [end, reasons] of Object.entries({ master: byMaster, slave: bySlave })) {
    const counts = [...reasons].map(([reason, count]) => [reason, String(count)]);
    if (counts.length > 0) printFigures(`dropped by the ${end}`, Object.fromEntries(counts));
  }
}

/** Authentic packets that come late, and from elsewhere: newer ones came over their link. */
async function deliverLate({ network, master, heldBack }: EavesdroppedTunnel): Promise<void> {
  const { laptop } = network;
  const late = heldBack.filter(isUpward).map((each) => fromElsewhere(each, 1));
  const packets = late.filter(isPing).length;
  const before = await endStateOf(master);
  await sendSpoofed(laptop, late);
  const after = await awaitCondition("the late packets to come out of the tun", async () => {
    const now = await endStateOf(master);
    return now.tunWritten >= before.tunWritten + packets && now;
  });
  assert.equal(after.tunWritten, before.tunWritten + packets);
  assert.deepEqual(after.moves, before.moves);
  const again = await Injection.begin(master);
  await again.inject(laptop, late);
  assert.deepEqual([...(await again.finish(0)).keys()], ["replayed"]);
}

/** The slave's address changes; what was captured before comes from the old one. */
async function moveLink(
  { network, master, delivered }: EavesdroppedTunnel,
  ends: ReadonlyMap<number, LinkEnds>,
): Promise<void> {
  const { laptop } = network;
  const from = master.process.mark();
  await laptop.removeAddress("up2", "10.1.2.1/24");
  await laptop.addAddress("up2", "10.1.2.77/24");
  await master.process.waitForLine(/Link moved.* id=2 .*remote=10\.1\.2\.77:/, 10_000, from);
  const replay = await Injection.begin(master);
  const old = delivered.filter((each) => isUpward(each) && linkOf(each) === 2);
  await replay.inject(laptop, old.map((each) => aimed(each, ends, AT_MASTER)));
  await replay.finish(0);
  assert.deepEqual((await endStateOf(master)).moves, [["1", 0], ["2", 1]]);
  const { sent, received } = await ping(laptop, INNER_MASTER);
  assert.equal(received, sent);
}

/** Session indices upward, then downward. */
function bothWays(datagrams: readonly UdpDatagram[]): number[][] {
  return [true, false].map((isUp) => sessionIndices(datagrams, isUp));
}

/** The same bytes between the ends of the same link as they are now. */
function aimed(
  datagram: UdpDatagram,
  ends: ReadonlyMap<number, LinkEnds>,
  isAtMaster: boolean,
): UdpDatagram {
  const { slave, master } = ends.get(linkOf(datagram))!;
  const [source, destination] = isAtMaster ? [slave, master] : [master, slave];
  return { source, destination, payload: datagram.payload };
}

/** Whether a master answers a handshake by it, to where a slave's link is. */
function isAnswer(datagram: UdpDatagram, ends: ReadonlyMap<number, LinkEnds>): boolean {
  const { source, destination } = datagram;
  return source.port === MASTER_PORT && !isOfType(WireType.TRANSPORT)(datagram) &&
    destination.port === ends.get(linkOf(datagram))!.slave.port;
}
