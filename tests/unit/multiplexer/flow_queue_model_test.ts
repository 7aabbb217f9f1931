import assert from "node:assert/strict";
import fc from "fast-check";
import { type PutPacket, QueueBench } from "./queue_bench.ts";

/** What the queue must hold, as sets: the order between flows is its own matter. */
class Model {
  /** Numbers per flow and class, in order. */
  readonly lines = new Map<string, number[]>();
  putPkts = 0;
  takenPkts = 0;

  put(packet: PutPacket, isThin: boolean): void {
    const key = `${packet.flow} ${isThin}`;
    const line = this.lines.get(key) ?? [];
    line.push(this.putPkts++);
    this.lines.set(key, line);
  }

  /** What stood before it in its line must have been dropped. */
  take(id: number, flow: number, isThin: boolean): void {
    const line = this.lines.get(`${flow} ${isThin}`) ?? [];
    const place = line.indexOf(id);
    assert(place >= 0, `packet ${id} of flow ${flow} came twice or out of order`);
    line.splice(0, place + 1);
    this.takenPkts++;
  }
}

const put = fc.record({
  kind: fc.constant("put" as const),
  flow: fc.oneof(fc.nat(3), fc.nat(3_000)),
  lengthBytes: fc.integer({ min: 20, max: 1_500 }),
  isThin: fc.boolean(),
  ecn: fc.nat(3),
  pkts: fc.integer({ min: 1, max: 30 }),
});
const take = fc.record({ kind: fc.constant("take" as const), pkts: fc.nat(40) });
const wait = fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(300) });
const clear = fc.record({ kind: fc.constant("clear" as const) });
const operation = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 6, arbitrary: take },
  { weight: 4, arbitrary: wait },
  { weight: 1, arbitrary: clear },
);

Deno.test("FlowQueue loses, doubles and reorders nothing but what it counts, in any sequence of operations", () => {
  const limits = fc.record({ bytes: fc.integer({ min: 1_000, max: 60_000 }), pkts: fc.nat(150) });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), limits, (operations, { bytes, pkts }) => {
      const bench = new QueueBench();
      const { queue, pool } = bench;
      const model = new Model();
      queue.setLimits(bytes, pkts);
      let now = 1_000;
      let clearedPkts = 0;
      for (const it of operations) {
        if (it.kind === "wait") now += it.ms;
        if (it.kind === "clear") {
          clearedPkts += queue.pkts;
          queue.clear();
          assert.equal(pool.usedSlots, 0);
        }
        for (let i = 0; it.kind === "put" && i < it.pkts; i++) {
          const isThin = it.isThin && queue.thinPkts < 256;
          model.put(it, isThin);
          bench.put(it, now);
          assert(queue.bytes <= bytes && queue.pkts <= pkts);
        }
        for (let i = 0; it.kind === "take" && i < it.pkts; i++) {
          const isThin = queue.peekIsThin();
          const taken = bench.take(now);
          if (taken === null) assert.equal(queue.pkts, 0);
          else model.take(taken.id, taken.flow, queue.lastIsThin);
          if (isThin) assert(queue.lastIsThin);
        }
        const goneElsewhere = queue.codelDroppedPkts + queue.overflowPkts + clearedPkts;
        assert.equal(model.putPkts, model.takenPkts + queue.pkts + goneElsewhere);
        assert.equal(pool.usedSlots, queue.pkts);
        if (queue.pkts === 0) assert.equal(queue.bytes, 0);
        assert(queue.headSojournMs(now) <= now - 1_000);
      }
    }),
    { numRuns: 100 },
  );
});
