import assert from "node:assert/strict";
import type { LinkProfile } from "../../support/link_profile.ts";
import { SimTcpLink } from "../../support/sim_tcp_link.ts";
import { markCongestion } from "../../support/sim_tcp_segment.ts";
import type { SimTcpTransfer, SimTcpTransferOptions } from "../../support/sim_tcp_transfer.ts";
import { VirtualClock } from "../../support/virtual_clock.ts";

const PATH: Partial<LinkProfile> = { rateBps: 20e6, delayMs: 20 };

interface Run {
  readonly clock: VirtualClock;
  readonly link: SimTcpLink;
  readonly transfer: SimTcpTransfer;
}

function start(
  profile: Partial<LinkProfile> = PATH,
  options: Partial<SimTcpTransferOptions> = {},
  seed: number = 1,
): Run {
  const clock = new VirtualClock();
  const link = new SimTcpLink(clock, profile, undefined, seed);
  return { clock, link, transfer: link.add(options) };
}

/** Loses the nth data packets (from 0) that are offered to the link. */
function loseNth(link: SimTcpLink, ...lost: number[]): void {
  let count = 0;
  link.data.filter = () => !lost.includes(count++);
}

function assertBetween(value: number, low: number, high: number, what: string): void {
  assert.ok(value >= low && value <= high, `${what}: ${value} is not in ${low}..${high}`);
}

Deno.test("SimTcpTransfer fills a clean link", () => {
  const { clock, transfer } = start();
  clock.runUntil(10_000);
  // 96.1 % of the bits are payload.
  assertBetween(transfer.goodputBps(2000, 10_000), 20e6 * 0.961 * 0.99, 20e6 * 0.962, "goodput");
  assert.equal(transfer.rtoCount, 0);
  assert.equal(transfer.spuriousPkts, 0);
});

Deno.test("SimTcpTransfer repairs a single loss in one round trip, without a timeout", () => {
  const { clock, link, transfer } = start({ ...PATH, rateBps: 5e6 });
  loseNth(link, 50);
  clock.runUntil(1500);
  assert.equal(transfer.retransmittedPkts, 1);
  assert.equal(transfer.rtoCount, 0);
  assert.equal(transfer.spuriousPkts, 0);
  assertBetween(transfer.longestStallMs(100, 1500), 40, 200, "stall");
});

Deno.test("SimTcpTransfer repairs a lost retransmission without a timeout", () => {
  const { clock, link, transfer } = start({ ...PATH, queueBytes: 1e6 }, { appLimitBps: 4e6 });
  let firstSeqNo = -1;
  let losses = 0;
  link.data.filter = (packet) => {
    const seqNo = packet.view.getUint32(packet.start + 24);
    if (firstSeqNo < 0 && seqNo > 100 * 1288) firstSeqNo = seqNo;
    return seqNo !== firstSeqNo || ++losses > 2;
  };
  clock.runUntil(3000);
  assert.equal(losses, 3);
  assert.equal(transfer.retransmittedPkts, 2);
  assert.equal(transfer.rtoCount, 0);
});

Deno.test("SimTcpTransfer repairs a lost tail by a probe", () => {
  const { clock, link, transfer } = start(PATH, { stopMs: 1 });
  loseNth(link, 9); // the last one of the initial window
  clock.runUntil(1000);
  assert.equal(transfer.deliveredBytes, 10 * 1288);
  assert.equal(transfer.rtoCount, 0);
  assert.equal(transfer.probePkts, 1);
});

Deno.test("SimTcpTransfer is as fast as the response function under random loss", () => {
  for (const lossFraction of [0.001, 0.01]) {
    const { clock, transfer } = start({ rateBps: 100e6, delayMs: 20, lossFraction });
    clock.runUntil(30_000);
    // Mathis et al.: MSS / RTT * sqrt(3/2 / p); CUBIC is like Reno at such windows.
    const modelBps = 1288 * 8 / 0.04 * Math.sqrt(1.5 / lossFraction);
    assertBetween(transfer.goodputBps(1000, 30_000) / modelBps, 0.6, 1.6, `at ${lossFraction}`);
    assert.equal(transfer.spuriousPkts, 0);
  }
});

Deno.test("SimTcpTransfer takes reordering within a quarter of the round trip for no loss", () => {
  const { clock, transfer } = start({
    ...PATH,
    queueBytes: 1e6,
    jitterMs: 4,
    jitterKind: "independent",
  }, { appLimitBps: 15e6 });
  clock.runUntil(2000); // the first reordering teaches it
  const before = transfer.retransmittedPkts;
  clock.runUntil(12_000);
  assert.equal(transfer.retransmittedPkts, before);
  assertBetween(transfer.goodputBps(2000, 12_000), 14.8e6, 15.2e6, "goodput");
});

