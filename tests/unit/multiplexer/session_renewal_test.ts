import assert from "node:assert/strict";
import { InnerKind } from "../../../src/wire/inner_message.ts";
import { type Flight, JoinedMultiplexers, type Side } from "../../support/joined_multiplexers.ts";

const LINKS = [{}, { delayMs: 40, settings: { capDownBps: 5e6 } }];

/** Two ends that have had nothing to carry for a minute. */
function idle(): JoinedMultiplexers {
  const joined = new JoinedMultiplexers(LINKS);
  joined.run(60_000);
  return joined;
}

/** The slave has a new session. @returns what both sent within the next half second. */
function renew(joined: JoinedMultiplexers): Flight[] {
  const { slave } = joined;
  joined.sent.length = 0;
  for (const id of slave.ports.keys()) {
    slave.multiplexer.handleSession(id, slave.clock(joined.now));
  }
  joined.run(500);
  return joined.sent;
}

function count(sent: readonly Flight[], from: Side, linkId: number, kind: number): number {
  return sent.filter((it) => it.from === from && it.linkId === linkId && it.kind === kind).length;
}

Deno.test("Multiplexer.handleSession asks once over each link that carries, and tells its settings again", () => {
  const joined = idle();
  const sent = renew(joined);
  for (const id of [1, 2]) {
    const settings = count(sent, joined.slave, id, InnerKind.LINK);
    assert.equal(settings, 1, `link ${id}`);
    // One is due by itself, if chance will have it.
    const pings = count(sent, joined.slave, id, InnerKind.PING);
    assert(pings === 1 || pings === 2, `link ${id}: ${pings} pings`);
    assert(count(sent, joined.master, id, InnerKind.PING) <= 2, `link ${id}: answers`);
  }
});

Deno.test("Multiplexer.handleSession keeps what is known of a link that carries", () => {
  const joined = idle();
  const link = joined.slave.multiplexer.getLink(2)!;
  const { openedMs, echoes } = link;
  renew(joined);
  assert.equal(link.openedMs, openedMs);
  assert(link.echoes > echoes);
});

Deno.test("Multiplexer.handleSession greets over a link that was silent, as over a new one", () => {
  const joined = idle();
  joined.isLost = ({ linkId }): boolean => linkId === 2;
  joined.run(60_000);
  const link = joined.slave.multiplexer.getLink(2)!;
  assert(!link.isAlive);
  joined.isLost = (): boolean => false;
  const before = joined.slave.clock(joined.now);
  renew(joined);
  assert(link.isAlive);
  assert.equal(link.openedMs, before);
});

Deno.test("Multiplexer.handleSession greets a master that was restarted", () => {
  const joined = idle();
  joined.restartMaster();
  const before = joined.slave.clock(joined.now);
  joined.run(1_000);
  for (const id of [1, 2]) {
    const link = joined.slave.multiplexer.getLink(id)!;
    assert.equal(link.openedMs, before);
    assert(link.isAlive);
  }
  assert.equal(joined.master.ports.get(2)!.settings.capDownBps, 5e6);
});
