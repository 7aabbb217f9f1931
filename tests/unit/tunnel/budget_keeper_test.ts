import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { BudgetState } from "../../../src/budget/budget_state.ts";
import {
  DEFAULT_LINK_SETTINGS,
  type LinkSettings,
} from "../../../src/multiplexer/link_settings.ts";
import { Keyring } from "../../../src/peer/keyring.ts";
import { DEFAULT_SESSION_LIMITS } from "../../../src/peer/session_limits.ts";
import { BudgetKeeper } from "../../../src/tunnel/budget_keeper.ts";
import { localTime } from "../../../src/tunnel/local_time.ts";
import { SealedLink } from "../../../src/tunnel/sealed_link.ts";
import { SealingBuffers, SecureCodec } from "../../../src/tunnel/secure_codec.ts";
import { FakeNetwork } from "../../support/fake_datagram_socket.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** Noon of a day, local time. */
const NOON = new Date(2026, 10, 20, 12).getTime();
const UDP_BYTES = 28;

/** A keeper with links that are counted by hand. */
class Rig implements Disposable {
  readonly dir: TempDir;
  readonly logger = new RecordingLogger();
  readonly states: BudgetState[] = [];
  readonly keeper: BudgetKeeper;
  wallMs = NOON;
  now = 0;

  constructor(dir = new TempDir()) {
    this.dir = dir;
    this.keeper = new BudgetKeeper({
      stateDir: dir.path,
      logger: this.logger,
      wallClock: () => this.wallMs,
      onState: (_, state) => this.states.push(state),
    });
  }

  /** A second passes in which the link carries so many datagrams each way. */
  pass(link: SealedLink, packets: number, bytes: number): void {
    link.sentPackets += packets;
    link.receivedPackets += packets;
    link.sentBytes += packets * bytes;
    link.receivedBytes += packets * bytes;
    this.now += 1_000;
    this.wallMs += 1_000;
    if (this.now >= this.keeper.nextTimeout()) this.keeper.look([link], this.now);
  }

  /** What another run that started now would know. */
  savedBytes(link: SealedLink): number {
    const next = new Rig(this.dir);
    return next.keeper.snapshot(link)!.usedBytes;
  }