Deno.test("SimTcpTransfer widens the reordering window by DSACKs", () => {
  const jitter = { jitterMs: 18, jitterKind: "independent" } as const;
  const { clock, transfer } = start({ ...PATH, queueBytes: 1e6, ...jitter }, { appLimitBps: 15e6 });
  clock.runUntil(10_000);
  const before = transfer.retransmittedPkts;
  assertBetween(before, 1, 3000, "retransmitted");
  assert.ok(transfer.reorderingSteps > 1);
  assert.ok(transfer.undoCount > 0);
  clock.runUntil(20_000);
  assert.ok(transfer.retransmittedPkts - before < before / 2);
});

Deno.test("SimTcpTransfer times out in an outage of 3 s and recovers", () => {
  const { clock, link, transfer } = start();
  clock.at(4000, () => {
    link.data.setUp(false);
    link.acks.setUp(false);
  });
  clock.at(7000, () => {
    link.data.setUp(true);
    link.acks.setUp(true);
  });
  clock.runUntil(20_000);
  assertBetween(transfer.rtoCount, 2, 6, "timeouts");
  assertBetween(transfer.longestStallMs(3000, 20_000), 3000, 7000, "stall");
  assertBetween(transfer.goodputBps(14_000, 20_000), 0.9 * 19.2e6, 20.5e6, "goodput");
});

Deno.test("SimTcpTransfer undoes a timeout that was only a pause of the link", () => {
  const { clock, link, transfer } = start({ ...PATH, queueBytes: 1e6 }, { appLimitBps: 8e6 });
  clock.at(4000, () => link.data.configure({ rateBps: 0 }));
  clock.at(4500, () => link.data.configure({ rateBps: 20e6 }));
  clock.runUntil(3999);
  const retransmitted = transfer.retransmittedPkts;
  clock.runUntil(4600);
  assert.ok(transfer.rtoCount >= 1);
  assert.ok(transfer.undoCount >= 1);
  assertBetween(transfer.retransmittedPkts - retransmitted, 1, 10, "retransmitted");
});

Deno.test("SimTcpTransfer reduces by ECN marks without a retransmission", () => {
  const { clock, link, transfer } = start({ ...PATH, queueBytes: 1e6 }, { ecn: true });
  link.data.filter = (packet, counters) => {
    if (counters.queuedBytes > 50_000) markCongestion(packet);
    return true;
  };
  clock.runUntil(10_000);
  assert.equal(transfer.retransmittedPkts, 0);
  assertBetween(transfer.ecnReductions, 2, 60, "reductions");
  assertBetween(transfer.srttMs, 40, 80, "round trip");
  assertBetween(transfer.goodputBps(2000, 10_000), 0.9 * 19.2e6, 19.3e6, "goodput");
});

Deno.test("SimTcpTransfer shares a link about fairly with another one", () => {
  const { clock, link, transfer } = start({ ...PATH, queueBytes: 100_000 });
  const other = link.add({ startMs: 2000 });
  clock.runUntil(62_000);
  const ratio = transfer.goodputBps(12_000, 62_000) / other.goodputBps(12_000, 62_000);
  assertBetween(ratio, 0.5, 2, "ratio");
});

Deno.test("SimTcpTransfer keeps to what the application writes", () => {
  const { clock, transfer } = start(PATH, { appLimitBps: 3e6, startMs: 500, stopMs: 5500 });
  clock.runUntil(8000);
  assertBetween(transfer.deliveredBytes * 8, 14.9e6, 15.1e6, "bits");
  assert.equal(transfer.retransmittedPkts, 0);
});

Deno.test("SimTcpTransfer delivers everything, however bad the link", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const { clock, transfer } = start(
      {
        rateBps: 8e6,
        delayMs: 5 * seed,
        jitterMs: 4 * seed,
        jitterKind: seed % 2 === 0 ? "independent" : "ordered",
        lossFraction: 0.02,
        burstLoss: { fraction: 0.03, meanLengthPkts: 5 },
        duplicateFraction: 0.02,
        queueBytes: 20_000,
      },
      { appLimitBps: 300e3, stopMs: 4000 },
      seed,
    );
    clock.runUntil(60_000);
    assertBetween(transfer.deliveredBytes * 8, 1.18e6, 1.22e6, `seed ${seed}`);
    const { deliveredBytes, sentPkts } = transfer;
    clock.runUntil(300_000); // silence: all is acknowledged
    assert.equal(transfer.deliveredBytes, deliveredBytes);
    assert.equal(transfer.sentPkts, sentPkts);
  }
});

Deno.test("SimTcpTransfer runs the same way each time", () => {
  const run = (): number[] => {
    const jitter = { jitterMs: 15, jitterKind: "independent" } as const;
    const { clock, transfer } = start({ ...PATH, ...jitter, lossFraction: 0.002 }, {}, 7);
    clock.runUntil(8000);
    const { deliveredBytes, sentPkts, retransmittedPkts, srttMs, ackPkts } = transfer;
    return [deliveredBytes, sentPkts, retransmittedPkts, srttMs, ackPkts, clock.events];
  };
  assert.deepEqual(run(), run());
});
