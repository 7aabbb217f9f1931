/**
 * The web page of a real slave and a real master in a real browser. With `BINDLINK_SCREENSHOTS=DIR` it is watched for a minute
 * and photographed: `BINDLINK_SCREENSHOTS=docs deno test -A tests/e2e/web_page_test.ts`.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Page } from "puppeteer-core";
import { awaitCondition } from "../support/await_condition.ts";
import { BindlinkProcess } from "../support/bindlink_process.ts";
import { canUseBrowser, NamespaceBrowser, textOf } from "../support/browser.ts";
import { ControlCommands } from "../support/control_commands.ts";
import { DirectNetwork } from "../support/direct_network.ts";
import { Iperf3Server, startIperf3 } from "../support/iperf3.ts";
import { canUseNamespaces } from "../support/namespace.ts";
import { INNER_MASTER } from "../support/tunnel_pair.ts";

const CABLE_BPS = 20e6;
/** A little, or, for the pictures, more than two links carry. */
const LOAD_BPS = Deno.env.has("BINDLINK_SCREENSHOTS") ? 38e6 : 8e6;
const REBOUND = "evil.example";
const SLAVE_PAGE = "http://127.0.0.1:8090/";
const MASTER_PAGE = "http://10.1.1.2:8090/";
const DESK = { width: 1200, height: 900 };
const PHONE = { width: 390, height: 844, isPhone: true, isDark: true };

const SCREENSHOTS = Deno.env.get("BINDLINK_SCREENSHOTS") ?? "";
/** How long a tunnel has worked when it is photographed. */
const SHOWN_SECONDS = 150;

