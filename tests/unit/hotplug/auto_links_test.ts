import assert from "node:assert/strict";
import { AutoLinks } from "../../../src/hotplug/auto_links.ts";
import type { NetInterface } from "../../../src/hotplug/net_interface.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import type { NewLink } from "../../../src/live_links.ts";
import type { LinkChange } from "../../../src/multiplexer/link_settings.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { direct, proxied, usb, via } from "./interfaces.ts";

/** A slave of which only names and states of links are real. */
class Rig {
  now = 0;
  readonly logger = new RecordingLogger();
  specs: LinkSpec[] = [];
  /** Links that carry. */
  readonly up = new Set<string>();
  readonly off = new Set<string>();
  /** Ports of gateways that are proxies. */
  readonly proxies = new Map<string, number>();
  readonly probes: string[] = [];
  readonly remembered = new Map<string, LinkChange>();
  readonly added: NewLink[] = [];
  /** Links that hand over. */
  readonly leaving: string[] = [];
  #lastId = 0;
  readonly auto: AutoLinks;

  constructor() {
    this.auto = new AutoLinks({
      logger: this.logger,
      clock: () => this.now,
      specs: () => this.specs,
      add: (link) => this.#add(link),
      drop: (name) => this.forget(name),
      remove: (name) => void this.leaving.push(name),
      stateOf: (name) => this.off.has(name) ? "off" : this.up.has(name) ? "up" : "down",
      settingsOf: (device) => this.remembered.get(device) ?? {},
      probe: (device, gateway) => {
        this.probes.push(`${device} ${gateway}`);
        return Promise.resolve(this.proxies.get(gateway) ?? null);
      },
    }, { isIncluded: null, isExcluded: () => false, tunName: "bind0" });
  }

  get names(): string[] {
    return this.specs.map(({ name }) => name);
  }

  forget(name: string): void {
    this.specs = this.specs.filter((it) => it.name !== name);
    this.up.delete(name);
  }

  #add(link: NewLink): string {
    const name = link.name ?? link.device!;
    if (this.names.includes(name)) throw new Error(`Another link is called ${name}`);
    this.added.push(link);
    const id = ++this.#lastId;
    this.specs.push(
      link.proxy === null ? via(link.device!, id) : proxied(name, link.proxy.host, id),
    );
    return name;
  }

  /** These are there now. Probes are answered before it returns. */
  async see(...interfaces: NetInterface[]): Promise<void> {
    this.auto.handleInterfaces(interfaces, this.now);
    await Promise.resolve();
  }

  /** Time passes, with a look each second. */
  async pass(ms: number): Promise<void> {
    for (const until = this.now + ms; this.now < until;) {
      this.now += 1_000;
      this.auto.handleTimeout(this.now);
      await Promise.resolve();
    }
  }
}

Deno.test("an interface that comes is a link at once, and dropped when it goes", async () => {
  const rig = new Rig();
  await rig.see(usb(0), usb(1, { addresses: [] }));
  assert.deepEqual(rig.names, ["usb0"]);
  await rig.see(usb(0), usb(1));
  assert.deepEqual(rig.names, ["usb0", "usb1"]);
  await rig.see(usb(1));
  assert.deepEqual(rig.names, ["usb1"]);
  await rig.see(usb(1, { hasRoute: false }));
  assert.deepEqual(rig.names, []);
});

Deno.test("it is told once which interface is a link, and why one is not", async () => {
  const rig = new Rig();
  for (let times = 0; times < 3; times++) await rig.see(usb(0), usb(1, { kind: "veth" }));
  assert.equal(rig.logger.count("info Interface is a link now"), 1);
  assert.equal(rig.logger.count("debug Interface is no link"), 1);
});

Deno.test("one that was plugged out and in between two looks is a new link", async () => {
  const rig = new Rig();
  await rig.see(usb(0));
  await rig.see(usb(0, { index: 99 }));
  assert.deepEqual([rig.names, rig.added.length], [["usb0"], 2]);
});

Deno.test("the direct link and the one through the proxy share the interface's budget", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1080);
  await rig.see(usb(0));
  await rig.pass(1_000);
  assert.deepEqual(rig.added.map(({ name, usageName }) => [name, usageName]), [
    [null, "usb0"],
    ["usb0-socks", "usb0"],
  ]);
});

Deno.test("what was said of its link before holds when it comes again", async () => {
  const rig = new Rig();
  rig.remembered.set("usb0", { isMetered: true, capUpBps: 5e6 });
  await rig.see(usb(0));
  assert.deepEqual(rig.added[0]!.settings, { isMetered: true, capUpBps: 5e6 });
  assert.equal(rig.auto.deviceOf("usb0"), "usb0");
  assert.equal(rig.auto.deviceOf("usb1"), null);
});

Deno.test("an interface by which a given link goes is no second link, not even later", async () => {
  const rig = new Rig();
  rig.specs.push(via("usb0", 200), proxied("phone", "192.168.41.1", 201), direct("dsl", 202));
  await rig.see(usb(0), usb(1), usb(2));
  assert.deepEqual(rig.names, ["usb0", "phone", "dsl", "usb2"]);
  rig.forget("usb0");
  await rig.pass(1_000);
  assert.deepEqual(rig.names, ["phone", "dsl", "usb2", "usb0"], "once it is not given any more");
  rig.specs.push({ ...via("usb2", 203), name: "mine" });
  await rig.pass(1_000);
  assert.deepEqual(rig.names, ["phone", "dsl", "usb0", "mine"], "the user's wins");
});

