import assert from "node:assert/strict";
import { Keyring } from "../../../src/peer/keyring.ts";
import type { Session, SessionOptions } from "../../../src/peer/session.ts";
import { DEFAULT_SESSION_LIMITS } from "../../../src/peer/session_limits.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { testSession } from "../../support/session_pair.ts";

const LIMITS = {
  rekeyAfterMs: 120_000,
  rejectAfterMs: 180_000,
  rekeyAfterPkts: 1_000,
  rejectAfterPkts: 2_000,
};

/** A keyring and what it told its observer: "+1" for a session of index 1 that came, "-1" for one that went. */
function keyringWithLog(): { keyring: Keyring; log: string[] } {
  const log: string[] = [];
  const keyring = new Keyring(LIMITS, {
    onAdded: (session) => log.push(`+${session.localIndex}`),
    onDropped: (session) => {
      assert(isWiped(session), "was told of before it was wiped");
      log.push(`-${session.localIndex}`);
    },
  });
  return { keyring, log };
}

function initiated(localIndex: number, createdMs = 0): Session {
  return testSession({ localIndex, createdMs, isInitiator: true });
}

function responded(localIndex: number, options: Partial<SessionOptions> = {}): Session {
  return testSession({ localIndex, isInitiator: false, ...options });
}

function isWiped(session: Session): boolean {
  return session.seal(new Packet(100), 1, new Packet(100)) === DropReason.NO_SESSION;
}

Deno.test("Keyring that is new has nothing to send with, to find, or to wait for", () => {
  const { keyring } = keyringWithLog();
  assert.equal(keyring.current, null);
  assert.equal(keyring.sending(0), null);
  assert.equal(keyring.find(1, 0), null);
  assert.equal(keyring.needsRekey(1e9), false);
  assert.equal(keyring.nextTimeout(), Infinity);
});

Deno.test("Keyring.addInitiated puts a session in use at once and keeps the one before it for receiving", () => {
  const { keyring, log } = keyringWithLog();
  const [one, two] = [initiated(1), initiated(2)];
  keyring.addInitiated(one);
  assert.equal(keyring.sending(0), one);
  keyring.addInitiated(two);
  assert.equal(keyring.sending(0), two);
  assert.equal(keyring.current, two);
  assert.equal(keyring.previous, one);
  assert.equal(keyring.find(1, 0), one);
  assert.deepEqual(log, ["+1", "+2"]);
});

Deno.test("Keyring.addInitiated drops the one before the previous one", () => {
  const { keyring, log } = keyringWithLog();
  for (const index of [1, 2, 3]) keyring.addInitiated(initiated(index));
  assert.deepEqual(log, ["+1", "+2", "-1", "+3"]);
  assert.equal(keyring.find(1, 0), null);
});

Deno.test("Keyring.addResponded waits for the first packet, and receives until then", () => {
  const { keyring, log } = keyringWithLog();
  const session = responded(1);
  keyring.addResponded(session);
  assert.equal(keyring.sending(0), null);
  assert.equal(keyring.current, null);
  assert.equal(keyring.find(1, 0), session);
  assert.deepEqual(log, ["+1"]);
});

Deno.test("Keyring.confirm puts the session that waits in use", () => {
  const { keyring, log } = keyringWithLog();
  const [one, two] = [responded(1), responded(2)];
  keyring.addResponded(one);
  assert.equal(keyring.confirm(one), true);
  assert.equal(keyring.sending(0), one);
  keyring.addResponded(two);
  assert.equal(keyring.sending(0), one, "two is not confirmed");
  assert.equal(keyring.confirm(two), true);
  assert.equal(keyring.sending(0), two);
  assert.equal(keyring.find(1, 0), one, "packets under way");
  assert.deepEqual(log, ["+1", "+2"]);
});

