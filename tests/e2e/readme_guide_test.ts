/**
 * The README's guide, typed as it stands there, on machines with nothing but the executable.
 *
 * @module
 */

import assert from "node:assert/strict";
import { compiledBinary } from "../support/compiled_binary.ts";
import { printFigures } from "../support/figures.ts";
import { GuideNetwork } from "../support/guide_network.ts";
import { canUseNamespaces } from "../support/namespace.ts";

const README = new URL("../../README.md", import.meta.url);
const MAX_COMMANDS = 5;

/** How long all of it may take a machine; a person types in between. */
const LIMIT_MS = 15_000;

Deno.test({
  name: "what the README's guide says makes a tunnel, in at most five commands",
  ignore: !canUseNamespaces(),
  async fn(): Promise<void> {
    const commands = await guideCommands();
    const [masterLine, inviteLine, joinLine, slaveLine, pingLine, statusLine] = commands;
    assert(masterLine && inviteLine && joinLine && slaveLine && pingLine && statusLine);
    assert(commands.indexOf(pingLine) < MAX_COMMANDS, "the ping is there to see that it works");
    await using network = await GuideNetwork.create(await compiledBinary());
    const { laptop, server } = network;

    const startedMs = performance.now();
    await using master = server.type(masterLine);
    await master.waitForLine(/Running as master/);
    const invitation = await server.run(inviteLine);
    const token = /bindlink1_\S+/.exec(invitation)?.[0];
    assert(token !== undefined, invitation);
    await laptop.run(`sh -c "echo ${token} | ${joinLine}"`);
    await using slave = laptop.type(slaveLine);
    await slave.waitForLine(/Link up.*192\.168\.43\.1/);
    await slave.waitForLine(/Link up.*192\.168\.42\.129/);
    await using ping = laptop.type(pingLine);
    await ping.waitForLine(/bytes from 10\.10\.10\.1/);
    const tookMs = performance.now() - startedMs;

    const status = await laptop.run(statusLine);
    assert.match(status, /192\.168\.43\.1.* up /);
    assert.match(status, /192\.168\.42\.129.* up /);
    printFigures("README's guide", {
      commands: String(commands.indexOf(pingLine) + 1),
      "first to last": `${(tookMs / 1_000).toFixed(1)} s`,
    });
    assert(tookMs < LIMIT_MS, `${tookMs} ms`);
    assert.equal((await slave.stop()).code, 0, slave.output);
    assert.equal((await master.stop()).code, 0, master.output);
  },
});

/** The lines to type of the guide's steps 1 to 4, without comments. */
async function guideCommands(): Promise<readonly string[]> {
  const text = await Deno.readTextFile(README);
  const steps = /\n\*\*1\. [^]*?(?=\n\*\*5\. )/.exec(text)?.[0] ?? "";
  const blocks = [...steps.matchAll(/```sh\n([^]*?)```/g)].map(([, block = ""]) => block);
  return blocks.join("").split("\n").map((line) => line.replace(/ +#.*/, "")).filter(Boolean);
}
