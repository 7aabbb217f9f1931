import assert from "node:assert/strict";
import { parseLinks, scrapeLinks } from "../../../scripts/demo/link_scraper.ts";
import { Exposition } from "../../../src/metrics/exposition.ts";
import { SAMPLE_PROCESS, sampleDaemon, sampleLink } from "../metrics/sample_snapshot.ts";

Deno.test("parseLinks reads what the daemon's metrics say of its links", async () => {
  const links = [
    sampleLink({ id: 2, name: "b", state: "probing", receivedBytes: 7 }),
    sampleLink({ id: 1, name: "a", state: "up", receivedBytes: 123_456 }),
  ];
  const exposition = new Exposition(() => ({
    daemon: sampleDaemon({ links }),
    process: SAMPLE_PROCESS,
  }));
  assert.deepEqual(parseLinks(await exposition.render()), [
    { id: 1, state: "up", receivedBytes: 123_456 },
    { id: 2, state: "probing", receivedBytes: 7 },
  ]);
});

Deno.test("scrapeLinks gives nothing when nobody answers", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  assert.deepEqual(await scrapeLinks(port), []);
});
