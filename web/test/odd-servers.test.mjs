/** Servers that do not keep to the protocol, and the events of the page. */
import assert from "node:assert/strict";

import { Ropeway } from "../client/ropeway.js";
import { fakeTimers, joined, opened, record, settle, setup, test, until } from "./support.mjs";

test("a server that never welcomes is given up in time", async (t) => {
  const timers = fakeTimers(t);
  const { server, connect } = await setup(t, { welcome: null });
  const client = connect({ connectTimeout: 4000 });
  const closes = record(client, "close", "open");
  await until(() => server.open.length === 1);
  timers.tick(3999);
  assert.equal(closes.length, 0);
  timers.tick(1);
  assert.deepEqual(closes.map(({ type, code, reason, final }) => [type, code, reason, final]), [["close", 1006, "no welcome in time", false]]);
  await until(() => server.open.length === 0);
});

test("garbage is reported and harms nothing", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  const errors = record(client, "error");
  await joined(room);
  const garbage = ["", "{", "null", "7", '"text"', "[]", "{}", '{"type":7}', Buffer.from([1, 2, 3])];
  for (const message of garbage) server.open[0].ws.send(message);
  await until(() => errors.length === garbage.length);
  assert.ok(errors.every(({ error }) => error.code === "bad_message"));
  assert.equal((await room.publish("n", 1)).offset, 1);
});

test("strange but well-formed messages harm nothing", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  const disturbed = record(room, "left", "lost", "recovered", "error");
  await joined(room);
  const strange = [
    { type: "welcome", session: "another" },
    { type: "nothing-we-know" },
    { type: "ack", id: "no such request" },
    { type: "error", id: "no such request", code: "x", message: "x" },
    { type: "pong", id: "no such ping" },
    { type: "joined", room: "demo:a", id: "no such join", recovered: false, epoch: "x", offset: 99 },
    { type: "joined", room: "demo:other", recovered: true },
    { type: "event", room: "demo:other", event: "n", data: 1 },
    { type: "presence", room: "demo:a" },
    { type: "left", room: "demo:a", id: "not a removal" },
  ];
  for (const message of strange) server.open[0].send(message);
  assert.equal((await room.publish("n", 1)).offset, 1);
  assert.deepEqual(disturbed, []);
  assert.notEqual(client.session, "another");
});

test("a message before the welcome is reported and ignored", async (t) => {
  const { server, connect } = await setup(t, { welcome: null });
  const client = connect();
  const room = client.join("demo:a");
  const seen = record(client, "error");
  const events = record(room, "event");
  await until(() => server.open.length === 1);
  server.open[0].send({ type: "event", room: "demo:a", event: "n", data: 1, offset: 1 });
  await until(() => seen.length === 1);
  assert.equal(events.length, 0);
});

test("a welcome without figures gets the usual ones", async (t) => {
  const timers = fakeTimers(t);
  const { server, connect } = await setup(t, { welcome: { ping_interval: "often", ping_timeout: 0, max_message: undefined } });
  const client = connect();
  await until(() => client.rtt !== null);
  timers.tick(24999);
  await settle();
  assert.equal(server.of("ping").length, 1);
  timers.tick(1);
  await until(() => server.of("ping").length === 2);
});

test("recovered with another epoch is not believed", async (t) => {
  const { server, connect } = await setup(t);
  const room = connect().join("demo:a");
  await joined(room);
  const seen = record(room, "recovered", "lost");
  server.intercept = ({ type, id }, connection) =>
    type === "join" && (connection.send({ type: "joined", room: "demo:a", id, recovered: true, epoch: "other", offset: 7 }), true);
  server.cut();
  await until(() => seen.length);
  assert.deepEqual(seen.map(({ type, epochChanged }) => [type, epochChanged]), [["lost", true]]);
  assert.deepEqual(room.position, { epoch: "other", offset: 7 });
});

