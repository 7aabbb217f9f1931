import assert from "node:assert/strict";
import { linkListText, statusText } from "../../../src/commands/status_text.ts";
import { craftStatus, type StatusReport } from "../../../src/control/status_report.ts";
import type { BudgetSnapshot, DaemonSnapshot } from "../../../src/snapshot.ts";
import { sampleDaemon, sampleLink, sampleSlave } from "../metrics/sample_snapshot.ts";

function report(changes: Partial<DaemonSnapshot>): StatusReport {
  const rates = {
    seconds: 1,
    totals: { sentBps: 1_900_000, receivedBps: 24_000_000 },
    ofLink: ({ id }: { readonly id: number }) => ({ sentBps: 950_000 * id, receivedBps: 12e6 }),
  };
  return craftStatus(sampleDaemon(changes), { pid: 7, rates, events: [] });
}

const PHONE = sampleLink({
  name: "phone1",
  reason: "carrying 1.0 Mbit/s",
  share: 0.33,
  capUpBps: 5e6,
});
const MODEM = sampleLink({
  id: 2,
  name: "modem",
  kind: "direct",
  address: "203.0.113.5:4321",
  transport: "tcp",
  state: "connecting",
  reason: "Connection refused by 203.0.113.5:4321",
  roundTripMs: -1,
  lossFraction: 0,
  share: 0,
  isMetered: false,
  capDownBps: Infinity,
  mode: "backup",
});

Deno.test("statusText of a slave", () => {
  const status = report({ links: [PHONE, MODEM], tunReadBytes: 123_456_789 });
  assert.equal(
    statusText(status),
    `\
bindlink 1.2.3 slave; bind0, MTU 1380; up for 1 min; mode speed
sent through the tunnel       1.9 Mbit/s  118 MiB in all
received through the tunnel  24.0 Mbit/s    200 B in all

LINK    STATE            SENDS     RECEIVES  ROUND TRIP   LOSS  SHARE
phone1  up          950 kbit/s  12.0 Mbit/s      120 ms  1.0 %   33 %
  carrying 1.0 Mbit/s
  proxy 192.168.43.1:1080; speed, metered, at most 5.0 Mbit/s
modem   connecting  1.9 Mbit/s  12.0 Mbit/s           -    0 %    0 %
  Connection refused by 203.0.113.5:4321
  direct 203.0.113.5:4321 over TCP; backup
`,
  );
});

const BUDGET: BudgetSnapshot = {
  usedBytes: 4.2e9,
  limitBytes: 10e9,
  cost: 10.5,
  pricePerGb: 2.5,
  startsOn: "2026-11-15",
  resetsOn: "2026-12-15",
  runsOutOn: "2026-12-04",
  isSpent: false,
  isHard: false,
};

Deno.test("statusText says of a link with a budget how it stands with that", () => {
  for (
    const [change, line] of [
      [
        {},
        "used 4.20 GB of 10.00 GB since 2026-11-15 (42 %), cost 10.50; runs out on 2026-12-04; " +
        "begins anew on 2026-12-15",
      ],
      [
        { runsOutOn: null, cost: null },
        "used 4.20 GB of 10.00 GB since 2026-11-15 (42 %); lasts; begins anew on 2026-12-15",
      ],
      [
        { usedBytes: 10.04e9, isSpent: true, runsOutOn: "2026-12-01", cost: 25.1 },
        "used 10.04 GB of 10.00 GB since 2026-11-15 (100 %), cost 25.10; only while no other link " +
        "is up until 2026-12-15",
      ],
      [
        { usedBytes: 10.04e9, isSpent: true, runsOutOn: "2026-12-01", isHard: true, cost: null },
        "used 10.04 GB of 10.00 GB since 2026-11-15 (100 %); off until 2026-12-15",
      ],
      [
        { limitBytes: null, runsOutOn: null, usedBytes: 12.3e6, cost: 0.03 },
        "used 12 MB since 2026-11-15, cost 0.03; begins anew on 2026-12-15",
      ],
    ] as const
  ) {
    const link = sampleLink({ budget: { ...BUDGET, ...change } });
    const lines = statusText(report({ links: [link] })).split("\n");
    assert.equal(lines.at(-2), `  ${line}`);
  }
});

Deno.test("linkListText has price and budget with the settings", () => {
  const links = [
    sampleLink({ budget: BUDGET }),
    sampleLink({ id: 2, budget: { ...BUDGET, pricePerGb: null, isHard: true } }),
  ];
  const lines = linkListText(report({ links })).split("\n");
  assert.match(lines[1]!, / {2}speed, metered, .*, 2.5 per GB, 10.00 GB until 2026-12-15$/);
  assert.match(lines[2]!, / {2}speed, metered, .*, 10.00 GB until 2026-12-15, hard$/);
});

Deno.test("statusText of a master has the links with their slaves", () => {
  const status = report({
    role: "master",
    mode: "",
    slaves: [
      sampleSlave({ name: "ant" }),
      sampleSlave({ name: "bee", isConnected: false, addresses: ["10.10.10.3"] }),
    ],
    links: [sampleLink({ ...PHONE, slave: "ant", kind: "learned", address: "" })],
  });
  assert.equal(
    statusText(status).split("\n").slice(4).join("\n"),
    `\
ant (10.10.10.2, fd00::2): connected, received 2.9 KiB, sent 1000 B
  LINK    STATE       SENDS     RECEIVES  ROUND TRIP   LOSS  SHARE
  phone1  up     950 kbit/s  12.0 Mbit/s      120 ms  1.0 %   33 %
    carrying 1.0 Mbit/s
    learned 203.0.113.5:4321; speed, metered, at most 5.0 Mbit/s

bee (10.10.10.3): away, received 2.9 KiB, sent 1000 B
`,
  );
});

Deno.test("statusText says what to do where there is nothing", () => {
  assert.match(statusText(report({ links: [] })), /no links: add one with bindlink link add\n$/);
  const master = report({ role: "master", links: [], slaves: [] });
  assert.match(statusText(master), /no slaves: let one in with bindlink invite NAME\n$/);
});
