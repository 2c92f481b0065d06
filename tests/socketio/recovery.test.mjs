/** Connection state recovery: who comes back in time is the same socket, and missed nothing. */
import assert from "node:assert/strict";

import { startProxy } from "../../web/browser-test/proxy.mjs";
import { isReference, startApp } from "./servers.mjs";
import { connected, connection, heard, record, settled, sharedApp, test, testEachWay, unique, until } from "./support.mjs";

/** A line that is cut between two polls is noticed by the heartbeat only. */
const BRISK = { pingInterval: 1000, pingTimeout: 5000 };

const app = sharedApp({ connectionStateRecovery: { maxDisconnectionDuration: 60_000 }, ...BRISK });

/** A reason for which Ropeway is held to more than the reference can do. */
const better = { skip: isReference && "a weakness of the reference server" };

/** A client behind a line that can be cut, and one that talks meanwhile. */
async function pair(t, options) {
  const proxy = await startProxy(app.server.port);
  t.after(() => proxy.close());
  const ada = await connected(t, app.server.url, { transports: ["websocket"], ...(options.parser && { parser: options.parser, path: options.path }) });
  const bob = await connected(t, proxy.origin, options);
  const room = unique("room");
  await bob.emitWithAck("join", room);
  const tell = (...args) => ada.emitWithAck("emit", { to: [room], event: "news", args });
  return { proxy, ada, bob, room, tell };
}

/** The first arguments: the last one is the client's position, which it does not take away. */
const told = (news) => news.map(([first]) => first);

/** Cuts the line and waits until both sides know. */
async function cut(proxy, ada, bob) {
  const { id } = bob;
  const [gone, ended] = [heard(ada, "gone"), heard(bob, "disconnect")];
  await ada.emitWithAck("join", "watchers");
  proxy.cut();
  await Promise.all([gone, ended]);
  await ada.emitWithAck("leave", "watchers");
  return id;
}

async function back(proxy, bob) {
  const connect = heard(bob, "connect");
  proxy.mend();
  await connect;
}

testEachWay("after a cut the socket is the same, its rooms too, and what it missed comes once and in order", async (t, options) => {
  const { proxy, ada, bob, room, tell } = await pair(t, options);
  await bob.emitWithAck("data", { name: "Bob" });
  assert.equal(bob.recovered, false);
  const news = record(bob, "news");
  await tell("before");
  await news.reach(1);
  const id = await cut(proxy, ada, bob);
  for (let n = 0; n < 20; n++) await tell("missed", n, n % 5 === 0 ? Buffer.from([n]) : "text");
  await back(proxy, bob);
  assert.deepEqual([bob.recovered, bob.id], [true, id]);
  await tell("after");
  await news.reach(22);
  await settled(bob);
  const expected = ["before", ...Array(20).fill("missed"), "after"];
  assert.deepEqual(told(news), expected);
  assert.deepEqual(news.slice(1, 21).map(([, n]) => n), [...Array(20).keys()]);
  assert.deepEqual([...news[6][2]], [5]);
  assert.deepEqual((await bob.emitWithAck("rooms")).sort(), [id, room].sort());
  assert.deepEqual((await bob.emitWithAck("me")).data, { name: "Bob" });
});

test("a line that is cut again and again loses and doubles nothing", async (t) => {
  const { proxy, ada, bob, tell } = await pair(t, {});
  const news = record(bob, "news");
  await tell(0);
  await news.reach(1);
  let said = 1;
  for (let round = 0; round < 5; round++) {
    await cut(proxy, ada, bob);
    for (let n = 0; n < 10; n++) await tell(said++);
    await back(proxy, bob);
    assert.equal(bob.recovered, true, `round ${round}`);
    await tell(said++);
    await news.reach(said);
  }
  await settled(bob);
  assert.deepEqual(told(news), [...Array(said).keys()]);
});

test("events that were on their way when the line was cut are not lost", async (t) => {
  const { proxy, ada, bob, tell } = await pair(t, {});
  const news = record(bob, "news");
  await tell(0);
  await news.reach(1);
  const talk = (async () => {
    for (let n = 1; n <= 300; n++) await tell(n);
  })();
  for (const wait of [50, 150]) {
    await news.reach(wait);
    await cut(proxy, ada, bob);
    await back(proxy, bob);
    assert.equal(bob.recovered, true);
  }
  await talk;
  await news.reach(301);
  await settled(bob);
  assert.deepEqual(told(news), [...Array(301).keys()]);
});

test("only what was sent to the client is made up for", async (t) => {
  const { proxy, ada, bob, room } = await pair(t, {});
  const news = record(bob, "news");
  await ada.emitWithAck("emit", { to: [bob.id], event: "news", args: ["direct"] });
  await news.reach(1);
  const id = await cut(proxy, ada, bob);
  await ada.emitWithAck("emit", { to: [unique("elsewhere")], event: "news", args: ["not for bob"] });
  await ada.emitWithAck("emit", { to: [room], except: [id], event: "news", args: ["all but bob"] });
  await ada.emitWithAck("emit", { to: [room, id], event: "news", args: ["for bob once"] });
  await ada.emitWithAck("emit", { event: "news", args: ["for all"] });
  await ada.emitWithAck("emit", { to: [id], event: "news", args: ["for bob alone"] });
  await back(proxy, bob);
  await settled(bob);
  assert.deepEqual(told(news), ["direct", "for bob once", "for all", "for bob alone"]);
});

