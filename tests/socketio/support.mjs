/** What tests of clients share: sockets that end with their test, and waiting for what must come. */
import nodeTest, { after, before } from "node:test";
import { io } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";

import { secret } from "../shared/log.mjs";
import { isReference, startApp } from "./servers.mjs";

/** A test that fails rather than hangs when what it awaits does not come. */
export function test(name, ...rest) {
  const body = rest.pop();
  return nodeTest(name, { timeout: 60000, ...rest[0] }, body);
}

/** The ways from a client to the server; what holds on one must hold on each. */
export const WAYS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
  // Ropeway finds out which parser a client has; the reference server has one for each path.
  msgpack: { transports: ["polling", "websocket"], parser: msgpack, ...(isReference && { path: "/msgpack/" }) },
};

/** One test for each way. */
export function testEachWay(name, ...rest) {
  const body = rest.pop();
  for (const [way, options] of Object.entries(WAYS)) test(`${name}: ${way}`, rest[0] ?? {}, (t) => body(t, options, way));
}

/** The application for all tests of a file. Ended with them. */
export function sharedApp(options) {
  const shared = {};
  before(async () => {
    shared.server = await startApp(options);
  });
  after(() => shared.server?.kill());
  return shared;
}

/** A client that comes back quickly and on a connection of its own, closed when the test ends. */
export function client(t, url, options = {}) {
  const defaults = { forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 200, timeout: 60000 };
  const socket = io(url, { ...defaults, ...options });
  // Who knows these can speak for the client.
  socket.io.on("open", () => secret(socket.io.engine.id));
  socket.on("connect", () => socket._pid && secret(socket._pid));
  // A socket that was refused does not close what it shares with others.
  t.after(() => socket.disconnect() && socket.io._close());
  return socket;
}

/** A client that is connected, and upgraded when it is to be. */
export async function connected(t, url, options = {}) {
  const socket = client(t, url, options);
  await connection(socket);
  if (options.transports?.length !== 1) await upgraded(socket);
  return socket;
}

/** Waits for CONNECT; a refusal is an error. */
export function connection(socket) {
  if (socket.connected) return Promise.resolve();
  return new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
}

/** Waits until the connection below a socket is a WebSocket. */
export async function upgraded(socket) {
  const { engine } = socket.io;
  if (engine.transport.name !== "websocket") await heard(engine, "upgrade");
}

/** The arguments of the next event of this name. */
export function heard(emitter, event) {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}

/** Keeps the arguments of every event of this name, in order. `reach(n)` waits until there are `n`. */
export function record(emitter, event) {
  const seen = [];
  let [wanted, wake] = [Infinity, () => {}];
  emitter.on(event, (...args) => {
    seen.push(args);
    if (seen.length >= wanted) wake();
  });
  const reach = (count) =>
    new Promise((resolve) => {
      [wanted, wake] = [count, resolve];
      if (seen.length >= count) resolve();
    });
  // Not among the elements, so that the whole can be compared.
  return Object.defineProperty(seen, "reach", { value: reach });
}

/** Waits until nothing is on its way to these sockets any more: what was sent before is there. */
export const settled = (...sockets) => Promise.all(sockets.map((socket) => socket.emitWithAck("echo")));

/** Waits until `condition` is truthy, and returns its value. For what no event tells. */
export async function until(condition, what = String(condition), limit = 60000) {
  const end = Date.now() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

let names = 0;

/** A name that no other test uses. */
export const unique = (what) => `${what}-${process.pid}-${++names}`;
