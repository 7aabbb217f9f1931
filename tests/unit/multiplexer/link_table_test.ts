import assert from "node:assert/strict";
import { LinkTable } from "../../../src/multiplexer/link_table.ts";
import { FakeLinkPort } from "../../support/fake_link_port.ts";

const RATE_BPS = 8_000_000;
const PACKET_BYTES = 1_000;

/** Packets that go over a link in 6 s, when the program looks every so many ms and says how late it is. */
function sentPkts(table: LinkTable, intervalMs: number, lateMs: number): number {
  const { pacer } = table.all[0]!;
  pacer.setRate(RATE_BPS, 0);
  let pkts = 0;
  for (let now = 0; now < 6_000; now += intervalMs) {
    table.noteLate(lateMs);
    for (; pacer.hasCredit(now); pkts++) pacer.take(PACKET_BYTES, now);
  }
  return pkts;
}

function oneLink(): LinkTable {
  const table = new LinkTable();
  table.add(new FakeLinkPort(1));
  return table;
}

Deno.test("LinkTable lets links keep their rate while the program sleeps between looks", () => {
  const atRate = 6_000 * RATE_BPS / 8_000 / PACKET_BYTES;
  assert(sentPkts(oneLink(), 7, 7) >= 0.995 * atRate);
  assert(sentPkts(oneLink(), 7, 0) < 0.8 * atRate, "punctual: what is not used is lost");
});

Deno.test("LinkTable grants a long stop no more than a short one, and forgets it", () => {
  const table = oneLink();
  table.noteLate(Infinity);
  assert.equal(table.all[0]!.pacer.lateMs, 0);
  table.noteLate(1_000);
  const { lateMs } = table.all[0]!.pacer;
  assert(lateMs > 2 && lateMs < 10, `${lateMs} ms`);
  for (let i = 0; i < 100; i++) table.noteLate(0.5);
  assert.equal(table.all[0]!.pacer.lateMs, 0);
});
