import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_LINK_SETTINGS, LINK_MODES } from "../../../src/multiplexer/link_settings.ts";
import {
  craftLinkNotice,
  settingsOf,
  takeLinkNotice,
} from "../../../src/multiplexer/noticed_settings.ts";
import { LinkFlag, LinkNotice } from "../../../src/wire/link_notice.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { measuredLink } from "../../support/measured_link.ts";

Deno.test("settings that a slave has are those that its master reads, but for the cap upwards", () => {
  const settings = fc.record({
    mode: fc.constantFrom(...LINK_MODES),
    isMetered: fc.boolean(),
    capUpBps: fc.constantFrom(Infinity, 1e6),
    capDownBps: fc.constantFrom(Infinity, 64_000, 5e6),
    pricePerGb: fc.constantFrom(null, 0, 0.001, 2.5, 1e6),
    isSpent: fc.boolean(),
    budgetBytes: fc.constantFrom(Infinity, 1e9),
  });
  fc.assert(fc.property(settings, (wanted) => {
    const notice = new LinkNotice();
    craftLinkNotice(measuredLink(3, { name: "phone", settings: wanted }).link, notice);
    const { budgetBytes: _own, ...told } = wanted;
    const mode = wanted.isSpent ? "backup" : wanted.mode;
    assert.deepEqual(settingsOf(notice), {
      ...DEFAULT_LINK_SETTINGS,
      ...told,
      mode,
      capUpBps: Infinity,
    });
    assert.equal(notice.name, "phone");
    assert.equal(notice.flags & (LinkFlag.LEAVING | LinkFlag.HEARD), 0);
  }));
});

Deno.test("a mode of a later version is read as speed", () => {
  const notice = new LinkNotice();
  notice.mode = 200;
  assert.equal(settingsOf(notice).mode, "speed");
});

Deno.test("a master learns from a notice that a link leaves, and that it stays after all", () => {
  const slave = measuredLink(1).link;
  const master = measuredLink(1, { isInitiator: false }).link;
  const notice = new LinkNotice();
  for (const isLeaving of [true, false]) {
    slave.isLeaving = isLeaving;
    craftLinkNotice(slave, notice);
    assert.equal(takeLinkNotice(notice, master), true);
    assert.equal(master.isLeaving, isLeaving);
  }
});

Deno.test("a slave learns from a notice only that its own was heard", () => {
  const slave = measuredLink(1).link;
  const master = measuredLink(1, { isInitiator: false }).link;
  const notice = new LinkNotice();
  craftLinkNotice(master, notice);
  assert.equal(takeLinkNotice(notice, slave), false);
  assert.equal(slave.isNoticeHeard, true);
});

Deno.test("an answer to what a slave wanted before does not tell it that this was heard", () => {
  const wanted = { mode: "backup", isMetered: true, capDownBps: 1_234_567 } as const;
  const slave = measuredLink(1, { settings: wanted }).link;
  const hears = (change: (notice: LinkNotice) => void): boolean => {
    const notice = new LinkNotice();
    craftLinkNotice(slave, notice);
    // As the master has it from the wire: in whole kbit/s.
    const packet = new Packet();
    notice.encode(packet);
    notice.decode(packet);
    notice.flags |= LinkFlag.HEARD;
    change(notice);
    slave.isNoticeHeard = false;
    takeLinkNotice(notice, slave);
    return slave.isNoticeHeard;
  };
  assert.equal(hears(() => {}), true);
  assert.equal(hears((notice) => notice.flags |= LinkFlag.LEAVING), false);
  assert.equal(hears((notice) => notice.flags &= ~LinkFlag.METERED), false);
  assert.equal(hears((notice) => notice.mode = 0), false);
  assert.equal(hears((notice) => notice.capBps = 5e6), false);
  assert.equal(hears((notice) => notice.pricePerGb = 2.5), false);
  assert.equal(hears((notice) => notice.flags |= LinkFlag.SPENT), false);
  const older = (notice: LinkNotice): void => {
    notice.flags = (notice.flags | LinkFlag.SPENT) & ~LinkFlag.PRICED;
  };
  assert.equal(hears(older), true, "a master that knows nothing of prices");
  assert.equal(slave.isLeaving, false);
});

Deno.test("a notice without an answer's flag does not tell a slave anything", () => {
  const slave = measuredLink(1).link;
  const notice = new LinkNotice();
  notice.flags = LinkFlag.LEAVING;
  assert.equal(takeLinkNotice(notice, slave), false);
  assert.deepEqual([slave.isNoticeHeard, slave.isLeaving], [false, false]);
});
