/**
 * Proxies that want a password, and the password's way: to the proxy and nowhere else.
 *
 * @module
 */

import assert from "node:assert/strict";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { Danted } from "../support/danted.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { PhoneNetwork } from "../support/phone_network.ts";
import { ping } from "../support/ping.ts";

const PASSWORD = "geh:eim@nis/100%";
const WRONG_PASSWORD = "daneben-und-vorbei";

Deno.test({
  name:
    "a link goes through a proxy with a password, which stands in no log and no metric, nor does the token",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    await using network = await PhoneNetwork.create({ phones: 2 });
    const { laptop, server, phones } = network;
    await using stack = new AsyncDisposableStack();
    for (const { namespace, ipv4 } of phones) {
      const credentials = { username: "phone", password: PASSWORD };
      stack.use(await Danted.start(namespace, { internal: [ipv4], external: "far", credentials }));
    }
    await using _master = await BindlinkProcess.start(server, network.masterArgs);
    const right = `socks5://phone:${encodeURIComponent(PASSWORD)}@${phones[0]!.ipv4}:1080`;
    const wrong = `socks5://phone:${WRONG_PASSWORD}@${phones[1]!.ipv4}:1080`;
    await using slave = await BindlinkProcess.start(
      laptop,
      network.pair.slaveArgs("--log-level", "debug"),
      { env: { BINDLINK_PROXIES: `${right},${wrong}` } },
    );
    await slave.waitForLinks([1]);
    const { sent, received } = await ping(laptop, "10.10.10.1");
    assert.equal(received, sent);
    await slave.process.waitForLine(/Link down.*id=2 .*(password|user name|authentication)/i);

    const shown = [
      slave.process.output,
      (await laptop.fetchText("http://127.0.0.1:8080/metrics")).body,
      (await laptop.fetchText("http://127.0.0.1:8080/healthz")).body,
    ].join("\n");
    assert.match(shown, /10\.1\.2\.2:1080/);
    const passwords = [PASSWORD, encodeURIComponent(PASSWORD), WRONG_PASSWORD];
    for (const secret of [...passwords, network.pair.token]) {
      assert(!shown.includes(secret), "a secret is shown");
    }
  },
});
