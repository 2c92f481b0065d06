/** Pages of other sites against the server, in a real browser: none of them gets a connection unless it is listed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test as nodeTest } from "node:test";

import { launch } from "./pages.mjs";
import { isReal, startServer } from "./server.mjs";

const KEY = "a-key-for-the-browser-tests";
const test = (name, body) => nodeTest(name, { timeout: 120000, skip: !isReal && "it takes the binary" }, body);

let browser, listed, foreign, server, origin;

before(async () => {
  if (!isReal) return;
  browser = await launch();
  [listed, foreign] = [await startSite(), await startSite()];
  server = await startServer(0, { ROPEWAY_SERVER_ORIGINS: `http://127.0.0.1:${listed}`, ROPEWAY_API_KEY: KEY });
  origin = `http://127.0.0.1:${server.port}`;
});

after(async () => {
  await browser?.close();
  for (const site of sites) site.close();
  await server?.close();
});

const sites = [];

/** The port of a web site with empty pages. */
async function startSite() {
  const site = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>Site</title>"));
  sites.push(site.listen(0, "127.0.0.1"));
  await once(site, "listening");
  return site.address().port;
}

/** What becomes of each way in, tried by a page at this address whose reader has a cookie of the server. */
async function attempts(t, address) {
  const context = await browser.newContext();
  t.after(() => context.close());
  await context.addCookies([{ name: "session", value: "of-the-reader", url: origin }]);
  const page = await context.newPage();
  await page.goto(address);
  return page.evaluate(async (origin) => {
    const socket = (path) =>
      new Promise((resolve) => {
        const socket = new WebSocket(origin.replace("http", "ws") + path);
        socket.onopen = () => resolve("open");
        socket.onerror = () => resolve("refused");
      });
    const polling = `${origin}/socket.io/?EIO=4&transport=polling`;
    const read = await fetch(polling, { credentials: "include" }).then((response) => response.text(), () => "refused");
    const status = await fetch(`${origin}/api/status`, { credentials: "include" }).then(() => "read", () => "refused");
    // Blind: the page sees no answer, but the request is made.
    await fetch(polling, { credentials: "include", mode: "no-cors" }).catch(() => {});
    return { ws: await socket("/ws"), polling: read.slice(0, 7), websocket: await socket("/socket.io/?EIO=4&transport=websocket"), status };
  }, origin);
}

const connections = async () => {
  const answer = await fetch(`${origin}/api/status`, { headers: { authorization: `Bearer ${KEY}` } });
  return (await answer.json()).connections;
};

const REFUSED = { ws: "refused", polling: "refused", websocket: "refused", status: "refused" };

test("a page of another port is refused on every carrier, and no session is made", async (t) => {
  assert.deepEqual(await attempts(t, `http://127.0.0.1:${foreign}/`), REFUSED);
  assert.equal(await connections(), 0);
});

test("localhost is not 127.0.0.1", async (t) => {
  assert.deepEqual(await attempts(t, `http://localhost:${foreign}/`), REFUSED);
  assert.deepEqual(await attempts(t, `http://localhost:${listed}/`), REFUSED);
  assert.equal(await connections(), 0);
});

test("a listed page connects on every carrier, and reads no API", async (t) => {
  assert.deepEqual(await attempts(t, `http://127.0.0.1:${listed}/`), { ws: "open", polling: '0{"sid"', websocket: "open", status: "refused" });
});
