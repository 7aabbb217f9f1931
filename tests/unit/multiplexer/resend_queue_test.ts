import assert from "node:assert/strict";
import fc from "fast-check";
import { ResendQueue } from "../../../src/multiplexer/resend_queue.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { measuredLink } from "../../support/measured_link.ts";

Deno.test("ResendQueue is first in, first out, with all that is known of a packet", () => {
  const links = [measuredLink(1).link, measuredLink(2).link];
  const steps = fc.array(fc.integer({ min: -40, max: 60 }), { maxLength: 40 });
  fc.assert(fc.property(steps, (list) => {
    const queue = new ResendQueue();
    const twin: unknown[][] = [];
    let number = 0;
    for (const step of list) {
      for (let i = 0; i < step; i++) {
        number++;
        const slot = new Packet(0);
        const link = links[number % 2]!;
        const fields = [
          number / 2,
          number % 256,
          2 ** 32 - number,
          number % 4,
          number % 5,
        ] as const;
        const isRescue = number % 3 === 0;
        queue.push(slot, link, ...fields, isRescue);
        twin.push([slot, link, ...fields, isRescue]);
      }
      for (let i = 0; i > step && twin.length > 0; i--) {
        const [slot, link, ...rest] = twin.shift()!;
        assert.equal(queue.slot, slot);
        assert.equal(queue.lostOn, link);
        const { firstSentMs, group, groupSeqNo, flags, resends, isRescue } = queue;
        assert.deepEqual([firstSentMs, group, groupSeqNo, flags, resends, isRescue], rest);
        queue.shift();
      }
      assert.equal(queue.count, twin.length);
    }
  }));
});
