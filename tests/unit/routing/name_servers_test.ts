import assert from "node:assert/strict";
import { readNameServers, tellNameServers } from "../../../src/routing/name_servers.ts";
import { FakeMachine } from "../../support/fake_machine.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

/** What is told on a machine with that resolv.conf(5), of which all but 192.168.0.0/16 goes through the tunnel. */
async function told(resolvConf: string | null, hasKillSwitch = false): Promise<string> {
  const machine = new FakeMachine();
  const logger = new RecordingLogger();
  if (resolvConf !== null) machine.files.set("/etc/resolv.conf", resolvConf);
  machine.routeTo = (address) =>
    address.startsWith("192.168.")
      ? `${address} dev wlan0 src 192.168.1.5`
      : `${address} dev bind0 table 17000 src 10.10.10.2`;
  await tellNameServers({ machine, logger, tun: "bind0", hasKillSwitch });
  return logger.events.map(({ text, properties }) => `${text}: ${Object.values(properties)}`)
    .join();
}

Deno.test("readNameServers reads resolv.conf(5)", () => {
  const text =
    "# nameserver 1.1.1.1\nsearch lan\nnameserver 192.168.1.1\nnameserver\tfe80::1%wlan0\n" +
    "nameserver 2620:fe::fe # two\nnameserver nonsense; rm\nnameserver\n";
  assert.deepEqual(readNameServers(text), ["192.168.1.1", "fe80::1%wlan0", "2620:fe::fe"]);
  assert.deepEqual(readNameServers(""), []);
});

Deno.test("a name server behind the tunnel, or a program of this machine, is not told of", async () => {
  assert.equal(await told("nameserver 9.9.9.9\nnameserver 2620:fe::fe\n"), "");
  assert.equal(await told("nameserver 127.0.0.1\nnameserver ::1\n"), "");
  assert.equal(await told(null), "");
});

Deno.test("a name server in the machine's own network is told of, with what to type", async () => {
  const text = await told("nameserver 9.9.9.9\nnameserver 192.168.1.1\nnameserver fe80::1%wlan0\n");
  assert.match(
    text,
    /^warn Names are looked up past the tunnel: 192\.168\.1\.1, fe80::1%wlan0,put /,
  );
  assert.match(await told("nameserver 192.168.1.1\n", true), /^warn Names cannot be looked up/);
});

Deno.test("systemd-resolved is told of, with what to type", async () => {
  assert.match(
    await told("nameserver 127.0.0.53\noptions edns0\n"),
    /past the tunnel: .*,sudo resolvectl dns bind0 9\.9\.9\.9 && sudo resolvectl domain bind0 '~\.'$/,
  );
});
