import assert from "node:assert/strict";
import type { RelayStats } from "../../support/emulated_relay.ts";
import { readLines } from "../../support/read_lines.ts";
import { UdpPeer } from "../../support/udp_peer.ts";

const MAIN = new URL("../../support/emulated_relay_main.ts", import.meta.url).href;

/** A line of the relay's output. */
interface Answer {
  readonly listening?: string;
  readonly stats?: RelayStats;
  readonly error?: string;
}

Deno.test("emulated_relay_main relays, obeys its stdin, and ends with it", async () => {
  await using target = new UdpPeer();
  await using client = new UdpPeer();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-net", MAIN, "--target", `127.0.0.1:${target.address.port}`],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = readLines(child.stdout);
  const commands = child.stdin.getWriter();
  const nextAnswer = async (): Promise<Answer> => JSON.parse((await lines.next()).value ?? "{}");
  const ask = async (command: string): Promise<Answer> => {
    await commands.write(new TextEncoder().encode(`${command}\n`));
    return await nextAnswer();
  };
  try {
    const { listening = "" } = await nextAnswer();
    const relay = { hostname: "127.0.0.1", port: Number(listening.split(":")[1]) };
    await client.send(Uint8Array.of(7), relay);
    assert.deepEqual((await target.next()).bytes, Uint8Array.of(7));
    const before = await ask("{}");
    assert.deepEqual([before.stats?.clients, before.stats?.isCut], [1, false]);
    assert.equal((await ask('{"cut":true}')).stats?.isCut, true);
    const refused = await ask('{"up":{"rateBps":-1}}');
    assert.equal(refused.error, "Cannot use link profile: rateBps is -1, not in 0..Infinity");
  } finally {
    await commands.close();
    assert.equal((await child.status).code, 0);
    await lines.return();
  }
});
