import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { HotPlug, type PluggedLinks } from "../../../src/hotplug/hot_plug.ts";
import { OPEN_WAYS } from "../../../src/linkmap/link_ways.ts";
import { Reactor } from "../../../src/reactor.ts";
import { reactorsSettled } from "../../../src/wait_loop.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";

/** Opens it on this machine, with patterns; no link can be made. @returns why interfaces are none. */
async function whys(include: string[], exclude: string[]): Promise<ReadonlyMap<string, string>> {
  using dir = new TempDir();
  const logger = new RecordingLogger();
  const links: PluggedLinks = {
    specs: [],
    onChange: () => {},
    add: () => {
      throw new Error("None here");
    },
    remove: () => Promise.reject(new Error("None here")),
    drop: () => {},
    stateOf: () => "off",
  };
  const hotPlug = HotPlug.open({
    auto: { include, exclude },
    reactor: new Reactor(),
    links,
    onNetworkChange: () => {},
    ways: OPEN_WAYS,
    tunName: "bind0",
    stateDir: dir.path,
    logger,
    clock: () => performance.now(),
  });
  await awaitCondition("the first look", () => logger.count("debug Interface is no link") > 0, {
    intervalMs: 5,
  });
  hotPlug?.close();
  await reactorsSettled();
  return new Map(logger.events.flatMap(({ properties }) => {
    const { interface: name, why } = properties;
    return typeof name === "string" && typeof why === "string" ? [[name, why]] : [];
  }));
}

Deno.test("HotPlug says of each interface why it is no link", async () => {
  assert.equal((await whys([], [])).get("lo"), "it is the loopback");
});
