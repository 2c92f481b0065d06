/** The builds of socket.io-client that the server itself serves, in real pages, beside the chat page. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test as nodeTest } from "node:test";

import { secret } from "../../tests/shared/log.mjs";
import { launch, Person, until } from "./pages.mjs";
import { isReal, startServer } from "./server.mjs";

const test = (name, body) => nodeTest(name, { timeout: 120000, skip: !isReal && "the fake server has no Socket.IO" }, body);

let browser, listed, foreign, server, origin;
let rooms = 0;

before(async () => {
  if (!isReal) return;
  browser = await launch();
  [listed, foreign] = [await startSite(), await startSite()];
  server = await startServer(0, { ROPEWAY_SERVER_ORIGINS: listed.origin, ROPEWAY_SOCKETIO_COOKIE: "io" });
  origin = `http://127.0.0.1:${server.port}`;
});

after(async () => {
  await browser?.close();
  await Promise.all([listed, foreign, server].map((one) => one?.close()));
});

/** A web site of its own origin, all pages of which are empty. */
async function startSite() {
  const site = createServer((_request, response) => response.setHeader("content-type", "text/html").end("<!doctype html><title>Site</title>"));
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  return { origin: `http://127.0.0.1:${site.address().port}`, close: () => site.close() };
}

/** A page that runs a build of the client, by default one of the server's own origin. `faults`: its complaints. */
async function page(t, { build = "socket.io.js", at = origin } = {}) {
  // The policy of the server's own answers lets nobody add scripts; that of other sites is not what is tested.
  const context = await browser.newContext({ bypassCSP: true });
  t.after(() => context.close());
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    // Such a page has no icon.
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) page.faults.push(message.text());
  });
  await page.goto(`${at}/healthz`);
  const path = `${origin}/socket.io/${build}`;
  if (build.includes("esm")) await page.evaluate(async (path) => (globalThis.io = (await import(path)).io), path);
  else await page.addScriptTag({ url: path });
  return page;
}

/** In the page: a socket in a room, and what it hears there as `heard`. */
const enter = (page, room, options = {}, url = origin) =>
  page.evaluate(async ([room, options, url]) => {
    const socket = (globalThis.socket = globalThis.io(url, options));
    globalThis.heard = [];
    socket.on("message", (data, about) => globalThis.heard.push({ data, about }));
    await new Promise((resolve, reject) => socket.on("connect", resolve).on("connect_error", reject));
    return socket.emitWithAck("join", { room, info: { name: "Stock" } });
  }, [room, options, url]);

const say = (page, room, text) =>
  page.evaluate(([room, text]) => globalThis.socket.emitWithAck("publish", { room, event: "message", data: { text } }), [room, text]);

const texts = (page) => page.evaluate(() => globalThis.heard.map(({ data }) => data.text));

const transport = (page) => page.evaluate(() => globalThis.socket.io.engine.transport.name);

const BUILDS = ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"];

for (const build of BUILDS) {
  test(`${build} and the chat page talk in one room`, async (t) => {
    const room = `demo:stock-${++rooms}`;
    const ada = await Person.arrive(browser, origin, { room, name: "Ada" });
    t.after(() => ada.leave());
    const stock = await page(t, { build });
    const joined = await enter(stock, room);
    assert.equal(joined.type, "joined", JSON.stringify(joined));
    await until(async () => (await ada.people()).join() === "Ada,Stock");
    await until(async () => (await transport(stock)) === "websocket");
    const said = [];
    for (let round = 0; round < 5; round++) {
      said.push(`stock ${round}`, `ada ${round}`);
      await say(stock, room, `stock ${round}`);
      await ada.hears(`stock ${round}`);
      await ada.say(`ada ${round}`);
      await until(async () => (await texts(stock)).includes(`ada ${round}`));
    }
    await ada.allSaid();
    assert.deepEqual(await ada.heard(), said);
    assert.deepEqual(await texts(stock), said);
    assert.deepEqual([...ada.faults, ...stock.faults], []);
  });
}

for (const transports of [["polling"], ["websocket"]]) {
  test(`a page stays with ${transports} when it wants to, and leaves its room when it is closed`, async (t) => {
    const room = `demo:stock-${++rooms}`;
    const ada = await Person.arrive(browser, origin, { room, name: "Ada" });
    t.after(() => ada.leave());
    const stock = await page(t);
    await enter(stock, room, { transports });
    await say(stock, room, "hello");
    await ada.hears("hello");
    assert.equal(await transport(stock), transports[0]);
    await until(async () => (await ada.people()).length === 2);
    await stock.close({ runBeforeUnload: true });
    await until(async () => (await ada.people()).length === 1);
  });
}

for (const build of BUILDS) {
  test(`binary of a browser comes back as it was sent: ${build}`, async (t) => {
    const room = `demo:stock-${++rooms}`;
    const stock = await page(t, { build });
    for (const transports of [["polling"], ["websocket"]]) {
      await enter(stock, room, { transports, forceNew: true });
      const heard = await stock.evaluate(async ([room, views]) => {
        const bytes = Uint8Array.from([0, 1, 254, 255]);
        const data = { buffer: bytes.buffer, nested: [{ bytes: bytes.buffer }, "text"] };
        if (views) Object.assign(data, { typed: bytes, view: new DataView(bytes.buffer.slice(1)), blob: new Blob([bytes]), file: new File([bytes, bytes], "name") });
        const news = new Promise((resolve) => globalThis.socket.once("bytes", resolve));
        await globalThis.socket.emitWithAck("publish", { room, event: "bytes", data });
        const shown = (value) => [...new Uint8Array(value.buffer ?? value, value.byteOffset ?? 0, value.byteLength)];
        const { nested, ...rest } = await news;
        return { ...Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, shown(value)])), nested: [shown(nested[0].bytes), nested[1]] };
      }, [room, !build.includes("msgpack")]);
      const four = [0, 1, 254, 255];
      // The msgpack build knows ArrayBuffers alone.
      const expected = { typed: four, buffer: four, view: four.slice(1), nested: [four, "text"], blob: four, file: [...four, ...four] };
      for (const [name, value] of Object.entries(heard)) assert.deepEqual(value, expected[name], `${name} by ${transports}`);
      await stock.evaluate(() => globalThis.socket.disconnect());
    }
    assert.deepEqual(stock.faults, []);
  });
}

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  test(`a page of an origin that is listed may connect, with credentials: ${transports}`, async (t) => {
    const room = `demo:stock-${++rooms}`;
    const stock = await page(t, { at: listed.origin });
    assert.equal((await enter(stock, room, { transports, withCredentials: true })).type, "joined");
    await say(stock, room, "from another site");
    assert.deepEqual(await texts(stock), ["from another site"]);
    const sid = secret(await stock.evaluate(() => globalThis.socket.io.engine.id));
    const cookies = await stock.context().cookies(origin);
    // As in the reference it comes with the answer to the first poll.
    const expected = transports[0] === "polling" ? [["io", sid]] : [];
    assert.deepEqual(cookies.map(({ name, value }) => [name, value]), expected);
    assert.deepEqual(stock.faults, []);
  });

  test(`a page of an origin that is not listed is refused: ${transports}`, async (t) => {
    const stock = await page(t, { at: foreign.origin });
    const outcome = await stock.evaluate(([url, transports]) => {
      const socket = globalThis.io(url, { transports, reconnection: false });
      return new Promise((resolve) => socket.on("connect", () => resolve("connected")).on("connect_error", ({ type }) => resolve(type)));
    }, [origin, transports]);
    assert.equal(outcome, "TransportError");
  });
}