test("a room without history or presence works, and says lost after a cut", async (t) => {
  const intercept = ({ type, id }, connection) =>
    type === "join" && (connection.send({ type: "joined", room: "demo:a", id, recovered: false }), true);
  const { server, connect } = await setup(t, { intercept });
  const room = connect().join("demo:a");
  const seen = record(room, "event", "lost", "recovered");
  await joined(room);
  assert.deepEqual([room.position, room.members], [null, []]);
  for (const data of [1, 1]) server.open[0].send({ type: "event", room: "demo:a", event: "n", data });
  await until(() => seen.length === 2);
  server.cut();
  await until(() => seen.length === 3);
  assert.deepEqual([seen[2].type, seen[2].epochChanged], ["lost", false]);
});

test("a message over the server's limit is rejected here and does not cost the connection", async (t) => {
  const { server, connect } = await setup(t, { welcome: { max_message: 500 } });
  const client = connect();
  const room = client.join("demo:a");
  await assert.rejects(room.publish("n", "x".repeat(500)), { code: "too_large", retry: false });
  assert.equal((await room.publish("n", "x")).offset, 1);
  assert.equal(server.connections.length, 1);
});

test("an error without a request is an event of the client", async (t) => {
  const { server, connect } = await setup(t);
  const client = connect();
  const errors = record(client, "error");
  await opened(client);
  server.open[0].send({ type: "error", code: "bad_message", message: "what?", retry: false });
  await until(() => errors.length);
  assert.deepEqual([errors[0].error.code, errors[0].error.message], ["bad_message", "what?"]);
});

/** Gives the process what a page has: events of the window. */
function page(t) {
  const target = new EventTarget();
  const names = ["addEventListener", "removeEventListener"];
  for (const name of names) globalThis[name] = target[name].bind(target);
  t.after(() => names.forEach((name) => delete globalThis[name]));
  return (type) => target.dispatchEvent(new Event(type));
}

test("online and a page that becomes visible end the waiting", async (t) => {
  const happens = page(t);
  const timers = fakeTimers(t);
  t.mock.method(Math, "random", () => 0.5);
  const { server, connect } = await setup(t);
  const client = connect({ minDelay: 1000, maxDelay: 1e6 });
  for (const type of ["online", "visibilitychange"]) {
    await opened(client);
    server.cut();
    await until(() => client.readyState === Ropeway.CONNECTING);
    happens("offline");
    happens(type);
    timers.tick(500);
    await opened(client);
  }
  assert.equal(server.connections.length, 3);
});

test("going offline is checked at once, not believed", async (t) => {
  const happens = page(t);
  const timers = fakeTimers(t);
  let deaf = false;
  const { server, connect } = await setup(t, { intercept: () => deaf });
  const client = connect();
  const closes = record(client, "close");
  const pongs = record(client, "pong");
  await until(() => pongs.length === 1);
  happens("offline");
  await until(() => pongs.length === 2);
  timers.tick(6000);
  assert.equal(closes.length, 0);
  deaf = true;
  happens("offline");
  timers.tick(5000);
  assert.equal(closes[0].reason, "ping timeout");
});

test("a page in the back/forward cache holds no connection and comes back", async (t) => {
  const happens = page(t);
  const { server, connect } = await setup(t);
  const client = connect();
  const room = client.join("demo:a");
  const seen = record(room, "recovered");
  await joined(room);
  happens("pagehide");
  await until(() => server.open.length === 0);
  await settle(100);
  assert.equal(server.connections.length, 1, "it does not reconnect while it is away");
  happens("pageshow");
  await until(() => seen.length);
});

test("a closed client leaves nothing behind on the page", async (t) => {
  const happens = page(t);
  const { server, connect } = await setup(t);
  const client = connect();
  await opened(client);
  client.close();
  happens("pageshow");
  happens("online");
  await settle(60);
  assert.equal(server.connections.length, 1);
});