  get warnings(): string[] {
    return this.logger.events.filter(({ text }) => text.startsWith("warn")).map(({ text }) => text);
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

function linkWith(settings: Partial<LinkSettings>, usageName?: string): SealedLink {
  const keyring = new Keyring(DEFAULT_SESSION_LIMITS, { onAdded: () => {}, onDropped: () => {} });
  return new SealedLink({
    id: 1,
    name: "phone1",
    isInitiator: true,
    settings: { ...DEFAULT_LINK_SETTINGS, isMetered: true, ...settings },
    usageName,
    codec: new SecureCodec(keyring, new SealingBuffers()),
  });
}

Deno.test("a link with a budget is counted both ways, headers included, from the first look on", () => {
  using rig = new Rig();
  const link = linkWith({ budgetBytes: 1e6 });
  link.sentBytes = 5_000;
  rig.keeper.look([link], 0);
  rig.pass(link, 10, 1_000);
  assert.equal(rig.states.at(-1)!.usedBytes, 2 * 10 * (1_000 + UDP_BYTES));
  const socket = new FakeNetwork().bind({ hostname: "::1", port: 1 });
  link.attach(socket, { hostname: "2001:db8::1", port: 4321 });
  rig.pass(link, 1, 100);
  assert.equal(rig.states.at(-1)!.usedBytes, 2 * 10 * 1_028 + 2 * (100 + 48));
  socket.close();
});

Deno.test("links that go by one interface share its budget, one after the other and both at once", () => {
  using rig = new Rig();
  const direct = linkWith({ budgetBytes: 1e6 }, "usb0");
  const proxied = linkWith({ budgetBytes: 1e6 }, "usb0");
  proxied.name = "usb0-socks";
  rig.keeper.look([direct, proxied], 0);
  rig.pass(direct, 10, 1_000 - UDP_BYTES);
  rig.pass(proxied, 10, 1_000 - UDP_BYTES);
  assert.equal(rig.keeper.snapshot(direct)!.usedBytes, 40_000);
  assert.equal(rig.keeper.snapshot(proxied)!.usedBytes, 40_000);
  rig.keeper.close([direct, proxied], rig.now);
  assert.equal(rig.savedBytes(linkWith({ budgetBytes: 1e6 }, "usb0")), 40_000);
});

Deno.test("a link without budget and price is not counted, and nothing is written or waited for", () => {
  using rig = new Rig();
  const link = linkWith({});
  rig.keeper.look([link], 0);
  assert.equal(rig.keeper.nextTimeout(), Infinity);
  rig.pass(link, 10, 1_000);
  rig.keeper.close([link], rig.now);
  assert.equal(rig.keeper.snapshot(link), null);
  assert.deepEqual(rig.dir.names(), []);
});

Deno.test("a kill loses ten seconds' worth at most, or four megabytes and a second's", () => {
  using rig = new Rig();
  const link = linkWith({ pricePerGb: 2 });
  rig.keeper.look([link], 0);
  let recent: number[] = [];
  let counted = 0;
  // Slow, fast, slow.
  for (const packets of [...new Array(50).fill(3), ...new Array(20).fill(2_000), 1, 1, 1]) {
    rig.pass(link, packets, 1_000);
    const bytes = 2 * packets * 1_028;
    counted += bytes;
    recent = [...recent, bytes].slice(-10);
    const lost = counted - rig.savedBytes(link);
    const limit = Math.min(recent.reduce((sum, it) => sum + it, 0), 4e6 + recent.at(-1)!);
    assert.ok(lost <= limit, `${lost} of ${counted} bytes would be lost, limit ${limit}`);
  }
  rig.keeper.close([link], rig.now);
  assert.equal(rig.savedBytes(link), counted);
});

Deno.test("the user is warned at 80 and 100 %, once a period, over restarts", () => {
  using rig = new Rig();
  const link = linkWith({ budgetBytes: 100 * 2 * 1_028, resetDay: 21 });
  rig.keeper.look([link], 0);
  rig.pass(link, 79, 1_000);
  assert.deepEqual(rig.warnings, []);
  rig.pass(link, 1, 1_000);
  assert.deepEqual(rig.warnings, ["warn Link budget nearly used"]);
  const { properties } = rig.logger.events.at(-1)!;
  assert.deepEqual(
    [properties["link"], properties["percent"], properties["resetsOn"]],
    ["phone1", 80, "2026-11-21"],
  );
  rig.pass(link, 10, 1_000);
  rig.pass(link, 10, 1_000);
  rig.pass(link, 10, 1_000);
  assert.deepEqual(rig.warnings, ["warn Link budget nearly used", "warn Link budget used up"]);
  rig.keeper.close([link], rig.now);
  const next = new Rig(rig.dir);
  next.keeper.look([link], 0);
  next.pass(link, 1, 1_000);
  assert.deepEqual(next.warnings, []);
  assert.equal(next.states.at(-1)!.isSpent, true);
  // The reset day begins.
  next.wallMs = new Date(2026, 10, 21, 0, 0, 1).getTime();
  next.pass(link, 1, 1_000);
  assert.deepEqual(
    [next.states.at(-1)!.usedBytes, next.states.at(-1)!.startsOn],
    [2 * 1_028, "2026-11-21"],
  );
  next.pass(link, 85, 1_000);
  assert.deepEqual(next.warnings, ["warn Link budget nearly used"]);
});

Deno.test("a link that is renamed on its way out is counted under the name it had", () => {
  using rig = new Rig();
  const link = linkWith({ budgetBytes: 1e6 });
  rig.keeper.look([link], 0);
  rig.pass(link, 10, 1_000);
  link.name = "phone1#old";
  rig.pass(link, 10, 1_000);
  rig.keeper.close([link], rig.now);
  assert.equal(rig.keeper.snapshot(link)!.usedBytes, 40 * 1_028);
  link.name = "phone1";
  assert.equal(rig.savedBytes(link), 40 * 1_028);
});

Deno.test("a link that is renamed for good is found by its new name in later runs, and nothing is counted twice", () => {
  using rig = new Rig();
  const link = linkWith({ budgetBytes: 1e6 });
  rig.keeper.look([link], 0);
  rig.pass(link, 10, 1_000);
  for (const name of ["handy", "phone1", "handy"]) {
    link.name = name;
    rig.keeper.rename(link);
  }
  rig.pass(link, 10, 1_000);
  rig.keeper.close([link], rig.now);
  assert.equal(rig.keeper.snapshot(link)!.usedBytes, 40 * 1_028);
  assert.equal(rig.savedBytes(link), 40 * 1_028);
});

Deno.test("a budget that is raised warns again when its 80 % are reached", () => {
  using rig = new Rig();
  const link = linkWith({ budgetBytes: 200_000 });
  rig.keeper.look([link], 0);
  rig.pass(link, 100, 1_000);
  link.settings = { ...link.settings, budgetBytes: 1e6 };
  rig.pass(link, 1, 1_000);
  rig.pass(link, 300, 1_000);
  assert.deepEqual(rig.warnings, ["warn Link budget used up", "warn Link budget nearly used"]);
});

Deno.test("a state directory that cannot be written is told once, and the link is counted all the same", () => {
  using rig = new Rig();
  Deno.writeTextFileSync(`${rig.dir.path}/file`, "");
  const keeper = new BudgetKeeper({
    stateDir: `${rig.dir.path}/file/state`,
    logger: rig.logger,
    wallClock: () => NOON,
    onState: (_, state) => rig.states.push(state),
  });
  const link = linkWith({ budgetBytes: 1e9 });
  keeper.look([link], 0);
  for (let second = 1; second <= 60; second++) {
    link.sentBytes += 1_000;
    keeper.look([link], second * 1_000);
  }
  assert.equal(rig.states.at(-1)!.usedBytes, 60_000);
  assert.equal(rig.logger.count("warn Cannot write down what metered links carried"), 1);
});

Deno.test("localTime is the user's calendar", () => {
  assert.deepEqual(localTime(new Date(2026, 1, 28, 23, 59, 59).getTime()).today, "2026-02-28");
  assert.deepEqual(localTime(new Date(2028, 1, 29, 0, 0, 0).getTime()), {
    today: "2028-02-29",
    dayFraction: 0,
  });
  assert.equal(localTime(NOON).dayFraction, 0.5);
});
