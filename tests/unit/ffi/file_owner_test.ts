import assert from "node:assert/strict";
import { changeOwner } from "../../../ffi/file_owner.ts";
import { loadLibc } from "../../../ffi/libc.ts";
import { TempDir } from "../../support/temp_dir.ts";

loadLibc();

Deno.test({
  name: "changeOwner changes a file's owner and group, and of a link only the link's",
  ignore: Deno.uid() !== 0,
  fn: () => {
    using folder = new TempDir();
    const [file, link] = [`${folder.path}/file`, `${folder.path}/link`];
    Deno.writeTextFileSync(file, "");
    Deno.symlinkSync(file, link);
    const owners = (): (number | null)[] =>
      [file, link].flatMap((path) => [Deno.lstatSync(path).uid, Deno.lstatSync(path).gid]);
    changeOwner(link, 65534, 65533);
    assert.deepEqual(owners(), [0, 0, 65534, 65533]);
    changeOwner(file, 1, 2);
    assert.deepEqual(owners(), [1, 2, 65534, 65533]);
  },
});

Deno.test("changeOwner says why it cannot", () => {
  using folder = new TempDir();
  assert.throws(
    () => changeOwner(`${folder.path}/none`, 0, 0),
    /^SysError: Cannot lchown: ENOENT$/,
  );
});
