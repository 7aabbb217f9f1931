import assert from "node:assert/strict";
import { HangUps } from "../../src/hang_ups.ts";
import { awaitCondition } from "../support/await_condition.ts";

/** What comes of SIGHUP. @param streams terminals at the start, and whether they still are */
async function hangUp(...streams: readonly boolean[]): Promise<string> {
  const said: string[] = [];
  let isStarted = false;
  const probes = streams.map((isStill) => () => !isStarted || isStill);
  using _hangUps = new HangUps(
    () => said.push("reload"),
    (code) => said.push(`exit ${code}`),
    [() => false, ...probes],
  );
  isStarted = true;
  Deno.kill(Deno.pid, "SIGHUP");
  await awaitCondition("something to come of it", () => said.length > 0);
  return said.join();
}

Deno.test({
  name: "SIGHUP reloads without a terminal, and while there is one; it ends what lost its terminal",
  ignore: Deno.build.os === "windows",
  async fn(): Promise<void> {
    assert.equal(await hangUp(), "reload");
    assert.equal(await hangUp(true, true), "reload");
    assert.equal(await hangUp(true, false), "exit 129");
  },
});
