/** Web sites whose pages try to get into a server, and the store of that server's sessions. */
import { once } from "node:events";
import { createServer } from "node:http";

import { secret } from "../../tests/shared/log.mjs";

/** The session that the store knows. */
export const COOKIE = secret("of-the-reader-who-is-ada");

/** What becomes of a page that gets in nowhere. */
export const REFUSED = { ws: "refused", polling: "refused", websocket: "refused", status: "refused" };

/** A web site with empty pages. */
export const startSite = () => listen((_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>Site</title>"));

/** A store of sessions. `asked`: the cookies about which it was. */
export async function startStore() {
  const store = await listen(({ headers: { cookie } }, response) => {
    store.asked.push(cookie);
    if (cookie === `sid=${COOKIE}`) response.end('{"user":"ada"}');
    else response.writeHead(404).end();
  });
  return Object.assign(store, { asked: [], url: `http://127.0.0.1:${store.port}/session` });
}

async function listen(answer) {
  const site = createServer(answer).listen(0, "127.0.0.1");
  await once(site, "listening");
  return { port: site.address().port, close: () => site.close() };
}

/**
 * Who a server takes a page for, on each way in, and what the page may read there.
 * @param {import("playwright-core").BrowserContext} context
 * @param {object} of
 * @param {string} of.address of the page
 * @param {string} of.origin of the server
 * @param {{ value: string, sameSite: "Lax" | "None", secure?: boolean }} of.cookie that the browser has for the server
 */
export async function attempts(context, { address, origin, cookie }) {
  await context.addCookies([{ name: "sid", url: origin, httpOnly: true, ...cookie }]);
  const page = await context.newPage();
  await page.goto(address);
  await page.addScriptTag({ url: `${origin}/socket.io/socket.io.min.js` });
  return page.evaluate(inThePage, origin);
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
