import assert from "node:assert/strict";
import { CookieChecker } from "../../../src/peer/cookie.ts";
import { mac1Of } from "../../../src/peer/handshake_message.ts";
import { RefusalCode } from "../../../src/peer/handshake_payload.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { GOOD_WELCOME, InitiatorRig, packetOf } from "../../support/handshake_ends.ts";
import { REFUSAL } from "../../support/handshake_messages.ts";
import { mulberry32, testSeed } from "../../support/rng.ts";

Deno.test("Initiator.start sends the same bytes over all open links", () => {
  const rig = new InitiatorRig({ links: [1, 2, 7] });
  rig.initiator.start(0);
  assert.deepEqual(rig.sent.map((it) => it.linkId), [1, 2, 7]);
  for (const { datagram } of rig.sent) assert.deepEqual(datagram, rig.newest);
});

Deno.test("Initiator repeats an initiation after 0.25, 0.5, 1 and 2 s, and makes a fresh one after 5 s or so", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(1_000);
  const atMs: number[] = [];
  for (let i = 0; i < 5; i++) {
    atMs.push(rig.initiator.nextTimeout());
    rig.initiator.handleTimeout(rig.initiator.nextTimeout());
  }
  assert.deepEqual(atMs.slice(0, 4), [1_250, 1_500, 2_000, 3_000]);
  assert.ok(atMs[4]! >= 5_000 && atMs[4]! <= 7_000, `${atMs[4]} ms`);
  const datagrams = rig.sent.map((it) => it.datagram);
  for (const datagram of datagrams.slice(0, 5)) assert.deepEqual(datagram, datagrams[0]);
  assert.notDeepEqual(datagrams[5], datagrams[0]);
});

Deno.test("Initiator makes up for no round that time has passed over", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.initiator.handleTimeout(1_200);
  assert.equal(rig.sent.length, 2);
  assert.equal(rig.initiator.nextTimeout(), 2_000);
});

Deno.test("Initiator waits for a link without a timer, and begins when one opens", () => {
  const rig = new InitiatorRig({ links: [] });
  rig.initiator.start(0);
  assert.equal(rig.initiator.nextTimeout(), Infinity);
  rig.openLinks.add(3);
  rig.initiator.handleLinkOpen(3, 50_000);
  assert.deepEqual(rig.sent.map((it) => it.linkId), [3]);
  assert.equal(rig.initiator.nextTimeout(), 50_250);
});

Deno.test("Initiator.handleLinkOpen sends the initiation that runs, over that link alone", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.openLinks.add(2);
  rig.initiator.handleLinkOpen(2, 100);
  assert.deepEqual(rig.sent.map((it) => it.linkId), [1, 2]);
  assert.deepEqual(rig.sent[1]!.datagram, rig.sent[0]!.datagram);
});

Deno.test("Initiator stops its timer when the last link closes, and goes on with the same initiation when one opens soon", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.openLinks.clear();
  rig.runUntil(1_000_000);
  assert.equal(rig.initiator.nextTimeout(), Infinity);
  assert.equal(rig.sent.length, 1);
  const soon = new InitiatorRig({ links: [1] });
  soon.initiator.start(0);
  soon.openLinks.clear();
  soon.runUntil(700);
  soon.openLinks.add(1);
  soon.initiator.handleLinkOpen(1, 700);
  assert.deepEqual(soon.sent[1]!.datagram, soon.sent[0]!.datagram);
  assert.equal(soon.initiator.nextTimeout(), 1_000);
});

Deno.test("Initiator makes a fresh initiation when a link opens long after the last one closed", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.openLinks.clear();
  rig.runUntil(60_000);
  rig.openLinks.add(1);
  rig.initiator.handleLinkOpen(1, 60_000);
  assert.equal(rig.sent.length, 2);
  assert.notDeepEqual(rig.sent[1]!.datagram, rig.sent[0]!.datagram);
});

Deno.test("Initiator sends an initiation again at once with the cookie that came, over that link alone", () => {
  const rig = new InitiatorRig();
  const checker = new CookieChecker(rig.masterKeys.publicKey, rig.randomBytes);
  const reply = new Packet(600);
  rig.initiator.start(0);
  checker.writeCookieReply(reply, packetOf(rig.newest), "192.0.2.1:5000", 0);
  assert.equal(rig.initiator.handleCookieReply(2, reply, 20), 0);
  assert.deepEqual(rig.sent.map((it) => it.linkId), [1, 2, 2]);
  assert.ok(checker.hasGoodMac2(packetOf(rig.newest), "192.0.2.1:5000", 20));
  assert.deepEqual(mac1Of(packetOf(rig.newest)), mac1Of(packetOf(rig.sent[0]!.datagram)));
  rig.runUntil(250);
  const [one, two] = rig.sent.slice(3);
  assert.ok(!checker.hasGoodMac2(packetOf(one!.datagram), "192.0.2.1:5000", 250), "another link");
  assert.ok(checker.hasGoodMac2(packetOf(two!.datagram), "192.0.2.1:5000", 250), "the same link");
});

Deno.test("Initiator answers one cookie reply a round and link", () => {
  const rig = new InitiatorRig({ links: [1] });
  const checker = new CookieChecker(rig.masterKeys.publicKey, rig.randomBytes);
  const reply = new Packet(600);
  rig.initiator.start(0);
  for (let i = 0; i < 10; i++) {
    checker.writeCookieReply(reply, packetOf(rig.newest), `192.0.2.1:${i}`, 0);
    assert.equal(rig.initiator.handleCookieReply(1, reply, i), 0);
  }
  assert.equal(rig.sent.length, 2);
  rig.runUntil(250);
  rig.initiator.handleCookieReply(1, reply, 260);
  assert.equal(rig.sent.length, 4);
});

