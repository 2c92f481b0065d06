/**
 * Pages of other sites against the server, in a real browser whose user is logged in by a cookie: none of them gets a
 * connection unless it is listed. Ports make another origin but the same site, so that the browser sends the cookie.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, beforeEach, test as nodeTest } from "node:test";

import { secret } from "../../tests/shared/log.mjs";
import { launch } from "./pages.mjs";
import { exchanges, startProxy } from "./proxy.mjs";
import { isReal, startServer } from "./server.mjs";

const KEY = "a-key-for-the-browser-tests";
const COOKIE = secret("of-the-reader-who-is-ada");
const test = (name, body) => nodeTest(name, { timeout: 120000, skip: !isReal && "it takes the binary" }, body);

let browser, listed, foreign, server, line;

/** The cookies about which the store was asked. */
let asked;

before(async () => {
  if (!isReal) return;
  browser = await launch();
  const empty = (_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>Site</title>");
  [listed, foreign] = [await listen(empty), await listen(empty)];
  server = await startServer(0, {
    ROPEWAY_SERVER_ORIGINS: `http://127.0.0.1:${listed}`,
    ROPEWAY_API_KEY: KEY,
    ROPEWAY_SESSIONS_COOKIE: "sid",
    ROPEWAY_SESSIONS_STORE: `http://127.0.0.1:${await listen(store)}/session`,
  });
  line = await startProxy(server.port);
});

beforeEach(() => {
  asked = [];
  if (line) line.conversations = [];
});

after(async () => {
  await browser?.close();
  for (const site of sites) site.close();
  await line?.close();
  await server?.close();
});

const sites = [];

/** The port of a web site. */
async function listen(answer) {
  const site = createServer(answer);
  sites.push(site.listen(0, "127.0.0.1"));
  await once(site, "listening");
  return site.address().port;
}

/** Knows one session. */
function store({ headers: { cookie } }, response) {
  asked.push(cookie);
  if (cookie === `sid=${COOKIE}`) response.end('{"user":"ada"}');
  else response.writeHead(404).end();
}

/**
 * Who the server takes a page at this address for, on each way in, and what it may read there. `requests`: what the
 * browser sent, without the script that the page takes from the server.
 */
async function attempts(t, address, cookie = COOKIE) {
  const context = await browser.newContext();
  t.after(() => context.close());
  await context.addCookies([{ name: "sid", value: cookie, url: line.origin, httpOnly: true, sameSite: "Lax" }]);
  const page = await context.newPage();
  await page.goto(address);
  await page.addScriptTag({ url: `${line.origin}/socket.io/socket.io.min.js` });
  const found = await page.evaluate(inThePage, line.origin);
  const requests = line.conversations.flatMap(exchanges).filter(({ target }) => !target.endsWith(".js"));
  return { ...found, requests };
}

async function inThePage(origin) {
  const room = "demo:cross-site";
  const native = () =>
    new Promise((resolve) => {
      const socket = new WebSocket(`${origin.replace("http", "ws")}/ws`);
      const say = (message) => socket.send(JSON.stringify(message));
      socket.onerror = () => resolve("refused");
      socket.onopen = () => [{ type: "join", room }, { type: "publish", room, event: "e", data: 1 }].forEach(say);
      socket.onmessage = ({ data }) => JSON.parse(data).type === "event" && resolve(JSON.parse(data).from.user);
    });
  const socketio = (transport) =>
    new Promise((resolve) => {
      const socket = globalThis.io(origin, { transports: [transport], withCredentials: true, reconnection: false });
      socket.on("connect_error", () => resolve("refused"));
      socket.on("e", (_data, { from }) => resolve(from.user));
      socket.on("connect", () => socket.emit("join", room).emit("publish", room, "e", 1));
    });
  const status = await fetch(`${origin}/api/status`, { credentials: "include" }).then(() => "read", () => "refused");
  // Blind: the page sees no answer, and such a request names no origin.
  const blind = `${origin}/socket.io/?EIO=4&transport=polling&blind`;
  await fetch(blind, { credentials: "include", mode: "no-cors" }).catch(() => {});
  return { ws: await native(), polling: await socketio("polling"), websocket: await socketio("websocket"), status };
}

const connections = async () => {
  const answer = await fetch(`${line.origin}/api/status`, { headers: { authorization: `Bearer ${KEY}` } });
  return (await answer.json()).connections;
};

const REFUSED = { ws: "refused", polling: "refused", websocket: "refused", status: "refused" };

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
  const origin = `http://127.0.0.1:${foreign}`;
  const { requests, ...found } = await attempts(t, `${origin}/`);
  assert.deepEqual(found, REFUSED);
  assert.deepEqual(outcomes(requests), all({ status: 403, origin }), "the browser sent the cookie each time");
  assert.deepEqual(asked, [], "the store is not asked about foreign pages");
  assert.equal(await connections(), 0);
});

test("localhost is not 127.0.0.1", async (t) => {
  for (const port of [foreign, listed]) {
    const origin = `http://localhost:${port}`;
    line.conversations = [];
    const { requests, ...found } = await attempts(t, `${origin}/`);
    assert.deepEqual(found, REFUSED);
    // For a browser this is another site, from which a `Lax` cookie is not sent.
    assert.deepEqual(outcomes(requests), all({ status: 403, origin, cookie: null, blind: 401 }));
  }
  assert.deepEqual(asked, []);
  assert.equal(await connections(), 0);
});

test("a listed page connects on every carrier, and reads no API", async (t) => {
  const { requests, ...found } = await attempts(t, `http://127.0.0.1:${listed}/`);
  assert.deepEqual(found, { ws: "ada", polling: "ada", websocket: "ada", status: "refused" });
  assert.deepEqual(new Set(requests.map(({ headers }) => headers.cookie)), new Set([`sid=${COOKIE}`]));
  // Not about the request that names no origin.
  assert.deepEqual(asked, Array(3).fill(`sid=${COOKIE}`));
});

test("it is the cookie that lets a listed page in", async (t) => {
  const [origin, cookie] = [`http://127.0.0.1:${listed}`, secret("of-a-reader-unknown")];
  const { requests, ...found } = await attempts(t, `${origin}/`, cookie);
  assert.deepEqual(found, REFUSED);
  assert.deepEqual(outcomes(requests), all({ status: 401, origin, cookie: `sid=${cookie}` }));
});
