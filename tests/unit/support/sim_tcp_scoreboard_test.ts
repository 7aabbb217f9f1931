import assert from "node:assert/strict";
import fc from "fast-check";
import { SegmentTag, SimTcpScoreboard } from "../../support/sim_tcp_scoreboard.ts";

const WINDOW_PKTS = 20;

/** Counts anew what the board keeps count of. */
function assertCounts(board: SimTcpScoreboard): void {
  const { SACKED, RETRANS, LOST } = SegmentTag;
  let [sacked, retrans, lost, pending, first] = [0, 0, 0, 0, -1];
  for (let seg = board.una; seg < board.nxt; seg++) {
    const tags = board.tagsOf(seg);
    if ((tags & SACKED) !== 0) sacked++;
    if ((tags & RETRANS) !== 0) retrans++;
    if ((tags & LOST) !== 0) lost++;
    if ((tags & (LOST | RETRANS)) !== LOST) continue;
    pending++;
    if (first < 0) first = seg;
  }
  assert.deepEqual(
    [board.sackedPkts, board.retransPkts, board.lostPkts, board.pendingPkts],
    [sacked, retrans, lost, pending],
  );
  assert.equal(board.firstPending(), first);
}

/** The list by time sent: ascending, and without what is sacked or to be sent again. */
function assertOrder(board: SimTcpScoreboard): void {
  let lastMs = -1;
  for (let seg = board.oldestSent(); seg >= 0; seg = board.sentAfter(seg)) {
    assert.ok(seg >= board.una && seg < board.nxt);
    assert.ok(board.sentMsOf(seg) >= lastMs);
    lastMs = board.sentMsOf(seg);
    assert.equal(board.tagsOf(seg) & SegmentTag.SACKED, 0);
  }
}

Deno.test("SimTcpScoreboard's counts and order are right after whatever happens", () => {
  const action = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 1000 }));
  fc.assert(fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
    const board = new SimTcpScoreboard(WINDOW_PKTS);
    actions.forEach(([kind, pick], now) => {
      const seg = board.una + pick % Math.max(1, board.outPkts);
      const isThere = board.outPkts > 0;
      if (kind <= 1 && board.outPkts < WINDOW_PKTS) board.sendNew(now, 0);
      else if (kind === 2 && isThere) board.markLost(seg);
      else if (kind === 3 && isThere && (board.tagsOf(seg) & SegmentTag.SACKED) === 0) {
        board.markSacked(seg);
      } else if (kind === 4 && board.pendingPkts > 0) {
        board.resend(board.firstPending(), now, 0, false);
      } else if (kind === 5 && isThere) board.shift();
      else if (kind === 6) board.unmarkLost();
      assertCounts(board);
      assertOrder(board);
    });
  }));
});
