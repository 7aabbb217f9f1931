import assert from "node:assert/strict";
import { StreamSession, Verdict } from "../../../src/tundev/stream_session.ts";
import { mulberry32 } from "../../support/rng.ts";

Deno.test("StreamSession learns the other end from its first packet", () => {
  const session = new StreamSession(mulberry32(1));
  assert.equal(session.judge(7, 0), Verdict.ACCEPT);
  assert.equal(session.peerId, 7);
  assert.equal(session.judge(7, session.ownId), Verdict.ACCEPT);
});

Deno.test("StreamSession tells a packet for a session it does not have", () => {
  const session = new StreamSession(mulberry32(1));
  assert.equal(session.judge(7, session.ownId ^ 1), Verdict.UNKNOWN_HERE);
  assert.equal(session.peerId, 0);
});

Deno.test("StreamSession takes a new beginning of the other end, and none of its old packets", () => {
  const session = new StreamSession(mulberry32(1));
  session.judge(7, 0);
  const oldId = session.ownId;
  assert.equal(session.judge(8, 0), Verdict.PEER_RESTARTED);
  session.restart();
  assert.notEqual(session.ownId, oldId);
  assert.equal(session.judge(8, 0), Verdict.ACCEPT);
  assert.equal(session.judge(7, 0), Verdict.STALE);
  assert.equal(session.judge(7, oldId), Verdict.UNKNOWN_HERE);
  assert.equal(session.peerId, 8);
});

Deno.test("StreamSession lets no stranger in, even one who knows its id", () => {
  const session = new StreamSession(mulberry32(1));
  session.judge(7, 0);
  assert.equal(session.judge(9, session.ownId), Verdict.STALE);
  assert.equal(session.judge(0, 0), Verdict.STALE);
});

Deno.test("StreamSession is ended only by word about this very session", () => {
  const session = new StreamSession(mulberry32(1));
  assert.equal(session.isEndedBy(session.ownId, 0), false);
  session.judge(7, 0);
  assert.equal(session.isEndedBy(session.ownId, 6), false);
  assert.equal(session.isEndedBy(session.ownId ^ 1, 7), false);
  assert.equal(session.isEndedBy(session.ownId, 7), true);
});
