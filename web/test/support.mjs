import { test as nodeTest } from "node:test";
import { setImmediate } from "node:timers";
import WebSocket from "ws";

import { Ropeway } from "../client/ropeway.js";
import { startFakeServer } from "./fake-server.mjs";

// Taken before a test mocks them: waiting for the network goes on in real time.
const realNow = Date.now;

/** A test that fails rather than hangs when what it awaits does not come. */
export const test = (name, body) => nodeTest(name, { timeout: 30000 }, body);

/** Waits until `condition` is truthy and returns its value. Works under mocked timers. */
export async function until(condition, what = String(condition), limit = 10000) {
  const end = realNow() + limit;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (realNow() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Puts timers into the hands of a test, until it ends: `tick` moves time on and runs what falls due, in order.
 * (The mocked timers of Node.js 20 take away another timer when one that has run already is cleared.)
 */
export function fakeTimers(t) {
  const { setTimeout, clearTimeout } = globalThis;
  t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
  const timers = new Set();
  let now = 0;
  globalThis.setTimeout = (action, delay = 0) => {
    const timer = { action, at: now + delay, unref: () => timer };
    timers.add(timer);
    return timer;
  };
  // What was set before belongs to nobody here, and still has to end.
  globalThis.clearTimeout = (timer) => timers.delete(timer) || clearTimeout(timer);
  const next = (end) => [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  const tick = (milliseconds) => {
    const end = now + milliseconds;
    for (let timer = next(end); timer; timer = next(end)) {
      timers.delete(timer);
      now = timer.at;
      timer.action();
    }
    now = end;
  };
  return { tick };
}

/** Lets the network settle: what was on its way has arrived, also when this process was held up meanwhile. */
export async function settle(milliseconds = 30) {
  const end = realNow() + milliseconds;
  for (let turns = 0; turns < 20 || realNow() < end; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** A server and a way to make clients of it, both gone when the test ends. */
export async function setup(t, serverOptions) {
  const server = await startFakeServer(serverOptions);
  const clients = [];
  t.after(async () => {
    for (const client of clients) client.close();
    await server.close();
  });
  const connect = (options = {}, url = server.url) => {
    const client = new Ropeway(url, { WebSocket, minDelay: 10, maxDelay: 40, ...options });
    clients.push(client);
    return client;
  };
  return { server, connect };
}

/** Keeps the events of a target by type, in order. */
export function record(target, ...types) {
  const seen = [];
  for (const type of types) target.addEventListener(type, (event) => seen.push(event));
  return seen;
}

export const opened = (client) => until(() => client.readyState === Ropeway.OPEN, "the client is open");
export const joined = (room) => until(() => room.state === "joined", "the room is joined");
