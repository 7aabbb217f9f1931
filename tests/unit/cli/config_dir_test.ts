import assert from "node:assert/strict";
import { defaultConfigDir } from "../../../src/cli/config_dir.ts";

function choose(
  variables: Readonly<Record<string, string>>,
  uid: number,
  os: typeof Deno.build.os = "linux",
): string | null {
  return defaultConfigDir({ environment: (name) => variables[name], uid, os });
}

Deno.test("defaultConfigDir is systemd's, then root's, then the user's", () => {
  const HOME = "/home/u";
  assert.equal(choose({ CONFIGURATION_DIRECTORY: "/etc/x:/etc/y", HOME }, 0), "/etc/x");
  assert.equal(choose({ HOME: "/root" }, 0), "/etc/bindlink");
  assert.equal(choose({ HOME, XDG_CONFIG_HOME: "/home/u/.c/" }, 1000), "/home/u/.c/bindlink");
  assert.equal(choose({ HOME, XDG_CONFIG_HOME: "relative" }, 1000), "/home/u/.config/bindlink");
  assert.equal(choose({ HOME }, 501, "darwin"), "/home/u/Library/Application Support/bindlink");
  assert.equal(choose({}, 1000), null);
});