Deno.test("Keyring.confirm of a session that does not wait changes nothing", () => {
  const { keyring, log } = keyringWithLog();
  const [one, two, three] = [responded(1), responded(2), responded(3)];
  for (const session of [one, two]) {
    keyring.addResponded(session);
    keyring.confirm(session);
  }
  keyring.addResponded(three);
  assert.equal(keyring.confirm(two), false, "in use already");
  assert.equal(keyring.confirm(one), false, "replaced");
  assert.equal(keyring.confirm(responded(3)), false, "another session of that index");
  assert.equal(keyring.current, two);
  assert.deepEqual(log, ["+1", "+2", "+3"]);
});

Deno.test("Keyring.addResponded replaces no session but another that waits: a replayed initiation harms nothing", () => {
  const { keyring, log } = keyringWithLog();
  const [one, two] = [responded(1), responded(2)];
  for (const session of [one, two]) {
    keyring.addResponded(session);
    keyring.confirm(session);
  }
  for (let index = 3; index <= 6; index++) keyring.addResponded(responded(index));
  assert.equal(keyring.sending(0), two);
  assert.equal(keyring.find(2, 0), two);
  assert.equal(keyring.find(1, 0), one);
  assert.deepEqual(log, ["+1", "+2", "+3", "-3", "+4", "-4", "+5", "-5", "+6"]);
});

Deno.test("Keyring.sending gives nothing from rejectAfterMs on", () => {
  const { keyring } = keyringWithLog();
  const session = initiated(1, 500);
  keyring.addInitiated(session);
  assert.equal(keyring.sending(180_499), session);
  assert.equal(keyring.sending(180_500), null);
  assert.equal(keyring.current, session);
});

Deno.test("Keyring.sending gives nothing once rejectAfterPkts were sealed", () => {
  const { keyring } = keyringWithLog();
  const session = initiated(1);
  keyring.addInitiated(session);
  session.sentPkts = 1_999;
  assert.equal(keyring.sending(0), session);
  session.sentPkts = 2_000;
  assert.equal(keyring.sending(0), null);
  assert.equal(keyring.find(1, 0), session, "it still receives");
});

Deno.test("Keyring.find gives nothing that is too old, in whatever place it is", () => {
  const { keyring } = keyringWithLog();
  const previous = responded(1, { createdMs: 0 });
  const current = responded(2, { createdMs: 1_000 });
  const next = responded(3, { createdMs: 2_000 });
  for (const session of [previous, current]) {
    keyring.addResponded(session);
    keyring.confirm(session);
  }
  keyring.addResponded(next);
  const found = (now: number): unknown[] => [1, 2, 3].map((index) => keyring.find(index, now));
  assert.deepEqual(found(179_999), [previous, current, next]);
  assert.deepEqual(found(180_000), [null, current, next]);
  assert.deepEqual(found(181_000), [null, null, next]);
  assert.deepEqual(found(182_000), [null, null, null]);
});

Deno.test("Keyring.needsRekey is true at the initiator from rekeyAfterMs on, until there is a new session", () => {
  const { keyring } = keyringWithLog();
  keyring.addInitiated(initiated(1, 500));
  assert.equal(keyring.needsRekey(120_499), false);
  assert.equal(keyring.needsRekey(120_500), true);
  keyring.handleTimeout(120_500);
  assert.equal(keyring.needsRekey(120_501), true);
  keyring.addInitiated(initiated(2, 120_501));
  assert.equal(keyring.needsRekey(120_502), false);
});

for (const counter of ["sentPkts", "receivedPkts"] as const) {
  Deno.test(`Keyring.needsRekey is true at the initiator once ${counter} reaches the limit`, () => {
    const { keyring } = keyringWithLog();
    const session = initiated(1);
    keyring.addInitiated(session);
    session[counter] = 999;
    assert.equal(keyring.needsRekey(0), false);
    session[counter] = 1_000;
    assert.equal(keyring.needsRekey(0), true);
  });
}

