/** Backoff, watchdog and deadlines, with timers that the tests move. */
import assert from "node:assert/strict";

import { Ropeway } from "../client/ropeway.js";
import { fakeTimers, joined, opened, record, settle, setup, test, until } from "./support.mjs";

/** Fixes chance at `chance` and stops the clock. */
function freeze(t, chance = 0.5) {
  t.mock.method(Math, "random", () => chance);
  return fakeTimers(t);
}

/** The waits that a client announces against a server that is not there. */
async function delays(t, chance, count, options) {
  const timers = freeze(t, chance);
  const { server, connect } = await setup(t);
  await server.close();
  t.mock.method(server, "close", async () => {});
  const client = connect({ minDelay: 500, maxDelay: 30000, ...options });
  const closes = record(client, "close");
  for (let n = 1; n <= count; n++) {
    await until(() => closes.length === n);
    timers.tick(closes.at(-1).retryIn);
  }
  return closes.map(({ retryIn }) => retryIn);
}

test("the waits double up to the limit", async (t) => {
  const waits = await delays(t, 0.999999, 9);
  assert.deepEqual(waits.map(Math.round), [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
});

test("the jitter is full: a wait may be anything from nothing", async (t) => {
  assert.deepEqual(await delays(t, 0, 3), [0, 0, 0]);
});

test("the jitter is proportional", async (t) => {
  assert.deepEqual(await delays(t, 0.25, 4), [125, 250, 500, 1000]);
});

test("it does not connect before the wait is over", async (t) => {
  const timers = freeze(t);
  const { server, connect } = await setup(t);
  const client = connect({ minDelay: 1000, maxDelay: 30000 });
  await opened(client);
  server.cut();
  await until(() => client.readyState === Ropeway.CONNECTING);
  timers.tick(499);
  await settle();
  assert.equal(server.connections.length, 1);
  timers.tick(1);
  await opened(client);
});

test("only a connection that lasted sets the waits back", async (t) => {
  const timers = freeze(t);
  const { server, connect } = await setup(t);
  const client = connect({ minDelay: 1000, maxDelay: 30000 });
  const closes = record(client, "close");
  const cut = async (lasting) => {
    await opened(client);
    timers.tick(lasting);
    server.cut();
    const count = closes.length + 1;
    await until(() => closes.length === count);
    timers.tick(closes.at(-1).retryIn);
  };
  for (const lasting of [0, 100, 4999, 5000]) await cut(lasting);
  assert.deepEqual(closes.map(({ retryIn }) => retryIn), [500, 1000, 2000, 500]);
});

test("connect does not wait for the next attempt", async (t) => {
  const timers = freeze(t);
  const { server, connect } = await setup(t);
  const client = connect({ minDelay: 30000, maxDelay: 30000 });
  await opened(client);
  server.cut();
  await until(() => client.readyState === Ropeway.CONNECTING);
  client.connect();
  client.connect();
  await opened(client);
  assert.equal(server.connections.length, 2);
});

test("rate limit exceeded waits at least half of the longest wait", async (t) => {
  const timers = freeze(t, 0);
  const { server, connect } = await setup(t);
  const client = connect({ maxDelay: 30000 });
  const closes = record(client, "close");
  await opened(client);
  server.open[0].ws.close(4008, "rate limit exceeded");
  await until(() => closes.length);
  assert.equal(closes[0].retryIn, 15000);
});

for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 4001, 4500, 4999]) {
  test(`close code ${code} is final`, async (t) => {
    const { server, connect } = await setup(t);
    const client = connect();
    const closes = record(client, "close");
    await opened(client);
    server.open[0].ws.close(code, "why");
    await until(() => closes.length);
    assert.deepEqual([closes[0].code, closes[0].reason, closes[0].final, closes[0].retryIn], [code, "why", true, null]);
    assert.equal(client.readyState, Ropeway.CLOSED);
    await settle(60);
    assert.equal(server.connections.length, 1);
  });
}

for (const code of [1001, 1011, 1012, 1013, 3000, 4000, 4002, 4499]) {
  test(`close code ${code} is not final`, async (t) => {
    const { server, connect } = await setup(t);
    await opened(connect());
    server.open[0].ws.close(code);
    await until(() => server.connections.length === 2);
  });
}

test("the watchdog asks at the server's interval and gives up when nothing comes", async (t) => {
  const timers = freeze(t);
  let deaf = false;
  const intercept = ({ type }) => deaf && type === "ping";
  const { server, connect } = await setup(t, { intercept, welcome: { ping_interval: 20000, ping_timeout: 7000 } });
  const client = connect();
  const closes = record(client, "close");
  await until(() => client.rtt !== null);
  timers.tick(19999);
  await settle();
  assert.equal(server.of("ping").length, 1);
  deaf = true;
  timers.tick(1);
  await until(() => server.of("ping").length === 2);
  timers.tick(6999);
  assert.equal(closes.length, 0);
  timers.tick(1);
  assert.deepEqual(closes.map(({ code, reason, wasClean }) => [code, reason, wasClean]), [[4000, "ping timeout", false]]);
  assert.equal(client.rtt, null);
});

test("any message is a sign of life", async (t) => {
  const timers = freeze(t);
  const { server, connect } = await setup(t, { intercept: ({ type }) => type === "ping" });
  const client = connect();
  const messages = record(client, "message", "close");
  await opened(client);
  server.open[0].send({ type: "event", event: "n", data: 1 });
  await until(() => messages.length === 2);
  timers.tick(24000);
  assert.deepEqual(messages.map(({ type }) => type), ["message", "message"]);
});

test("a page that slept asks once more before it gives up", async (t) => {
  const timers = freeze(t);
  let now = 0;
  t.mock.method(performance, "now", () => now);
  const { server, connect } = await setup(t, { intercept: ({ type }) => type === "ping" });
  const client = connect();
  const closes = record(client, "close");
  await opened(client);
  now = 3600_000;
  timers.tick(10000);
  await until(() => server.of("ping").length === 2);
  assert.equal(closes.length, 0);
  now += 5000;
  timers.tick(5000);
  assert.equal(closes[0].reason, "ping timeout");
});

test("an acknowledgement that does not come is a timeout, and the same key may be published again", async (t) => {
  const timers = freeze(t);
  let deaf = true;
  const { server, connect } = await setup(t, { intercept: ({ type }) => deaf && type === "publish" });
  const client = connect({ timeout: 3000 });
  const room = client.join("demo:a");
  await joined(room);
  const rejected = assert.rejects(room.publish("n", 1, { key: "k" }), { code: "timeout", retry: true });
  await until(() => server.of("publish").length === 1);
  timers.tick(3000);
  await rejected;
  assert.equal(client.bufferedAmount, 0);
  deaf = false;
  assert.equal((await room.publish("n", 1, { key: "k" })).offset, 1);
});

test("waiting for a connection does not count as waiting for the answer", async (t) => {
  const timers = freeze(t);
  const { server, connect } = await setup(t);
  const client = connect({ minDelay: 120000, maxDelay: 120000 });
  const room = client.join("demo:a");
  await joined(room);
  server.cut();
  await until(() => client.readyState === Ropeway.CONNECTING);
  const published = room.publish("n", 1, { timeout: 1000 });
  timers.tick(59000);
  client.connect();
  assert.equal((await published).offset, 1);
});
