/** Ends of connections: who ended them, and what each side is told. */
import assert from "node:assert/strict";

import { connected, connection, heard, record, sharedApp, test, testEachWay, until } from "./support.mjs";

const app = sharedApp();

/** Hears the server's reasons for the ends of other sockets. */
async function watcher(t) {
  const socket = await connected(t, app.server.url, { transports: ["websocket"] });
  await socket.emitWithAck("join", "watchers");
  const gone = record(socket, "gone");
  const reasonFor = async (id) => (await until(() => gone.find(([who]) => who === id), `the end of ${id}`))[1];
  return { socket, reasonFor };
}

testEachWay("disconnect() of the client", async (t, options) => {
  const { reasonFor } = await watcher(t);
  // The reference has two servers for the two parsers, so that nobody could watch.
  if (options.path) return t.skip("needs one server for both parsers");
  const socket = await connected(t, app.server.url, options);
  const { id } = socket;
  const ended = heard(socket, "disconnect");
  socket.disconnect();
  assert.equal((await ended)[0], "io client disconnect");
  assert.match(await reasonFor(id), /^(client namespace disconnect|transport close)$/);
});

test("disconnect() of one of two namespaces", async (t) => {
  const { reasonFor } = await watcher(t);
  const socket = await connected(t, app.server.url);
  const chat = socket.io.socket("/chat");
  await connection(chat);
  const { id } = socket;
  socket.disconnect();
  assert.equal(await reasonFor(id), "client namespace disconnect");
  assert.equal(await chat.emitWithAck("echo", "on"), "on");
  chat.disconnect();
});

testEachWay("disconnect() of the server is final for the client", async (t, options) => {
  const socket = await connected(t, app.server.url, options);
  const attempts = record(socket.io, "reconnect_attempt");
  const ended = heard(socket, "disconnect");
  socket.emit("farewell", false);
  assert.equal((await ended)[0], "io server disconnect");
  assert.deepEqual([socket.connected, socket.active, attempts.length], [false, false, 0]);
  socket.connect();
  await connection(socket);
  assert.equal(await socket.emitWithAck("echo", "again"), "again");
});

test("disconnect() of the server ends one namespace and leaves the connection", async (t) => {
  const { reasonFor } = await watcher(t);
  const socket = await connected(t, app.server.url);
  const chat = socket.io.socket("/chat");
  await connection(chat);
  const { id } = socket;
  socket.emit("farewell", false);
  assert.equal(await reasonFor(id), "server namespace disconnect");
  assert.equal(await chat.emitWithAck("echo", "on"), "on");
  chat.disconnect();
});

testEachWay("disconnect(true) of the server ends the connection with all its namespaces", async (t, options) => {
  const socket = await connected(t, app.server.url, { ...options, reconnection: false });
  const chat = socket.io.socket("/chat");
  await connection(chat);
  const ended = [socket, chat].map((one) => heard(one, "disconnect"));
  const closed = heard(socket.io.engine, "close");
  socket.emit("farewell", true);
  const reasons = (await Promise.all(ended)).map(([reason]) => reason);
  assert.deepEqual(reasons, ["io server disconnect", "io server disconnect"]);
  await closed;
});

test("a client that closes its connection is a closed transport for the server", async (t) => {
  const { reasonFor } = await watcher(t);
  for (const transports of [["polling"], ["websocket"]]) {
    const socket = await connected(t, app.server.url, { transports, reconnection: false });
    const { id } = socket;
    socket.io.engine.close();
    assert.equal(await reasonFor(id), "transport close");
  }
});

for (const transports of [["polling"], ["websocket"]]) {
  test(`a packet that is none ends the connection: ${transports}`, async (t) => {
    const { reasonFor } = await watcher(t);
    for (const packet of ["9", '2["connect"]', "2{}", '511-["x"]', "2[", "500-[]"]) {
      const socket = await connected(t, app.server.url, { transports, reconnection: false });
      const { id } = socket;
      const ended = heard(socket, "disconnect");
      socket.io.engine.write(packet);
      await ended;
      assert.match(await reasonFor(id), /^(parse error|forced close)$/, packet);
    }
  });
}

test("what was sent before a disconnect arrives before it", async (t) => {
  for (const transports of [["polling"], ["websocket"]]) {
    const socket = await connected(t, app.server.url, { transports });
    const flood = record(socket, "flood");
    const ended = heard(socket, "disconnect");
    socket.emit("flood", 100, 100);
    socket.emit("farewell", false);
    await ended;
    assert.deepEqual(flood.map(([n]) => n), [...Array(100).keys()]);
  }
});