test("with a client on a quiet connection it works as well", better, async (t) => {
  const server = await startApp({ connectionStateRecovery: { maxDisconnectionDuration: 5000 }, pingInterval: 300, pingTimeout: 20_000 });
  t.after(() => server.kill());
  const proxy = await startProxy(server.port);
  t.after(() => proxy.close());
  const ada = await connected(t, server.url);
  const bob = await connected(t, proxy.origin);
  const [news, pings] = [record(bob, "news"), record(bob.io, "ping")];
  await ada.emitWithAck("emit", { to: [bob.id], event: "news", args: [1] });
  await news.reach(1);
  // Quiet for longer than the state of a client is kept: heartbeats tell the time.
  await pings.reach(30);
  const id = await cut(proxy, ada, bob);
  await ada.emitWithAck("emit", { to: [id], event: "news", args: [2] });
  await back(proxy, bob);
  assert.equal(bob.recovered, true);
  await settled(bob);
  assert.deepEqual(told(news), [1, 2]);
});

test("a client that was never told an event is recovered as well", better, async (t) => {
  const proxy = await startProxy(app.server.port);
  t.after(() => proxy.close());
  const ada = await connected(t, `${app.server.url}/dynamic-1`);
  const bob = await connected(t, `${proxy.origin}/dynamic-1`);
  const news = record(bob, "news");
  const { id } = bob;
  const ended = heard(bob, "disconnect");
  proxy.cut();
  await ended;
  await until(async () => (await ada.emitWithAck("sockets", {})).length === 1);
  await ada.emitWithAck("emit", { to: [id], event: "news", args: ["missed"] });
  await back(proxy, bob);
  assert.equal(bob.recovered, true);
  await settled(bob);
  assert.deepEqual(told(news), ["missed"]);
});

test("a volatile event that ends in a string does not spoil it", better, async (t) => {
  const { proxy, ada, bob, room, tell } = await pair(t, {});
  const news = record(bob, "news");
  await tell("one");
  await ada.emitWithAck("emit", { to: [room], volatile: true, event: "news", args: ["volatile", "a string at the end"] });
  await news.reach(2);
  await cut(proxy, ada, bob);
  await tell("two");
  await ada.emitWithAck("emit", { to: [room], volatile: true, event: "news", args: ["volatile while away"] });
  await back(proxy, bob);
  assert.equal(bob.recovered, true);
  await settled(bob);
  assert.deepEqual(told(news), ["one", "volatile", "two"]);
});

test("who comes back too late starts anew", async (t) => {
  const server = await startApp({ connectionStateRecovery: { maxDisconnectionDuration: 100 }, pingInterval: 100, pingTimeout: 20_000 });
  t.after(() => server.kill());
  const proxy = await startProxy(server.port);
  t.after(() => proxy.close());
  const ada = await connected(t, server.url);
  const bob = await connected(t, proxy.origin);
  const news = record(bob, "news");
  await ada.emitWithAck("emit", { to: [bob.id], event: "news", args: ["before"] });
  await news.reach(1);
  const id = await cut(proxy, ada, bob);
  await ada.emitWithAck("emit", { to: [id], event: "news", args: ["missed"] });
  // What is kept is kept a little longer than promised, never for seconds: heartbeats tell the time.
  const pings = record(ada.io, "ping");
  await pings.reach(40);
  await back(proxy, bob);
  assert.equal(bob.recovered, false);
  assert.notEqual(bob.id, id);
  await settled(bob);
  assert.deepEqual(told(news), ["before"]);
  assert.deepEqual(await bob.emitWithAck("rooms"), [bob.id]);
});

for (const [how, end] of Object.entries({
  "the client left": (bob) => bob.disconnect(),
  "the server sent it away": (bob) => bob.emit("farewell", false),
})) {
  test(`there is nothing to recover after ${how}`, async (t) => {
    const { bob, tell } = await pair(t, {});
    const news = record(bob, "news");
    await tell("before");
    await news.reach(1);
    const { id } = bob;
    const ended = heard(bob, "disconnect");
    end(bob);
    await ended;
    bob.connect();
    await connection(bob);
    assert.equal(bob.recovered, false);
    assert.notEqual(bob.id, id);
  });
}

test("after a restart of the server clients start anew", async (t) => {
  let server = await startApp({ connectionStateRecovery: {} });
  t.after(() => server.kill());
  const { port } = server;
  const bob = await connected(t, server.url);
  const { id } = bob;
  await bob.emitWithAck("emit", { to: [id], event: "news", args: ["before"] });
  const connect = new Promise((resolve) => bob.once("disconnect", () => bob.once("connect", resolve)));
  await server.kill();
  server = await startApp({ port, connectionStateRecovery: {} });
  await connect;
  assert.equal(bob.recovered, false);
  assert.notEqual(bob.id, id);
});

test("the state of one client is of no use with another's secret", async (t) => {
  const ada = await connected(t, app.server.url);
  await ada.emitWithAck("emit", { to: [ada.id], event: "news", args: [1] });
  const mallory = await connected(t, app.server.url, { auth: { pid: ada.id, offset: "0" } });
  assert.equal(mallory.recovered, false);
  assert.notEqual(mallory.id, ada.id);
});

test("a socket that is connected cannot be taken over", async (t) => {
  const ada = await connected(t, app.server.url);
  const news = record(ada, "news");
  await ada.emitWithAck("emit", { to: [ada.id], event: "news", args: [1] });
  const double = await connected(t, app.server.url, { auth: { pid: ada._pid, offset: ada._lastOffset } });
  assert.equal(double.recovered, false);
  assert.notEqual(double.id, ada.id);
  assert.equal(await ada.emitWithAck("echo", "still me"), "still me");
  assert.equal(news.length, 1);
});
