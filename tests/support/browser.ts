/**
 * A real browser in a namespace, without a window.
 *
 * @module
 */

import puppeteer, { type Browser, type Page } from "puppeteer-core";
import type { Namespace } from "./namespace.ts";
import { BROWSERS, findProgram, missingRequirements } from "./requirements.ts";

/** Tests that use a browser say `ignore: !canUseBrowser()`, besides what else they need. */
export function canUseBrowser(): boolean {
  return missingRequirements(BROWSERS).length === 0;
}

/** What a page is looked at with. */
export interface Screen {
  readonly width: number;
  readonly height: number;
  readonly isPhone?: boolean;
  readonly isDark?: boolean;
}

/** Chromium in a namespace. */
export class NamespaceBrowser implements AsyncDisposable {
  readonly #browser: Browser;
  /** What went wrong in any page: errors of scripts, what the page's own policy forbade, requests that failed. */
  readonly complaints: string[] = [];
  /** Every address that was asked for. */
  readonly requested: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  /** Starts it. @param rebound a name that points to 127.0.0.1 */
  static async start(namespace: Namespace, rebound: string): Promise<NamespaceBrowser> {
    const [program = "", ...args] = namespace.command([
      "chromium",
      "--headless=new",
      // Root cannot have its sandbox; what it opens is ours.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      "--hide-scrollbars",
      `--host-resolver-rules=MAP ${rebound} 127.0.0.1`,
    ]);
    const executablePath = findProgram(program) ?? program;
    // By a pipe: its port would be the namespace's.
    const options = { executablePath, args, ignoreDefaultArgs: true, pipe: true } as const;
    return new NamespaceBrowser(await puppeteer.launch(options));
  }

  /** Opens a page. */
  async open(url: string, screen: Screen): Promise<Page> {
    const page = await this.#browser.newPage();
    page.setDefaultTimeout(10_000);
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warn"].includes(message.type())) this.complaints.push(message.text());
    });
    page.on("request", (request) => this.requested.push(request.url()));
    await NamespaceBrowser.show(page, screen);
    await page.goto(url);
    return page;
  }

  /** Changes what a page is looked at with. */
  static async show(page: Page, screen: Screen): Promise<void> {
    const { width, height, isPhone = false, isDark = false } = screen;
    const scheme = isDark ? "dark" : "light";
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.setViewport({ width, height, isMobile: isPhone, hasTouch: isPhone });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/** Text of the first element that a selector finds, blanks in one; empty: there is none. */
export async function textOf(page: Page, selector: string): Promise<string> {
  const texts = await page.$$eval(selector, (found) => found.map((it) => it.textContent ?? ""));
  return (texts[0] ?? "").replaceAll(/\s+/g, " ").trim();
}
