import assert from "node:assert/strict";
import { SampleKeeper } from "../../../src/control/sample_keeper.ts";
import { craftSample } from "../../../src/control/sample_report.ts";
import type { LinkMeasures } from "../../../src/snapshot.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { sampleDaemon, sampleLink } from "../metrics/sample_snapshot.ts";

const MEASURES: LinkMeasures = {
  ownRoundTripMs: 40,
  deliveredBps: 1e6,
  isCapacityKnown: true,
  hasQueue: false,
  peerSentPackets: 12,
  arrivedPackets: 11,
  arrivedBytes: 9_000,
  arrivedTransitUs: 77,
};

Deno.test("a sample has no address, whatever a link is called", () => {
  const secret = { remote: "203.0.113.5:4321", reason: "Connection refused by 192.168.43.1:1080" };
  const names = ["192.168.43.1:1080", "192.168.43.1:1080#2", "fe80::1", "vpn.example", "phone1"];
  const links = names.map((name, i) =>
    sampleLink({ ...secret, id: i + 1, name, measures: MEASURES })
  );
  const report = craftSample(sampleDaemon({ links, io: "ffi" }), 5);
  assert.deepEqual(report.links.map(({ name }) => name), [null, null, null, null, "phone1"]);
  assert.doesNotMatch(JSON.stringify(report), /\d+\.\d+\.\d+\.\d+|fe80|example/);
  assert.deepEqual([report.links[0]!.arrivedBytes, report.links[0]!.capacityBps], [9_000, 8e6]);
});

Deno.test("an interface's name is no secret; a proxy without a domain is one", () => {
  const nameOf = (kind: "interface" | "proxy", name: string): string | null => {
    const link = sampleLink({ kind, name, address: name, measures: MEASURES });
    return craftSample(sampleDaemon({ links: [link] }), 5).links[0]!.name;
  };
  assert.equal(nameOf("interface", "usb0"), "usb0");
  assert.equal(nameOf("proxy", "myphone"), null);
  assert.equal(nameOf("interface", "enx8e1f02a4b3c5"), null, "with the hardware address");
});

Deno.test("links of which nothing is measured are left out", () => {
  assert.deepEqual(craftSample(sampleDaemon({ links: [sampleLink()] }), 5).links, []);
});

Deno.test("SampleKeeper answers with what is newer than what is known, and stops when disposed of", () => {
  let nowMs = 1_000;
  const source = { snapshot: () => sampleDaemon() };
  using keeper = new SampleKeeper({ source, version: "1.2.3", clock: () => nowMs });
  const first = keeper.answer({ command: "samples" });
  assert.deepEqual([first.version, first.samples.map(({ atMs }) => atMs)], ["1.2.3", [1_000]]);
  nowMs = 1_500;
  assert.deepEqual(keeper.answer({ command: "samples", sinceMs: 1_000 }).samples, []);
  assert.throws(() => keeper.answer({ command: "samples", sinceMs: "x" }), UsageError);
  const ofAnother = keeper.answer({ command: "samples", sinceMs: 9_000_000 }).samples;
  assert.deepEqual(
    ofAnother.map(({ atMs }) => atMs),
    [1_000],
    "what a daemon before this one said",
  );
});