Deno.test("a link that was renamed is still known, and makes room for a given one by its interface", async () => {
  const rig = new Rig();
  await rig.see(usb(0));
  rig.specs = [{ ...rig.specs[0]!, name: "usb0#2" }];
  await rig.pass(1_000);
  assert.deepEqual(rig.names, ["usb0#2"]);
  assert.equal(rig.auto.deviceOf("usb0#2"), "usb0");
  rig.specs.push(via("usb0", 200));
  await rig.pass(1_000);
  assert.deepEqual(rig.specs.map(({ id }) => id), [200]);
});

Deno.test("a link that the user removed stays away until its interface comes again", async () => {
  const rig = new Rig();
  await rig.see(usb(0));
  rig.forget("usb0");
  await rig.see(usb(0));
  await rig.pass(120_000);
  assert.deepEqual(rig.names, []);
  await rig.see();
  await rig.see(usb(0));
  assert.deepEqual(rig.names, ["usb0"]);
});

Deno.test("a gateway that is a proxy replaces the direct link once it carries", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1081);
  await rig.see(usb(0));
  assert.deepEqual(rig.names, ["usb0", "usb0-socks"], "the direct one did not wait");
  assert.deepEqual(rig.added[1]!.proxy, { host: "192.168.40.1", port: 1081 });
  await rig.pass(1_000);
  assert.deepEqual(rig.leaving, []);
  rig.up.add("usb0-socks");
  await rig.pass(3_000);
  assert.deepEqual(rig.leaving, ["usb0"], "handed over");
  rig.forget("usb0");
  await rig.pass(3_000);
  assert.deepEqual(rig.names, ["usb0-socks"]);
  await rig.see();
  assert.deepEqual(rig.names, []);
});

Deno.test("a proxy that never carries is dropped, and asked for again later", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1080);
  await rig.see(usb(0));
  rig.up.add("usb0");
  await rig.pass(11_000);
  assert.deepEqual(rig.names, ["usb0"]);
  await rig.pass(50_000);
  assert.equal(rig.probes.length, 1);
  await rig.pass(12_000);
  assert.equal(rig.probes.length, 2);
});

Deno.test("a proxy that falls silent: the direct link is back, and the proxy gets another chance", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1080);
  await rig.see(usb(0));
  rig.up.add("usb0-socks");
  await rig.pass(1_000);
  rig.forget("usb0");
  rig.up.delete("usb0-socks");
  await rig.pass(3_000);
  assert.deepEqual(rig.names, ["usb0-socks", "usb0"]);
  await rig.pass(10_000);
  assert.deepEqual(rig.names, ["usb0"]);
});

Deno.test("a direct link that is needed again while it hands over is there at once", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1080);
  await rig.see(usb(0));
  rig.up.add("usb0-socks");
  await rig.pass(1_000);
  assert.deepEqual(rig.leaving, ["usb0"]);
  await rig.see(usb(0, { gateway: "192.168.40.2" }));
  assert.deepEqual(rig.names, ["usb0"], "another network: another gateway, and no proxy");
  assert.equal(rig.probes.at(-1), "usb0 192.168.40.2");
});

Deno.test("a link that the user switched off is left alone", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1080);
  await rig.see(usb(0));
  rig.up.add("usb0-socks");
  await rig.pass(1_000);
  rig.forget("usb0");
  rig.up.clear();
  rig.off.add("usb0-socks");
  await rig.pass(60_000);
  assert.deepEqual(rig.names, ["usb0-socks"]);
});

Deno.test("phones with the same network are links without a proxy: the table could choose the wrong one", async () => {
  const rig = new Rig();
  rig.proxies.set("192.168.40.1", 1080);
  const twin = usb(1, {
    addresses: [{ address: "192.168.40.11", prefixBits: 24 }],
    gateway: "192.168.40.1",
  });
  await rig.see(usb(0));
  assert.deepEqual(rig.names, ["usb0", "usb0-socks"]);
  await rig.see(usb(0), twin);
  await rig.pass(3_000);
  assert.deepEqual(rig.names, ["usb0", "usb1"]);
  assert.equal(rig.probes.length, 1);
});

Deno.test("a link that cannot be added is told of once, and tried again", async () => {
  const rig = new Rig();
  rig.specs.push(direct("usb0", 9));
  await rig.see(usb(0));
  await rig.pass(5_000);
  assert.equal(rig.logger.count("warn Interface cannot be a link"), 1);
  rig.specs = [];
  await rig.pass(1_000);
  assert.deepEqual(rig.names, ["usb0"]);
});

Deno.test("looks each second do not compare each interface with each other one", async () => {
  const rig = new Rig();
  let reads = 0;
  const all = Array.from({ length: 20 }, (_, i) => {
    const it = usb(0, { index: 10 + i, name: `eth${i}`, gateway: `10.1.${i}.1` });
    const addresses = [{ address: `10.1.${i}.2`, prefixBits: 24 }];
    return Object.defineProperty(it, "addresses", { get: () => (reads++, addresses) });
  });
  await rig.see(...all);
  assert.deepEqual([rig.names.length, rig.probes.length], [20, 20]);
  reads = 0;
  await rig.pass(10_000);
  assert.ok(reads <= 10 * 2 * all.length, `${reads} reads`);
});
