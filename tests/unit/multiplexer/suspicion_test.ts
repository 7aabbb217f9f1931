import assert from "node:assert/strict";
import fc from "fast-check";
import type { MultiplexerLink } from "../../../src/multiplexer/multiplexer_link.ts";
import { suspectAtMs } from "../../../src/multiplexer/suspicion.ts";
import { SenderRig, tcpPacket } from "./sender_rig.ts";

const NEVER = Number.NEGATIVE_INFINITY;

/** A link with a round trip of 40 ms over which packets were sent just now; nothing was heard over it for long. */
function sentOver(options: { readonly isReliable?: boolean } = {}): {
  link: MultiplexerLink;
  now: number;
} {
  const rig = new SenderRig();
  const link = rig.add({ transitMs: 20, capacityBps: 100e6, ...options });
  link.lastHeardMs = NEVER;
  link.lastAckedMs = rig.now;
  for (let mark = 0; mark < 3; mark++) rig.send(tcpPacket(1, mark));
  assert.equal(link.sent.inFlightPkts, 3);
  return { link, now: rig.now };
}

/** How long after it was sent what is in flight makes the link suspect, ms. */
function patienceMs({ link, now }: ReturnType<typeof sentOver>, feedbackMs = NEVER): number {
  return suspectAtMs(link, feedbackMs, now) - now;
}

Deno.test("a link with nothing in flight, or a suspect one, is not suspected", () => {
  const idle = new SenderRig();
  assert.equal(suspectAtMs(idle.add(), NEVER, idle.now), Infinity);
  const sent = sentOver();
  sent.link.isSuspect = true;
  assert.equal(patienceMs(sent), Infinity);
});

Deno.test("a link of which feedback does not tell is suspected sooner than one when no feedback comes", () => {
  const sent = sentOver();
  const withFeedback = patienceMs(sent, sent.now + 50);
  assert(withFeedback >= 40 && withFeedback <= 100, `${withFeedback} ms`);
  sent.link.ownRoundTripMs = 120;
  assert(patienceMs(sent) > patienceMs(sent, sent.now + 50));
});

Deno.test("when no feedback comes, it may have to come the way back over the link itself", () => {
  const near = sentOver();
  const far = sentOver();
  // Its acknowledgements took 40 ms, by a faster link; over its own way back they take 200.
  far.link.ownRoundTripMs = 200;
  assert(patienceMs(near) < 150, `${patienceMs(near)} ms`);
  assert(patienceMs(far) > 200 && patienceMs(far) < 300, `${patienceMs(far)} ms`);
});

Deno.test("a link over which something still comes gets a grace, but no endless one", () => {
  const sent = sentOver();
  const before = patienceMs(sent);
  sent.link.lastHeardMs = sent.now + 150;
  const grace = patienceMs(sent);
  assert(grace > 150 && grace <= 200, `${grace} ms`);
  sent.link.lastHeardMs = sent.now + 10_000;
  assert(patienceMs(sent) > grace && patienceMs(sent) <= before + 300, `${patienceMs(sent)} ms`);
});

Deno.test("a link over TCP is given the time that TCP needs to send again", () => {
  assert(patienceMs(sentOver({ isReliable: true })) > 1.5 * patienceMs(sentOver()));
});

Deno.test("hearing more, and a longer way, never make a link suspect sooner", () => {
  const ms = fc.nat(2_000);
  fc.assert(
    fc.property(ms, ms, ms, ms, ms, (heard, more, way, longer, feedback) => {
      const at = (heardMs: number, wayMs: number): number => {
        const sent = sentOver();
        sent.link.lastHeardMs = sent.now + heardMs;
        sent.link.ownRoundTripMs = wayMs;
        return patienceMs(sent, sent.now + feedback);
      };
      assert(at(heard + more, way + longer) >= at(heard, way));
    }),
    { numRuns: 100 },
  );
});
