import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { FileLock } from "../../../ffi/file_lock.ts";
import type { Day } from "../../../src/budget/calendar.ts";
import { LinkUsageBook } from "../../../src/state/link_usage_book.ts";
import { StateError } from "../../../src/state/state_error.ts";
import { TempDir } from "../../support/temp_dir.ts";

const TODAY: Day = "2026-11-29";
const YESTERDAY: Day = "2026-11-28";

/** A directory, and what was warned of. */
class Rig implements Disposable {
  readonly dir = new TempDir();
  readonly warnings: string[] = [];

  open(): LinkUsageBook {
    return new LinkUsageBook(this.dir.path, (text) => this.warnings.push(text));
  }

  get path(): string {
    return `${this.dir.path}/link-usage.json`;
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

Deno.test("a book that nobody asks reads and makes nothing", () => {
  using rig = new Rig();
  const book = new LinkUsageBook(`${rig.dir.path}/none`, () => {});
  assert.equal(book.save("unsynced"), true);
  assert.deepEqual(rig.dir.names(), []);
});

Deno.test("what was saved is there for the next run, and what was not is gone", () => {
  using rig = new Rig();
  const first = rig.open();
  first.add("phone1", YESTERDAY, 1_000);
  first.add("phone1", TODAY, 200);
  first.noteTold("phone1", "2026-11-15", 80);
  assert.equal(first.unsavedBytes, 1_200);
  assert.equal(first.save("synced"), true);
  assert.equal(first.unsavedBytes, 0);
  first.add("phone1", TODAY, 7);
  const { days, toldOf, toldPercent } = rig.open().usageOf("phone1");
  assert.deepEqual(days, [[YESTERDAY, 1_000], [TODAY, 200]]);
  assert.deepEqual([toldOf, toldPercent], ["2026-11-15", 80]);
  assert.deepEqual(rig.open().usageOf("phone2").days, []);
  assert.equal(Deno.statSync(rig.path).mode! & 0o777, 0o600);
});

Deno.test("two programs with one directory add up, also for a link of one name", () => {
  using rig = new Rig();
  const [one, other] = [rig.open(), rig.open()];
  one.add("phone", TODAY, 100);
  other.add("phone", TODAY, 20);
  other.add("modem", TODAY, 3);
  for (let i = 0; i < 2; i++) for (const book of [one, other]) assert(book.save("unsynced"));
  one.add("phone", TODAY, 1_000);
  assert(one.save("unsynced"));
  assert.deepEqual(rig.open().usageOf("phone").days, [[TODAY, 1_120]]);
  assert.deepEqual(one.usageOf("modem").days, [[TODAY, 3]]);
});

Deno.test("while another program writes nothing is written, and nothing forgotten", () => {
  using rig = new Rig();
  const book = rig.open();
  book.add("phone", TODAY, 100);
  {
    using _held = FileLock.tryAcquire(`${rig.dir.path}/link-usage.lock`, "");
    assert.equal(book.save("unsynced"), false);
    assert.equal(book.unsavedBytes, 100);
  }
  assert.equal(book.save("unsynced"), true);
  assert.deepEqual(rig.open().usageOf("phone").days, [[TODAY, 100]]);
});

Deno.test("a file that cannot be understood is set aside, and counting goes on", () => {
  for (
    const [text, reason] of [
      ["{", "it is damaged or cut off"],
      ['{"format":"bindlink usage","version":1}', '"format" must be "bindlink link usage"'],
      [
        '{"format":"bindlink link usage","version":1,"links":{"a":{"days":{"2026-02-30":1}}}}',
        '"links.a.days.2026-02-30" must be a day such as 2026-01-31',
      ],
      [
        '{"format":"bindlink link usage","version":1,"links":{"a":{"days":{"2026-02-03":-1}}}}',
        '"links.a.days.2026-02-03" must be a whole number',
      ],
    ] as const
  ) {
    using rig = new Rig();
    Deno.writeTextFileSync(rig.path, text);
    const book = rig.open();
    book.add("phone", TODAY, 100);
    assert.equal(rig.warnings.length, 1);
    assert.ok(rig.warnings[0]!.includes(reason), rig.warnings[0]);
    assert.match(rig.warnings[0]!, /counted from nothing; the file is now ".*\.broken"$/);
    assert(book.save("unsynced"));
    assert.deepEqual(rig.open().usageOf("phone").days, [[TODAY, 100]]);
    assert.equal(Deno.readTextFileSync(`${rig.path}.broken`), text);
  }
});

Deno.test("a file that is broken while the program runs costs nothing of what the program knows", () => {
  using rig = new Rig();
  const book = rig.open();
  book.add("phone", YESTERDAY, 1_000);
  assert(book.save("unsynced"));
  book.add("phone", TODAY, 30);
  Deno.writeTextFileSync(rig.path, "{");
  book.add("phone", TODAY, 4);
  assert(book.save("unsynced"));
  assert.match(rig.warnings[0]!, /counted from what this run knows; the file is now /);
  assert.deepEqual(book.usageOf("phone").days, [[YESTERDAY, 1_000], [TODAY, 34]]);
  assert.deepEqual(rig.open().usageOf("phone").days, [[YESTERDAY, 1_000], [TODAY, 34]]);
  book.add("phone", TODAY, 1);
  assert(book.save("unsynced"));
  assert.deepEqual(rig.open().usageOf("phone").days, [[YESTERDAY, 1_000], [TODAY, 35]]);
});

Deno.test("a directory that cannot be used is told, and what was counted is kept for another try", () => {
  using rig = new Rig();
  const path = `${rig.dir.path}/file`;
  Deno.writeTextFileSync(path, "");
  const warnings: string[] = [];
  const book = new LinkUsageBook(`${path}/state`, (text) => warnings.push(text));
  book.add("phone", TODAY, 100);
  assert.equal(warnings.length, 1);
  assert.throws(() => book.save("unsynced"), StateError);
  assert.equal(book.unsavedBytes, 100);
  assert.deepEqual(book.usageOf("phone").days, [[TODAY, 100]]);
});
