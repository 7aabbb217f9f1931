/**
 * Sessions are renewed under load, about once a second: nobody who uses the tunnel notices.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { sessionIndices } from "../support/eavesdropped_datagrams.ts";
import { printFigures, toMbps } from "../support/figures.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PacketCapture } from "../support/packet_capture.ts";
import { TcpTransfer } from "../support/tcp_transfer.ts";
import { INNER_MASTER, INNER_SLAVE } from "../support/tunnel_pair.ts";

const TRANSFER_MS = 15_000;
/** A rekey is due after one second, and put off by a quarter of one at most. */
const MIN_REKEYS = 8;
const MAX_PAUSE_MS = 1_000;

/** Of each link, in both directions: so that the transfers do not fight for a processor as well. */
const RATE_BPS = 20e6;

/** Reports and handshakes tell all that is to be seen of sessions; of the load only acknowledgements come along. */
const SMALL_PACKETS = "udp and less 200";

Deno.test({
  name: "rekeys under two TCP transfers lose no connection, no byte, and no second",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 2, rateBps: RATE_BPS });
    const { laptop, server } = network;
    await using capture = await PacketCapture.start(laptop, "up1", SMALL_PACKETS);
    await using master = await BindlinkProcess.start(server, network.masterArgs);
    const args = [...network.slaveArgs, "--rekey-after", "1", "--log-level", "debug"];
    await using slave = await BindlinkProcess.start(laptop, args);
    await slave.waitForLinks([1, 2]);

    await using up = await TcpTransfer.start({
      from: laptop,
      to: server,
      listen: { host: INNER_MASTER, port: 7_000 },
    });
    await using down = await TcpTransfer.start({
      from: server,
      to: laptop,
      listen: { host: INNER_SLAVE, port: 7_001 },
    });
    const transfers = { up, down };
    for (const transfer of Object.values(transfers)) await transfer.waitForMore(100_000);
    const startMs = performance.now();
    const renewed = (): number =>
      slave.process.stderr.filter((line) => line.includes("Session renewed")).length;
    const renewedBefore = renewed();
    await awaitCondition(
      `${TRANSFER_MS} ms and ${MIN_REKEYS} rekeys`,
      () => performance.now() - startMs >= TRANSFER_MS && renewed() - renewedBefore >= MIN_REKEYS,
      { timeoutMs: 2 * TRANSFER_MS, intervalMs: 100, detail: () => `${renewed()} rekeys` },
    );
    const tookMs = performance.now() - startMs;
    const rekeys = renewed() - renewedBefore;

    for (const [name, transfer] of Object.entries(transfers)) {
      const { bytes, longestPauseMs } = await transfer.finishTimed();
      printFigures(`transfer ${name}`, {
        rate: toMbps(8_000 * bytes / tookMs),
        "longest pause": `${longestPauseMs} ms`,
        rekeys: String(rekeys),
      });
      assert(longestPauseMs <= MAX_PAUSE_MS, `a pause of ${longestPauseMs} ms`);
    }
    await capture.finish();
    const datagrams = await capture.datagrams();
    for (const isUp of [true, false]) {
      const sessions = sessionIndices(datagrams, isUp).length;
      assert(sessions > MIN_REKEYS, `${sessions} sessions ${isUp ? "up" : "down"}`);
    }
    // Packets of both sessions were under way at each rekey: all of them could be read.
    for (const end of [master, slave]) {
      for (const reason of ["no_session", "not_authentic", "replayed"]) {
        assert.equal(await end.drops(reason), 0, reason);
      }
    }
  },
});
