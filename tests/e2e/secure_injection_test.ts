/**
 * What an attacker on the way does with what it sees: sends it again, from elsewhere, changed, cut off, back
 * to whom it came from. Nothing of it is taken, and the tunnel is none the worse.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import type { BindlinkProcess } from "../support/bindlink_process.ts";
import { EavesdroppedTunnel, isDataSized, isUpward, WireType } from "../support/eavesdropped_tunnel.ts";
import { printFigures } from "../support/figures.ts";
import { changedAtEachByte, changedSomewhere, cutAtEachLength } from "../support/hostile_copies.ts";
import { Injection } from "../support/injection.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import type { UdpDatagram, UdpEnd } from "../support/pcap_file.ts";
import { ping } from "../support/ping.ts";
import { SteadyPing } from "../support/steady_ping.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import { acceptSpoofed, sendSpoofed } from "../support/spoofed_sender.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

/** Both ends of a cable as the tunnel's link uses it now. */
interface LinkEnds {
  readonly slave: UdpEnd;
  readonly master: UdpEnd;
}

Deno.test({
  name: "what was captured is taken by nobody when it is sent again, changed, cut off or reflected",
  ignore: !canUseNamespaces(),
  async fn(t): Promise<void> {
    const random = mulberry32(seeded());
    await using tunnel = await EavesdroppedTunnel.create();
    const { network: { laptop, server }, master, slave, heldBack } = tunnel;
    await acceptSpoofed(laptop, "up1", "up2");
    await acceptSpoofed(server, "in1", "in2");
    const delivered = await deliveredBy(tunnel);
    const ends = linkEndsIn(delivered);
    const sessions = newestSessions(delivered);

    for (const toMaster of [true, false]) {
      await t.step(`sent to the ${toMaster ? "master" : "slave"}`, async () => {
        const aimed = (datagram: UdpDatagram): UdpDatagram => {
          const { slave, master } = ends[linkOf(datagram)]!;
          const [source, destination] = toMaster ? [slave, master] : [master, slave];
          return { source, destination, payload: datagram.payload };
        };
        const ours = (each: UdpDatagram): boolean => isUpward(each) === toMaster;
        const again = delivered.filter(ours).map(aimed);
        const reflected = delivered.filter((each) => !ours(each)).map(aimed);
        const spoiled = [
          ...spoil(delivered.filter(ours), random),
          ...spoil(heldBack.filter(ours), random),
        ];

        const mark = (await tunnel.datagrams()).length;
        const atMaster = await Injection.begin(master);
        const atSlave = await Injection.begin(slave);
        const [victim, from] = toMaster ? [atMaster, laptop] : [atSlave, server];
        await using pings = SteadyPing.start(laptop, INNER_MASTER);
        await victim.inject(from, again);
        await victim.inject(from, again.map(fromElsewhere));
        await victim.inject(from, spoiled.map(aimed));
        await victim.inject(from, reflected);
        const { sent, received } = await pings.finish();
        assert.equal(received, sent, "pings during the attack");

        // A master answers handshakes that it has seen, to where they seem to come from; a slave nothing.
        const answers = (await tunnel.datagrams()).slice(mark).filter(isAnswer(ends)).length;
        const reasons = toMaster
          ? [await atMaster.finish(0, sent), await atSlave.finish(answers, sent)][0]
          : [await atSlave.finish(0, sent), await atMaster.finish(0, sent)][0];
        printFigures("dropped", textOf(reasons!));
      });
    }

    await t.step("afterwards the session is the same", async () => {
      const { sent, received } = await ping(laptop, INNER_MASTER, 20);
      assert.equal(received, sent);
      assert.deepEqual(newestSessions(await deliveredBy(tunnel)), sessions);
    });

    await t.step("what was held back is good once, and moves no link: newer packets came since", async () => {
      const late = heldBack.filter(isUpward).map((each) => fromElsewhere(each, 1));
      const packets = late.filter(isDataSized).length;
      const before = await stateOf(master);
      await sendSpoofed(laptop, late);
      const after = await awaitCondition("the late packets to be there", async () => {
        const now = await stateOf(master);
        return now.tunWritten - before.tunWritten >= packets && now.accepted - before.accepted >= late.length && now;
      });
      assert.equal(after.tunWritten - before.tunWritten, packets);
      assert.deepEqual(after.moves, before.moves);
      const again = await Injection.begin(master);
      await again.inject(laptop, late);
      assert.deepEqual([...(await again.finish(0, 0)).keys()], ["replayed"]);
    });

    await t.step("a link moves by a newer packet from a new address, and back by none", async () => {
      const from = master.process.mark();
      const old = (await deliveredBy(tunnel)).filter((each) => isUpward(each) && linkOf(each) === 2);
      await laptop.removeAddress("up2", "10.1.2.1/24");
      await laptop.addAddress("up2", "10.1.2.77/24");
      await master.process.waitForLine(/Link moved.* id=2 .*remote=10\.1\.2\.77:/, 10_000, from);
      const replay = await Injection.begin(master);
      await replay.inject(laptop, old.map(({ payload }) => ({ ...ends[2]!, source: ends[2]!.slave, destination: ends[2]!.master, payload })));
      await replay.finish(0, 0);
      assert.deepEqual((await stateOf(master)).moves, [["1", 0], ["2", 1]]);
      const { sent, received } = await ping(laptop, INNER_MASTER);
      assert.equal(received, sent);
    });
  },
});
