/** From a client to the server: long polling, WebSocket, and from one to the other. */
import assert from "node:assert/strict";
import { Socket as EngineSocket } from "engine.io-client";

import { startApp } from "./servers.mjs";
import { client, connected, connection, heard, record, sharedApp, test, testEachWay, until, upgraded } from "./support.mjs";

const app = sharedApp();

/** A server with options of its own for one test. */
async function appWith(t, options) {
  const server = await startApp(options);
  t.after(() => server.kill());
  return server;
}

testEachWay("a client connects, and what it says comes back", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  for (const argument of ["text", 7, null, { nested: ["žluťoučký 🐎"] }, "x".repeat(50_000)])
    assert.deepEqual(await socket.emitWithAck("echo", argument), argument);
});

testEachWay("the public name of a socket is not the secret one of its session", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  assert.match(socket.id, /^[\w-]{20}$/);
  assert.match(socket.io.engine.id, /^[\w-]{20}$/);
  assert.notEqual(socket.id, socket.io.engine.id);
});

test("long polling is upgraded and goes on as WebSocket", async (t) => {
  const socket = client(t, app.server.url);
  await connection(socket);
  const { engine } = socket.io;
  await upgraded(socket);
  assert.equal(engine.transport.name, "websocket");
  assert.equal(await socket.emitWithAck("echo", "by WebSocket"), "by WebSocket");
});

test("without a transport of its choice a client falls back to the other", async (t) => {
  const server = await appWith(t, { transports: ["polling"], allowUpgrades: false });
  const refused = client(t, server.url, { transports: ["websocket"], reconnection: false });
  await heard(refused, "connect_error");
  const socket = client(t, server.url, { transports: ["websocket", "polling"], tryAllTransports: true });
  await connection(socket);
  assert.equal(socket.io.engine.transport.name, "polling");
});

test("where upgrades are not allowed a client stays with long polling", async (t) => {
  const server = await appWith(t, { allowUpgrades: false });
  const socket = client(t, server.url);
  await connection(socket);
  const probes = record(socket.io.engine, "upgrading");
  for (let n = 0; n < 20; n++) await socket.emitWithAck("echo", n);
  assert.equal(socket.io.engine.transport.name, "polling");
  assert.deepEqual(probes, []);
});

for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
  test(`heartbeats keep a quiet connection: ${transports}`, async (t) => {
    const server = await appWith(t, { pingInterval: 150, pingTimeout: 20000 });
    const socket = await connected(t, server.url, { transports });
    const pings = record(socket.io, "ping");
    await pings.reach(10);
    assert.ok(socket.connected);
    assert.equal(await socket.emitWithAck("echo", "alive"), "alive");
  });

  test(`a client that answers no ping is let go: ${transports}`, async (t) => {
    const server = await appWith(t, { pingInterval: 200, pingTimeout: 5000 });
    const watcher = await connected(t, server.url);
    await watcher.emitWithAck("join", "watchers");
    const gone = heard(watcher, "gone");
    const socket = client(t, server.url, { transports, reconnection: false });
    await connection(socket);
    const { id } = socket;
    const { engine } = socket.io;
    // The client's own way to answer; there is no public one to keep it from that.
    const send = engine._sendPacket;
    engine._sendPacket = (type, ...rest) => type !== "pong" && send.call(engine, type, ...rest);
    // Nor may it give up before the server does, which sends no more pings.
    engine._pingTimeout = 60_000;
    assert.deepEqual(await gone, [id, "ping timeout"]);
  });
}

test("engine.io-client speaks with the layer below", async (t) => {
  const engine = new EngineSocket(app.server.url, { path: "/socket.io/" });
  t.after(() => engine.close());
  const messages = record(engine, "message");
  const upgrade = heard(engine, "upgrade");
  const [handshake] = await heard(engine, "handshake");
  assert.deepEqual(handshake.upgrades, ["websocket"]);
  assert.deepEqual([handshake.pingInterval, handshake.pingTimeout, handshake.maxPayload], [25000, 20000, 1e6]);
  engine.send("0");
  await messages.reach(2);
  assert.match(messages[0][0], /^0\{"sid":"[\w-]{20}"\}$/);
  assert.match(messages[1][0], /^2\["welcome",/);
  await upgrade;
  engine.send('27["echo",1,"two"]');
  await messages.reach(3);
  assert.equal(messages[2][0], '37[1,"two"]');
  const closed = heard(engine, "close");
  engine.close();
  assert.equal((await closed)[0], "forced close");
});

test("engine.io-client gets binary as it was sent, by polling and WebSocket", async (t) => {
  for (const transports of [["polling"], ["websocket"]]) {
    const engine = new EngineSocket(app.server.url, { path: "/socket.io/", transports });
    t.after(() => engine.close());
    const messages = record(engine, "message");
    engine.send("0");
    await messages.reach(2);
    engine.send('51-8["echo",{"_placeholder":true,"num":0}]');
    engine.send(Buffer.from([0, 1, 254, 255]));
    await messages.reach(4);
    assert.equal(messages[2][0], '61-8[{"_placeholder":true,"num":0}]');
    assert.deepEqual(Buffer.from(messages[3][0]), Buffer.from([0, 1, 254, 255]));
  }
});

test("many sockets of one process", async (t) => {
  const sockets = await Promise.all(Array.from({ length: 50 }, () => connected(t, app.server.url)));
  assert.equal(new Set(sockets.map(({ id }) => id)).size, 50);
  const answers = await Promise.all(sockets.map((socket, n) => socket.emitWithAck("echo", n)));
  assert.deepEqual(answers, [...sockets.keys()]);
  for (const socket of sockets) socket.disconnect();
  const observer = await connected(t, app.server.url, { transports: ["websocket"] });
  await until(async () => (await observer.emitWithAck("sockets", {})).length === 1);
});
