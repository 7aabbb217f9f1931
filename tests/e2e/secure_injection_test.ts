/**
 * What an attacker on the way does with what it sees: sends it again, from elsewhere, changed, cut off, back
 * to whom it came from. Nothing of it is taken, and the tunnel is none the worse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import {
  isDataSized,
  isOfType,
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
    const { network: { laptop, server }, master, slave, delivered, heldBack } = tunnel;
    await acceptSpoofed(laptop, "up1", "up2");
    await acceptSpoofed(server, "in1", "in2");
    const ends = linkEndsIn(delivered);
    const newestIndices = [true, false].map((isUp) => sessionIndices(delivered, isUp).at(-1));
    printFigures(`attack, seed ${seed}`, {
      captured: kindsOf(delivered),
      "held back": kindsOf(heldBack),
    });
    for (const type of Object.values(WireType)) assert(delivered.some(isOfType(type)), `${type}`);

    for (const toMaster of [true, false]) {
      await t.step(`at the ${toMaster ? "master" : "slave"}`, async () => {
        const isForVictim = (each: UdpDatagram): boolean => isUpward(each) === toMaster;
        const aim = (each: UdpDatagram): UdpDatagram => aimed(each, ends, toMaster);
        const again = delivered.filter(isForVictim).map(aim);
        const reflected = delivered.filter((each) => !isForVictim(each)).map(aim);
        const spoiled = [delivered, heldBack]
          .flatMap((datagrams) => spoil(datagrams.filter(isForVictim), random))
          .map(aim);

        const passed = (await tunnel.passed()).length;
        const atMaster = await Injection.begin(master);
        const atSlave = await Injection.begin(slave);
        await using pings = SteadyPing.start(laptop, INNER_MASTER);
        const [victim, from] = toMaster ? [atMaster, laptop] : [atSlave, server];
        for (const wave of [again, again.map(fromElsewhere), spoiled, reflected]) {
          await victim.inject(from, wave);
        }
        const { sent, received } = await pings.finish();
        assert.equal(received, sent, "pings during the attack");

        // A master answers handshakes it has seen, to where they seem to come from; a slave answers nothing.
        const answers = (await tunnel.passed()).slice(passed).filter(isAnswer);
        const atMasterFor = await atMaster.finish(0, sent);
        const atSlaveFor = await atSlave.finish(toMaster ? answers.length : 0, sent);
        const figures = (reasons: ReadonlyMap<string, number>): Record<string, string> =>
          Object.fromEntries([...reasons].map(([reason, count]) => [reason, String(count)]));
        printFigures("dropped by the master", figures(atMasterFor));
        printFigures("dropped by the slave", figures(atSlaveFor));
      });
    }

    await t.step("afterwards the session is the one before", async () => {
      const passed = (await tunnel.passed()).length;
      const { sent, received } = await ping(laptop, INNER_MASTER, 20);
      assert.equal(received, sent);
      const since = (await tunnel.passed()).slice(passed);
      assert.deepEqual([true, false].map((isUp) => sessionIndices(since, isUp)), [
        [newestIndices[0]],
        [newestIndices[1]],
      ]);
    });

    await t.step(
      "what was held back is good once, and moves no link: newer packets came",
      async () => {
        const late = heldBack.filter(isUpward).map((each) => fromElsewhere(each, 1));
        const packets = late.filter(isDataSized).length;
        const before = await endStateOf(master);
        await sendSpoofed(laptop, late);
        const after = await awaitCondition("the late packets to be there", async () => {
          const now = await endStateOf(master);
          return now.tunWritten >= before.tunWritten + packets && now;
        });
        assert.equal(after.tunWritten, before.tunWritten + packets);
        assert.deepEqual(after.moves, before.moves);
        const again = await Injection.begin(master);
        await again.inject(laptop, late);
        assert.deepEqual([...(await again.finish(0, 0)).keys()], ["replayed"]);
      },
    );

    await t.step(
      "a link moves by a newer packet from a new address, and back by none",
      async () => {
        const from = master.process.mark();
        const old = delivered.filter((each) => isUpward(each) && linkOf(each) === 2);
        await laptop.removeAddress("up2", "10.1.2.1/24");
        await laptop.addAddress("up2", "10.1.2.77/24");
        await master.process.waitForLine(/Link moved.* id=2 .*remote=10\.1\.2\.77:/, 10_000, from);
        const replay = await Injection.begin(master);
        await replay.inject(laptop, old.map((each) => aimed(each, ends, true)));
        await replay.finish(0, 0);
        assert.deepEqual((await endStateOf(master)).moves, [["1", 0], ["2", 1]]);
        const { sent, received } = await ping(laptop, INNER_MASTER);
        assert.equal(received, sent);
      },
    );
  },
});

/** The same bytes between the ends of the same link as they are now. */
function aimed(
  datagram: UdpDatagram,
  ends: ReadonlyMap<number, LinkEnds>,
  toMaster: boolean,
): UdpDatagram {
  const { slave, master } = ends.get(linkOf(datagram))!;
  const { payload } = datagram;
  return toMaster
    ? { source: slave, destination: master, payload }
    : { source: master, destination: slave, payload };
}

/** Whether a master answers a handshake by it. */
function isAnswer(datagram: UdpDatagram): boolean {
  return datagram.source.port === MASTER_PORT && !isOfType(WireType.TRANSPORT)(datagram);
}
