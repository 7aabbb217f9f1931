import assert from "node:assert/strict";
import { RememberedLinks } from "../../../src/hotplug/remembered_links.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

const WARNING = "warn Cannot read what was said of interfaces' links before";

Deno.test("RememberedLinks keeps what was said of an interface's link, piece by piece", () => {
  using dir = new TempDir();
  const logger = new RecordingLogger();
  const first = new RememberedLinks(dir.path, logger);
  assert.deepEqual(first.of("usb0"), {});
  first.add("usb0", { isMetered: true, capUpBps: 5e6 });
  first.add("usb0", { capUpBps: Number.POSITIVE_INFINITY, mode: "backup" });
  const later = new RememberedLinks(dir.path, logger);
  assert.deepEqual(later.of("usb0"), {
    isMetered: true,
    capUpBps: Number.POSITIVE_INFINITY,
    mode: "backup",
  });
  later.add("usb0", { mode: null });
  assert.equal(new RememberedLinks(dir.path, logger).of("usb0").mode, null, "as --mode has it");
  assert.deepEqual(logger.events, []);
});

Deno.test("RememberedLinks of two slaves with one state directory lose nothing of each other", () => {
  using dir = new TempDir();
  const logger = new RecordingLogger();
  const [one, two] = [new RememberedLinks(dir.path, logger), new RememberedLinks(dir.path, logger)];
  one.add("usb0", { isMetered: true });
  two.add("usb1", { isMetered: true });
  const all = new RememberedLinks(dir.path, logger);
  assert.deepEqual([all.of("usb0"), all.of("usb1")], [{ isMetered: true }, { isMetered: true }]);
});

Deno.test("RememberedLinks goes on without a file that is damaged, and says so", () => {
  using dir = new TempDir();
  for (
    const text of [
      "{",
      '{"format": "bindlink auto links", "version": 1, "interfaces": {"usb0": {"mode": "no"}}}',
    ]
  ) {
    Deno.writeTextFileSync(`${dir.path}/auto-links.json`, text);
    const logger = new RecordingLogger();
    const remembered = new RememberedLinks(dir.path, logger);
    assert.equal(logger.count(WARNING), 1);
    remembered.add("usb1", { isMetered: true });
    const fresh = new RecordingLogger();
    assert.deepEqual(new RememberedLinks(dir.path, fresh).of("usb1"), { isMetered: true });
    assert.equal(fresh.count(WARNING), 0);
  }
});