Deno.test({
  name: "the web page shows links at work and switches them, at a desk and on a phone",
  ignore: !canUseNamespaces() || !canUseBrowser(),
  async fn(t): Promise<void> {
    await using network = await DirectNetwork.create({ cables: 3, rateBps: CABLE_BPS });
    const { pair, laptop, server } = network;
    const masterArgs = [...network.masterArgs, "--http", "0.0.0.0:8090"];
    await using master = await BindlinkProcess.start(server, masterArgs);
    const targets = "dsl=10.1.1.2:4000,phone=10.1.2.2:4000;metered,wifi=10.1.3.2:4000";
    const slaveArgs = pair.slaveArgs("--targets", targets, "--http");
    await using slave = await BindlinkProcess.start(laptop, slaveArgs);
    const laptopSays = new ControlCommands(pair.state.slaveStateDir, "slave-bind0.sock");
    await using browser = await NamespaceBrowser.start(laptop, REBOUND);
    await slave.waitForLinks([1, 2, 3]);
    await using _iperf3 = await Iperf3Server.start(server);
    const seconds = SCREENSHOTS === "" ? 60 : SHOWN_SECONDS + 60;
    const load = { host: INNER_MASTER, seconds, tcpBps: LOAD_BPS, reverse: true };
    await using _transfer = startIperf3(laptop, load);
    const page = await browser.open(SLAVE_PAGE, DESK);

    await t.step("it shows what carries, in figures and in the chart", async () => {
      await awaitText(page, "#role", /^slave bind0$/);
      await awaitText(page, "#live-text", /^live$/);
      await awaitText(page, "#receiving", /^\d+\.\d ?Mbit\/s$/);
      await awaitText(page, "#links-up", /^3 ?of 3$/);
      await awaitText(page, "#links", /● upcarrying [\d.]+ [kM]bit\/s/);
      await awaitText(page, "#links", /phone.*metered/);
      await awaitText(page, "#legend", /^nowdsl[\d.]+ (M|k)bit\/s/);
      await awaitText(page, "#events", /Link up/);
      await awaitCondition("something to be drawn", () => countInk(page));
    });

    await t.step("a link is switched off and on", async () => {
      await page.click("[data-name=wifi] .switch");
      await awaitText(page, "[data-name=wifi] .state", /off$/);
      assert.deepEqual(await slave.linksUp(), ["1", "2"]);
      await awaitText(page, "#links-up", /^2 ?of 3$/);
      await page.click("[data-name=wifi] .switch");
      await awaitText(page, "[data-name=wifi] .state", /up$/);
      await slave.waitForLinks([1, 2, 3]);
    });

    await t.step("modes are changed, of the tunnel and of a link", async () => {
      await page.click("#mode [data-value=redundant]");
      await page.waitForSelector("#mode [data-value=redundant][aria-pressed=true]");
      await page.select("[data-name=phone] select", "backup");
      await awaitText(page, "[data-name=phone] .reason", /backup/);
      const { mode, links } = await laptopSays.status();
      assert.deepEqual([mode, ...links.map((link) => link.settings.mode)], [
        "redundant",
        "redundant",
        "backup",
        "redundant",
      ]);
      await page.select("[data-name=phone] select", "");
      await page.click("#mode [data-value=speed]");
      await awaitCondition("all links to follow the tunnel again", async () => {
        const { links } = await laptopSays.status();
        return links.every((link) => link.settings.mode === "speed");
      });
    });

    await t.step("a reload has the history at once", async () => {
      await page.reload();
      await awaitText(page, "#live-text", /^live$/);
      assert.notEqual(await countInk(page), 0);
      const before = await page.evaluate("fetch('/api/live?after=0').then((it) => it.json())");
      const { history } = before as { readonly history: { readonly atMs: readonly number[] } };
      assert(history.atMs.length >= 3, `${history.atMs.length} samples`);
    });

    await t.step("it fits a phone, and is dark where all is", async () => {
      const paper = await groundOf(page);
      await NamespaceBrowser.show(page, PHONE);
      await awaitCondition("it to be dark", async () => await groundOf(page) !== paper);
      await awaitText(page, "#live-text", /^live$/);
      const scrollWidth = await page.evaluate("document.documentElement.scrollWidth");
      assert.equal(scrollWidth, PHONE.width);
      await page.tap("[data-name=wifi] .switch");
      await awaitText(page, "[data-name=wifi] .state", /off$/);
      await page.tap("[data-name=wifi] .switch");
      await awaitText(page, "[data-name=wifi] .state", /up$/);
    });

    if (SCREENSHOTS !== "") await photograph(page);
    assert.deepEqual(browser.complaints, []);
    const elsewhere = browser.requested.filter((url) => !url.startsWith(SLAVE_PAGE));
    assert.deepEqual(elsewhere, [], "nothing is asked of others");

    await t.step("foreign pages neither read it nor switch links", async () => {
      const rebound = await browser.open(`http://${REBOUND}:8090/`, DESK);
      assert.match(await textOf(rebound, "body"), /by this machine's address only/);
      // Another port is another page.
      const foreign = await browser.open("http://127.0.0.1:8080/", DESK);
      const body = JSON.stringify({ command: "link.down", name: "dsl" });
      for (const mode of ["cors", "no-cors"]) {
        const init = JSON.stringify({ method: "POST", mode, body });
        const sent = foreign.evaluate(`fetch("${SLAVE_PAGE}api/command", ${init})`);
        await sent.catch(() => {});
        const read = foreign.evaluate(
          `fetch("${SLAVE_PAGE}api/live", { mode: "${mode}" }).then((it) => it.text())`,
        );
        assert.equal(await read.catch(() => ""), "");
      }
      assert.deepEqual(await slave.linksUp(), ["1", "2", "3"]);
      await rebound.close();
      await foreign.close();
    });

    await t.step("a master's page wants its token and shows slaves with their links", async () => {
      const line = await master.process.waitForLine(/Serving the web page/);
      const token = /#token=([\w-]+)/.exec(line)?.[1] ?? "";
      const remote = await browser.open(MASTER_PAGE, DESK);
      await remote.waitForSelector("#token-form:not([hidden])");
      await remote.type("#token", token);
      await remote.keyboard.press("Enter");
      await awaitText(remote, "#role", /^master bind0$/);
      await awaitText(remote, "#links", /^laptop● connected10\.10\.10\.2.*dsl● up.*wifi● up/);
      assert.equal(await remote.$(".switch"), null, "nothing can be switched there");
      await remote.close();
      const byLink = await browser.open(`${MASTER_PAGE}#token=${token}`, DESK);
      await awaitText(byLink, "#live-text", /^live$/);
      assert.equal(byLink.url(), MASTER_PAGE, "the token does not stay in the address");
    });

    const talk = slave.process.stderr.filter((text) => /request|web page/i.test(text));
    assert.equal(talk.length, 1, "only that it is served");
    assert.match(talk[0]!, /Serving the web page/);
  },
});

/** Waits until an element says something. */
async function awaitText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  let last = "";
  await awaitCondition(`${selector} to say ${pattern}`, async () => {
    last = await textOf(page, selector);
    return pattern.test(last);
  }, { detail: () => last });
}

/** Pixels of the chart that are not empty. */
async function countInk(page: Page): Promise<number> {
  return await page.evaluate(`(() => {
    const canvas = document.querySelector("#chart canvas");
    if (canvas === null) return 0;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((value, i) => i % 4 === 3 && value > 60).length;
  })()`) as number;
}

async function groundOf(page: Page): Promise<string> {
  return await page.evaluate("getComputedStyle(document.body).backgroundColor") as string;
}

/** Waits until there is something to see, and writes the pictures of the documentation. */
async function photograph(page: Page): Promise<void> {
  const wait = (seconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));
  await wait(SHOWN_SECONDS / 2);
  await page.tap("[data-name=wifi] .switch");
  await wait(SHOWN_SECONDS / 5);
  await page.tap("[data-name=wifi] .switch");
  await wait(SHOWN_SECONDS / 3);
  await NamespaceBrowser.show(page, { ...PHONE, height: 1_240 });
  await page.evaluate("scrollTo(0, 0)");
  await wait(2);
  await page.screenshot({ path: `${SCREENSHOTS}/web-dark-phone.png` });
  await NamespaceBrowser.show(page, { ...DESK, height: 1_060 });
  await wait(2);
  await page.screenshot({ path: `${SCREENSHOTS}/web-light.png` });
}