Deno.test("Keyring.needsRekey is false at the responder", () => {
  const { keyring } = keyringWithLog();
  const session = responded(1);
  keyring.addResponded(session);
  keyring.confirm(session);
  session.sentPkts = 1_500;
  assert.equal(keyring.needsRekey(170_000), false);
});

Deno.test("Keyring.nextTimeout of the initiator is the rekey, then the session's end", () => {
  const { keyring, log } = keyringWithLog();
  keyring.addInitiated(initiated(1, 500));
  assert.equal(keyring.nextTimeout(), 120_500);
  keyring.handleTimeout(120_499); // woken too early
  assert.equal(keyring.nextTimeout(), 120_500);
  keyring.handleTimeout(120_500);
  assert.equal(keyring.nextTimeout(), 180_500);
  keyring.handleTimeout(180_500);
  assert.equal(keyring.nextTimeout(), Infinity);
  assert.deepEqual(log, ["+1", "-1"]);
});

Deno.test("Keyring.nextTimeout of the initiator is the rekey again when there is a new session", () => {
  const { keyring } = keyringWithLog();
  keyring.addInitiated(initiated(1, 0));
  keyring.handleTimeout(120_000);
  keyring.addInitiated(initiated(2, 121_000));
  assert.equal(keyring.nextTimeout(), 180_000, "the end of the previous session");
  keyring.handleTimeout(180_000);
  assert.equal(keyring.nextTimeout(), 241_000);
});

Deno.test("Keyring.nextTimeout of the responder is the end of the oldest session", () => {
  const { keyring } = keyringWithLog();
  const one = responded(1, { createdMs: 100 });
  keyring.addResponded(one);
  assert.equal(keyring.nextTimeout(), 180_100);
  keyring.confirm(one);
  keyring.addResponded(responded(2, { createdMs: 200 }));
  assert.equal(keyring.nextTimeout(), 180_100);
  keyring.handleTimeout(180_100);
  assert.equal(keyring.nextTimeout(), 180_200);
});

Deno.test("Keyring.handleTimeout drops what is too old, and only that", () => {
  const { keyring, log } = keyringWithLog();
  keyring.addInitiated(initiated(1, 0));
  keyring.addInitiated(initiated(2, 1_000));
  keyring.handleTimeout(179_999);
  assert.deepEqual(log, ["+1", "+2"]);
  keyring.handleTimeout(180_000);
  assert.deepEqual(log, ["+1", "+2", "-1"]);
  assert.equal(keyring.find(2, 180_000), keyring.current);
});

Deno.test("Keyring.dropOld drops all but the current session", () => {
  const { keyring, log } = keyringWithLog();
  const [one, two] = [responded(1), responded(2)];
  for (const session of [one, two]) {
    keyring.addResponded(session);
    keyring.confirm(session);
  }
  keyring.addResponded(responded(3));
  keyring.dropOld();
  assert.deepEqual(log, ["+1", "+2", "+3", "-1", "-3"]);
  assert.equal(keyring.sending(0), two);
  assert(!isWiped(two));
});

Deno.test("Keyring.clear drops all, once, and can be used anew", () => {
  const { keyring, log } = keyringWithLog();
  keyring.addInitiated(initiated(1));
  keyring.addInitiated(initiated(2));
  keyring.clear();
  keyring.clear();
  assert.deepEqual(log, ["+1", "+2", "-1", "-2"]);
  assert.equal(keyring.nextTimeout(), Infinity);
  keyring.addInitiated(initiated(3));
  assert.equal(keyring.sending(0)?.localIndex, 3);
});

Deno.test("the default limits leave the initiator a minute for the new handshake, and packets to seal", () => {
  const { rekeyAfterMs, rejectAfterMs, rekeyAfterPkts, rejectAfterPkts } = DEFAULT_SESSION_LIMITS;
  assert.deepEqual([rekeyAfterMs, rejectAfterMs], [120_000, 180_000]);
  assert.deepEqual([rekeyAfterPkts, rejectAfterPkts], [2 ** 28, 2 ** 29]);
});
