/** Chat pages in a headless Chromium, and the words in which the tests speak of them. */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const artefacts = process.env.ARTEFACTS || fileURLToPath(new URL("../../.artefacts", import.meta.url));
const args = "--no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

/** @param {string[]} [more] arguments of the browser */
export const launch = (more = []) => chromium.launch({ executablePath, args: [...args.split(" "), ...more] });

/**
 * A browser with a profile of its own in a folder, in which pages of other sites may use cookies: Debian's does not let
 * them, others do.
 * @param {string} folder @param {string[]} [more]
 */
export function launchWithCookies(folder, more = []) {
  mkdirSync(`${folder}/Default`, { recursive: true });
  writeFileSync(`${folder}/Default/Preferences`, JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }));
  return chromium.launchPersistentContext(folder, { executablePath, args: [...args.split(" "), ...more] });
}

/** One person's window. What the browser complains of ends up in `faults`. */
export class Person {
  faults = [];

  /** @param {import("playwright-core").Browser} browser */
  static async arrive(browser, origin, { room, name, ...options }) {
    const context = await browser.newContext({ ...DESKTOP, ...options });
    const person = new Person(await context.newPage());
    if (name) await context.addInitScript((name) => sessionStorage.getItem("ropeway.name") ?? sessionStorage.setItem("ropeway.name", name), name);
    await person.page.goto(`${origin}/?room=${encodeURIComponent(room)}`);
    await person.connected();
    return person;
  }

  constructor(page) {
    this.page = page;
    page.on("pageerror", (error) => this.faults.push(String(error)));
    page.on("console", (message) => {
      // A connection that is refused while the server is away is what these tests are about.
      if (message.type() === "error" && !/WebSocket connection|ERR_CONNECTION/.test(message.text())) this.faults.push(message.text());
    });
  }

  connected() {
    return this.is("open");
  }

  /** @param {"connecting" | "open" | "waiting" | "ended"} state */
  is(state) {
    return this.page.waitForSelector(`html[data-connection="${state}"]`, { timeout: 45000 });
  }

  async say(text) {
    await this.page.fill("#text", text);
    await this.page.press("#text", "Enter");
  }

  /** Waits for a message that is in the conversation, not among the waiting ones. */
  hears(text) {
    return this.page.locator("#messages .text", { hasText: text }).first().waitFor({ timeout: 45000 });
  }

  heard() {
    return this.page.locator("#messages .text").allTextContents();
  }

  waiting() {
    return this.page.locator("#waiting .text").allTextContents();
  }

  /** Waits until the server has acknowledged all that was said: others may hear it before. */
  allSaid() {
    return until(async () => (await this.waiting()).length === 0);
  }

  async people() {
    return (await this.page.locator("#members .member-name").allTextContents()).sort();
  }

  async shoot(name) {
    mkdirSync(artefacts, { recursive: true });
    await this.page.screenshot({ path: `${artefacts}/chat-${name}.png` });
  }

  leave() {
    return this.page.context().close();
  }
}

/** Waits until `condition` holds. */
export async function until(condition, what = String(condition), limit = 30000) {
  const end = Date.now() + limit;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
