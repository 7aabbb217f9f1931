import assert from "node:assert/strict";
import { type UnitSpec, unitText } from "../../../src/service/unit_text.ts";

const SPEC: UnitSpec = {
  role: "slave",
  program: "/usr/local/bin/bindlink",
  configPath: "/etc/bindlink/slave.toml",
  needsTun: true,
  needsLowPort: false,
  needsRawSocket: false,
  setsForwarding: false,
};

/** The values of one setting. */
function settings(spec: Partial<UnitSpec>, name: string): string[] {
  return unitText({ ...SPEC, ...spec }).split("\n")
    .filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
}

Deno.test("unitText starts the end with its file, as a user of its own", () => {
  assert.deepEqual(settings({}, "ExecStart"), [
    "/usr/local/bin/bindlink slave --config /etc/bindlink/slave.toml",
  ]);
  assert.deepEqual(settings({ role: "master" }, "ExecStart")[0]?.split(" ")[1], "master");
  assert.deepEqual(settings({}, "ExecReload"), [
    "/usr/local/bin/bindlink reload --daemon slave",
  ]);
  assert.deepEqual(settings({}, "User"), ["bindlink"]);
  assert.deepEqual(settings({}, "Type"), ["notify"]);
});

Deno.test("unitText gives no more privileges than the options need", () => {
  for (
    const [spec, capabilities] of [
      [{}, "CAP_NET_ADMIN"],
      [{ needsLowPort: true }, "CAP_NET_ADMIN CAP_NET_BIND_SERVICE"],
      [{ needsRawSocket: true }, "CAP_NET_ADMIN CAP_NET_RAW"],
      [{ needsTun: false }, ""],
      [{ needsTun: false, setsMark: true }, "CAP_NET_ADMIN"],
    ] as const
  ) {
    assert.deepEqual(settings(spec, "AmbientCapabilities"), [capabilities]);
    assert.deepEqual(settings(spec, "CapabilityBoundingSet"), [capabilities]);
  }
  assert.deepEqual(settings({}, "DeviceAllow"), ["/dev/net/tun rw"]);
  assert.deepEqual(settings({ needsTun: false }, "DeviceAllow"), []);
  assert.deepEqual(settings({ needsTun: false }, "PrivateDevices"), ["yes"]);
  assert.deepEqual(settings({}, "ProtectKernelTunables"), ["yes"]);
  assert.deepEqual(settings({ setsForwarding: true }, "ProtectKernelTunables"), []);
});

Deno.test("unitText quotes a path that systemd would take apart", () => {
  assert.deepEqual(settings({ program: "/opt/my apps/50%$x" }, "ExecStart"), [
    '"/opt/my apps/50%%$$x" slave --config /etc/bindlink/slave.toml',
  ]);
});
