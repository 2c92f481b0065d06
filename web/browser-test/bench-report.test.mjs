/** The page that `ropeway bench --html` writes, in a real browser: no complaint, nothing fetched, every chart drawn. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { DESKTOP, launch, PHONE } from "./pages.mjs";
import { startServer } from "./server.mjs";

const binary = process.env.ROPEWAY_BIN || process.env.ROPEWAY;
const artefacts = process.env.ARTEFACTS || fileURLToPath(new URL("../../.artefacts", import.meta.url));
const options = { timeout: 120000, skip: !binary && "it takes the binary" };

let server, browser, folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "ropeway-report-"));
  [server, browser] = await Promise.all([startServer(), launch()]);
}, { timeout: 120000 });

after(async () => {
  await browser?.close();
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `ropeway bench` and opens its page; what the browser complains of or asks for ends up in `faults`. */
async function report(name, flags, how = DESKTOP) {
  const file = join(folder, `${name}.html`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("ROPEWAY")));
  const fixed = ["bench", `ws://127.0.0.1:${server.port}/echo`, "-c", "10", "--warmup", "0s", "-q", "--no-proxy", "--html", file];
  const { status } = spawnSync(binary, [...fixed, ...flags], { env });
  assert.equal(status, flags.includes("--fail") ? 99 : 0);
  const page = await (await browser.newContext({ ...how, colorScheme: name.endsWith("dark") ? "dark" : "light" })).newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => message.type() !== "info" && faults.push(message.text()));
  page.on("request", (request) => request.url() !== pathToFileURL(file).href && faults.push(`asked for ${request.url()}`));
  await page.goto(pathToFileURL(file).href);
  mkdirSync(artefacts, { recursive: true });
  await page.screenshot({ path: join(artefacts, `bench-${name}.png`), fullPage: true });
  return { page, faults };
}

/** Names of the charts that are drawn: lines of two points or more, or bars, all of it within the frame. */
function drawn(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("figure")]
      .filter((figure) => {
        const { width, height } = figure.querySelector("svg").viewBox.baseVal;
        const lines = [...figure.querySelectorAll("polyline")].map((line) => [...line.points]);
        const bars = [...figure.querySelectorAll("rect.bar")];
        const isIn = ({ x, y }) => x >= 0 && x <= width && y >= 0 && y <= height;
        const isWhole = lines.every((points) => points.length > 1 && points.every(isIn));
        return isWhole && lines.length + bars.length > 0 && bars.every((bar) => bar.getBBox().height >= 0);
      })
      .map((figure) => figure.querySelector("figcaption").textContent),
  );
}

const CHARTS = ["Latency over time", "Latency by quantile", "Distribution of latencies", "Messages", "Connections", "Generator, part of a core"];

for (const [name, flags, how] of [
  ["closed", ["-d", "2s"], DESKTOP],
  ["open-dark", ["-d", "2s", "--rate", "400", "--fail", "p99<1ns", "--fail", "lost<=0"], DESKTOP],
  ["phone", ["-d", "1s", "--depth", "4"], PHONE],
]) {
  test(`charts of a run are drawn: ${name}`, options, async () => {
    const { page, faults } = await report(name, flags, how);
    assert.deepEqual(await drawn(page), CHARTS);
    assert.deepEqual(faults, []);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= how.viewport.width, `the page is ${width} wide`);
    assert.match(await page.locator("h1").textContent(), /^echo ws:/);
  });
}

test("a run in which nothing was sent has a page as well", options, async () => {
  const { page, faults } = await report("idle", ["-p", "idle", "-d", "1s"]);
  assert.deepEqual(faults, []);
  assert.deepEqual(await drawn(page), CHARTS.slice(-2));
  assert.ok(!/NaN|Infinity/.test(await page.content()));
});