Deno.test("Initiator refuses cookie replies that are no good, of another attempt, or of none", () => {
  const rig = new InitiatorRig({ links: [1] });
  const checker = new CookieChecker(rig.masterKeys.publicKey, rig.randomBytes);
  const reply = new Packet(600);
  rig.initiator.start(0);
  checker.writeCookieReply(reply, packetOf(rig.newest), "192.0.2.1:5000", 0);
  reply.bytes[reply.end - 1]! ^= 1;
  assert.equal(rig.initiator.handleCookieReply(1, reply, 1), DropReason.BAD_COOKIE);
  reply.bytes[reply.start + 4]! ^= 1;
  assert.equal(rig.initiator.handleCookieReply(1, reply, 1), DropReason.UNEXPECTED_RESPONSE);
  assert.equal(
    rig.initiator.handleCookieReply(1, packetOf(new Uint8Array(9)), 1),
    DropReason.BAD_HANDSHAKE,
  );
  assert.equal(rig.sent.length, 1);
});

Deno.test("Initiator begins a handshake after 2.5 s without an answer, and not for one lost answer", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40);
  for (let now = 100; now <= 20_000; now += 2_400) {
    rig.runUntil(now);
    rig.initiator.handleHeard();
    rig.initiator.handleAsked(now);
    rig.initiator.handleAsked(now + 1_000);
  }
  assert.equal(rig.sent.length, 1);
  const session = rig.keyring.current;
  rig.runUntil(19_300 + 2_499);
  assert.equal(rig.sent.length, 1);
  rig.runUntil(19_300 + 2_500);
  assert.equal(rig.sent.length, 2);
  assert.equal(rig.keyring.sending(21_800), session, "the old session stays in use");
});

Deno.test("Initiator needs no word from a master that it asked nothing", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40);
  rig.initiator.handleHeard();
  rig.runUntil(25_000);
  assert.equal(rig.sent.length, 1);
  rig.initiator.handleAsked(25_000);
  rig.runUntil(27_499);
  assert.equal(rig.sent.length, 1);
  rig.runUntil(27_500);
  assert.equal(rig.sent.length, 2);
});

Deno.test("Initiator gives an attempt up that a master's word has made needless", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40);
  rig.runUntil(2_700);
  assert.equal(rig.sent.length, 2);
  for (let now = 2_800; now < 30_000; now += 1_000) {
    rig.initiator.handleHeard();
    rig.runUntil(now);
  }
  assert.equal(new Set(rig.sent.map((it) => it.datagram.join())).size, 2);
});

Deno.test("Initiator.handleClosing drops the sessions and begins anew at once, once for all copies", () => {
  const rig = new InitiatorRig({ links: [1] });
  rig.initiator.start(0);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 40);
  for (const now of [5_000, 5_001, 5_002]) rig.initiator.handleClosing(now);
  assert.equal(rig.keyring.current, null);
  assert.equal(rig.sent.length, 2);
  rig.initiator.handleResponse(rig.respond(GOOD_WELCOME), 5_040);
  rig.initiator.handleClosing(5_050);
  assert.equal(rig.sent.length, 2, "a second between two");
  rig.runUntil(6_000);
  assert.equal(rig.sent.length, 3);
});

Deno.test("Initiator.stop ends all: no timer, no answer is taken", () => {
  const rig = new InitiatorRig();
  rig.initiator.start(0);
  const response = rig.respond(GOOD_WELCOME);
  rig.initiator.stop();
  assert.equal(rig.initiator.nextTimeout(), Infinity);
  assert.equal(rig.initiator.handleResponse(response, 1), DropReason.UNEXPECTED_RESPONSE);
});

Deno.test("Initiator is never busy, whatever comes when", () => {
  const seed = testSeed();
  const rng = mulberry32(seed);
  const rig = new InitiatorRig({ limits: { rekeyAfterMs: 3_000, rejectAfterMs: 5_000 } });
  const answers = [
    GOOD_WELCOME,
    GOOD_WELCOME,
    ...Object.values(RefusalCode)
      .filter((code) => code !== RefusalCode.REPLACED).map((code) => ({ ...REFUSAL, code })),
  ];
  rig.initiator.start(0);
  for (let now = 0, i = 0; i < 2_000; i++) {
    now += rng() * rng() * 4_000;
    rig.runUntil(now); // throws when a timeout leaves itself behind
    const pick = Math.floor(rng() * 6);
    if (pick === 0) rig.initiator.handleClosing(now);
    if (pick === 1) rig.initiator.handleResponse(rig.respond(answers[i % answers.length]!), now);
    if (pick === 2) rig.initiator.handleHeard();
    if (pick >= 2) rig.initiator.handleAsked(now);
    if (pick === 3) rig.openLinks.clear();
    if (pick === 4) rig.openLinks.add(1);
    if (pick === 4) rig.initiator.handleLinkOpen(1, now);
    if (pick === 5 && rng() < 0.3) rig.initiator.start(now);
  }
  assert.ok(rig.welcomes.length > 10 && rig.refusals.length > 10, `seed ${seed}`);
  assert.ok(rig.sent.length < 2_000 * 5, `seed ${seed}`);
});
