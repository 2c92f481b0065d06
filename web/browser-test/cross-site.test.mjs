/**
 * Pages of other sites against the server, in a real browser whose user is logged in by a cookie: none of them gets a
 * connection unless it is listed. Ports make another origin but the same site, so that the browser sends the cookie.
 */
import assert from "node:assert/strict";
import { after, before, beforeEach, test as nodeTest } from "node:test";

import { secret } from "../../tests/shared/log.mjs";
import { launch } from "./pages.mjs";
import { exchanges, startProxy } from "./proxy.mjs";
import { isReal, startServer } from "./server.mjs";
import { attempts as attemptsOf, COOKIE, REFUSED, startSite, startStore } from "./sites.mjs";

const KEY = "a-key-for-the-browser-tests";
const test = (name, body) => nodeTest(name, { timeout: 120000, skip: !isReal && "it takes the binary" }, body);

let browser, listed, foreign, store, server, line;

before(async () => {
  if (!isReal) return;
  browser = await launch();
  [listed, foreign, store] = [await startSite(), await startSite(), await startStore()];
  server = await startServer(0, {
    ROPEWAY_SERVER_ORIGINS: `http://127.0.0.1:${listed.port}`,
    ROPEWAY_API_KEY: KEY,
    ROPEWAY_SESSIONS_COOKIE: "sid",
    ROPEWAY_SESSIONS_STORE: store.url,
  });
  line = await startProxy(server.port);
});

beforeEach(() => {
  if (!isReal) return;
  store.asked = [];
  line.conversations = [];
});

after(async () => {
  await browser?.close();
  for (const site of [listed, foreign, store]) site?.close();
  await line?.close();
  await server?.close();
});

/**
 * Who the server takes a page at this address for, on each way in, and what it may read there. `requests`: what the
 * browser sent, without the script that the page takes from the server.
 */
async function attempts(t, address, cookie = COOKIE) {
  const context = await browser.newContext();
  t.after(() => context.close());
  const found = await attemptsOf(context, { address, origin: line.origin, cookie: { value: cookie, sameSite: "Lax" } });
  const requests = line.conversations.flatMap(exchanges).filter(({ target }) => !target.endsWith(".js"));
  return { ...found, requests };
}

const connections = async () => {
  const answer = await fetch(`${line.origin}/api/status`, { headers: { authorization: `Bearer ${KEY}` } });
  return (await answer.json()).connections;
};

/** What became of the requests for a connection, in the order of their addresses. */
function outcomes(requests) {
  const ways = requests.filter(({ target }) => !target.startsWith("/api/"));
  const seen = ways.map(({ target, status, headers: { cookie = null, origin = null } }) => ({ target: target.replace(/&t=[^&]*/, ""), status, cookie, origin }));
  return seen.sort((a, b) => (a.target < b.target ? -1 : 1));
}

/** What becomes of all of them, of the one without an origin, too. */
function all({ status, origin, cookie = `sid=${COOKIE}`, blind = 403 }) {
  const engine = "/socket.io/?EIO=4&transport=";
  const [polling, websocket, native] = [`${engine}polling`, `${engine}websocket`, "/ws"].map((target) => ({ target, status, cookie, origin }));
  return [polling, { target: `${engine}polling&blind`, status: blind, cookie, origin: null }, websocket, native];
}

test("a page of another port is refused on every carrier, and no session is made", async (t) => {
  const origin = `http://127.0.0.1:${foreign.port}`;
  const { requests, ...found } = await attempts(t, `${origin}/`);
  assert.deepEqual(found, REFUSED);
  assert.deepEqual(outcomes(requests), all({ status: 403, origin }), "the browser sent the cookie each time");
  assert.deepEqual(store.asked, [], "the store is not asked about foreign pages");
  assert.equal(await connections(), 0);
});

test("localhost is not 127.0.0.1", async (t) => {
  for (const { port } of [foreign, listed]) {
    const origin = `http://localhost:${port}`;
    line.conversations = [];
    const { requests, ...found } = await attempts(t, `${origin}/`);
    assert.deepEqual(found, REFUSED);
    // For a browser this is another site, from which a `Lax` cookie is not sent.
    assert.deepEqual(outcomes(requests), all({ status: 403, origin, cookie: null, blind: 401 }));
  }
  assert.deepEqual(store.asked, []);
  assert.equal(await connections(), 0);
});

test("a listed page connects on every carrier, and reads no API", async (t) => {
  const { requests, ...found } = await attempts(t, `http://127.0.0.1:${listed.port}/`);
  assert.deepEqual(found, { ws: "ada", polling: "ada", websocket: "ada", status: "refused" });
  assert.deepEqual(new Set(requests.map(({ headers }) => headers.cookie)), new Set([`sid=${COOKIE}`]));
  // Not about the request that names no origin.
  assert.deepEqual(store.asked, Array(3).fill(`sid=${COOKIE}`));
});

test("it is the cookie that lets a listed page in", async (t) => {
  const [origin, cookie] = [`http://127.0.0.1:${listed.port}`, secret("of-a-reader-unknown")];
  const { requests, ...found } = await attempts(t, `${origin}/`, cookie);
  assert.deepEqual(found, REFUSED);
  assert.deepEqual(outcomes(requests), all({ status: 401, origin, cookie: `sid=${cookie}` }));
});
